import { ownEntry } from "../base/lookup.ts";
import type { RotationPlace } from "./open.ts";
import { storeReach } from "./reach.ts";
import { isDone, type RotationState } from "./state.ts";

/** What an operation that ends without a good end leaves undone, in words. */
export function leftBehind(state: RotationState): string[] {
	const isForward = state.direction === "forward";
	const isOpen = (name: string) => {
		const store = ownEntry(state.stores, name);
		return isForward ? store?.confirm.is !== "done" : store?.wasTouched === true && store.write.is !== "done";
	};
	const { fresh } = state;
	return [
		...state.opened.stores.filter(isOpen).map((name) => `store ${name}`),
		...(!isForward || isDone(state, "prove-old-dead") ? [] : ["the old token, which may live"]),
		...(isForward || !fresh || isDone(state, "revoke-new")
			? []
			: [`the new token fp=${fresh.fingerprint}, which may live`]),
		...state.spent.map((fingerprint) => `the token fp=${fingerprint}, which may live`),
		...(state.fresh === undefined && state.call.is !== "never" ? ["a new token that may exist"] : []),
	];
}

/** Gives the lock of an operation back, so that the next one can take it; tells what stands in the way. */
export async function letGo({ fx, spec }: Pick<RotationPlace, "fx" | "spec">, state: RotationState): Promise<void> {
	const holder = state.steps["fence"]?.facts?.["store"];
	const found = spec.stores.find(({ name }) => name === holder);
	if (!found) return;
	const store = found.kind.open(found.settings, storeReach(fx));
	const released = await store.fence?.release(state.opened.operation).finally(() => store.close?.());
	if (released === undefined || released.is === "free") return;
	if (released.is === "held" || released.is === "unreachable") {
		fx.terminal.warn({
			what: `the lock of this operation in store ${found.name} could not be given back`,
			got: released.is === "unreachable" ? released.why : released.is,
			fix: "the next operation says what to do",
		});
	}
}
