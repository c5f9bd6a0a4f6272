import type { OperationView } from "../prove/overlap/view.ts";
import type { Fleet } from "../spec/fleet.ts";
import { type Journal, newestJournal } from "./journal.ts";
import type { RotationPlace } from "./open.ts";
import { fleetOfRotation } from "./rotation-fleet.ts";
import { type RotationState, stateOfJournal } from "./state.ts";
import { statusOf } from "./status.ts";

/** A rotation as its journal has it now. */
export interface FollowedRotation {
	readonly journal: Journal;
	readonly state: RotationState;
	/** The fleet with the rotation's tokens by fingerprint, its deadline and its provider. */
	readonly fleet: Fleet;
	readonly operation: OperationView;
}

/** Reads the journal without a lock, asks nobody and changes nothing; undefined if the rotation never began. */
export async function followedRotation({ fx, spec, folder, stamp, file }: RotationPlace, fleet: Fleet) {
	const journal = await newestJournal(folder, stamp, { rotation: spec.name, fleet: file, fleetFile: spec.fleetFile });
	if (!journal) return undefined;
	const state = stateOfJournal(journal.records);
	const now = fx.clock.now() + (journal.records.at(-1)?.ahead ?? 0);
	const { phase, stores, next } = statusOf(spec, journal, now);
	const shown = stores.map(({ name, place, state: held }) => ({ name, place, state: held }));
	const operation = { name: spec.name, provider: spec.issuer.title, phase, stores: shown, next };
	const found: FollowedRotation = { journal, state, operation, fleet: ofProvider(fleetOfRotation(fleet, state), spec) };
	return found;
}

function ofProvider(fleet: Fleet, { issuer, endpoint }: RotationPlace["spec"]): Fleet {
	return "takes" in issuer
		? { ...fleet, provider: issuer as Fleet["provider"], endpoint, isEndpointGiven: true }
		: fleet;
}

/**
 * The roles whose tokens may be presented to the provider now. The old one is not once a store has the new one: until it is proven dead, each
 * use of it would look like that of a sender. https://docs.tooken.ai/concepts/tokens has such a time of the last use.
 */
export function presentable({ old, fresh, direction, stores }: RotationState): readonly ("old" | "new")[] {
	const isSpreading = direction === "forward" && Object.values(stores).some(({ wasTouched }) => wasTouched);
	return [...(old && !isSpreading ? (["old"] as const) : []), ...(fresh ? (["new"] as const) : [])];
}
