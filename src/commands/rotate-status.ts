import { basename, dirname } from "node:path";
import type { StoreHolds } from "../adapters/stores/store.ts";
import type { ExitName } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import { aboutOf } from "../rotate/engine.ts";
import { heldBy } from "../rotate/held.ts";
import { journalOf, type RotationPlace } from "../rotate/open.ts";
import { isDone, type RotationState, stateOfJournal } from "../rotate/state.ts";
import { statusOf, statusText } from "../rotate/status.ts";
import type { FlagReader } from "../spec/flags.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import type { Secret } from "../token/secret.ts";

/** Where it stands. After the end the stores are still looked at, so that a rotation by hand is noticed. */
export async function status(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const { fx, spec } = place;
	const journal = await journalOf(place);
	// As the provider's clock was when it was last asked: this asks nobody.
	const now = fx.clock.now() + (journal?.records.at(-1)?.ahead ?? 0);
	const found = statusOf(spec, journal, now);
	const drift = journal ? await drifted(place, stateOfJournal(journal.records)) : [];
	const changed = new Set(drift.map(({ store }) => store));
	const report = {
		...found,
		stores: found.stores.map((each) =>
			changed.has(each.name)
				? { ...each, state: "not as the last rotation left it, or unknown", confirmed: false }
				: each,
		),
		next: [...found.next, ...drift.map(({ line }) => line)],
		exit:
			(["personNeeded", "unknownState"] as const).find((exit) => drift.some((each) => each.exit === exit)) ??
			found.exit,
	};
	const file = flags.text("prometheus");
	if (file !== undefined) {
		const { statusMetrics } = await import("../rotate/status-metrics.ts");
		const content = statusMetrics(report, fx.clock.now());
		await fx.files.writeAll(dirname(file), [{ path: basename(file), content }], { force: true });
	}
	fx.terminal.print(flags.isSet("json") ? `${JSON.stringify(report, undefined, 2)}\n` : statusText(report, now));
	return report.exit;
}

/** What is not as the last rotation left it, or could not be looked at. */
interface Drift {
	/** Undefined if it is about the provider. */
	readonly store?: string;
	readonly line: string;
	readonly exit: "personNeeded" | "unknownState";
}

/** What the stores hold now that the last rotation did not put there, and whether the provider still accepts it. */
async function drifted(place: RotationPlace, state: RotationState): Promise<readonly Drift[]> {
	const left = leftInUse(state);
	if (left === undefined) return [];
	const { fx, spec, fleet } = place;
	const [{ storeReach }, { acceptanceOf }] = [
		await import("../rotate/reach.ts"),
		await import("../rotate/acceptance.ts"),
	];
	const found: Drift[] = [];
	let inUse: Secret | undefined;
	for (const { name, kind, settings } of spec.stores) {
		const store = kind.open(settings, storeReach(fx));
		const holds = await store.read().finally(() => store.close?.());
		const drift = driftOf(name, holds, left);
		if (drift) found.push(drift);
		else if (holds.is === "token") inUse ??= holds.value.token;
	}
	if (inUse === undefined) return found;
	const { is, how } = await acceptanceOf({ fx, spec, fleet, about: () => aboutOf(spec, state) }, inUse, "new");
	const refused = `take over: ${rotateCommand(spec, "start --adopt REF --since TIME")}`;
	if (is === "refused")
		found.push({ line: `the provider refuses the token in use: ${how}; ${refused}`, exit: "personNeeded" });
	if (is === "unclear")
		found.push({ line: `whether the provider accepts the token in use is not known: ${how}`, exit: "unknownState" });
	return found;
}

/** The fingerprint that every store has to hold after the end; undefined where the operation did not end well, or changed nothing. */
function leftInUse(state: RotationState): string | undefined {
	const { closed, old, fresh, opened } = state;
	if (closed?.how === "done") return fresh?.fingerprint;
	// In the place of a superseded one it began with two tokens in the stores.
	const isBack = closed?.how === "rolled back" && isDone(state, "prepare") && opened.alsoHeld === undefined;
	return isBack ? old?.fingerprint : undefined;
}

function driftOf(name: string, holds: StoreHolds, fresh: string): Drift | undefined {
	const store = `store ${shownName(name)}`;
	if (holds.is === "unreachable")
		return { store: name, line: `${store} could not be looked at: ${shown(holds.why, 200)}`, exit: "unknownState" };
	if (holds.is === "unusable")
		return { store: name, line: `${store} holds no token any more: ${shown(holds.why, 200)}`, exit: "personNeeded" };
	const held = heldBy(holds);
	if (held === undefined || held === fresh) return undefined;
	const what = held === "nothing" ? "nothing" : `fp=${held}`;
	const who = held === "nothing" ? "somebody emptied it" : "somebody rotated by hand";
	return {
		store: name,
		line: `${store} holds ${what}, which the last rotation did not put there: ${who}`,
		exit: "personNeeded",
	};
}
