import { ownEntry } from "../base/lookup.ts";
import type { RotationPlace } from "./open.ts";
import { storeReach } from "./reach.ts";
import { isDone, type RotationState } from "./state.ts";

/** What an operation that ends without a good end leaves undone, in words. */
export function leftBehind(state: RotationState, spec: Pick<RotationPlace["spec"], "stores">): string[] {
	const isForward = state.direction === "forward";
	const isTold = (name: string) => spec.stores.some((each) => each.name === name && each.apply !== "watch");
	const isOpen = (name: string) => {
		const store = ownEntry(state.stores, name);
		if (isForward) return store?.confirm.is !== "done";
		if (!store?.wasTouched) return false;
		return store.write.is !== "done" || (isTold(name) && store.apply.is !== "done");
	};
	const { fresh } = state;
	const stores = new Set([...state.opened.stores, ...Object.keys(state.stores)]);
	return [
		...[...stores].filter(isOpen).map((name) => `store ${name}`),
		...(!isForward || isDone(state, "prove-old-dead") ? [] : ["the old token, which may live"]),
		...(isForward || !fresh || isDone(state, "revoke-new")
			? []
			: [`the new token fp=${fresh.fingerprint}, which may live`]),
		...tokensLeft(state),
	];
}

export const MAY_EXIST = "a new token that may exist";

/** Tokens that the operation brought up, or asked for, and did not end, in words. A copy that was lost can have been made again. */
export function tokensLeft({ mayLive, fresh, askedAt, call }: RotationState): string[] {
	const left = [...new Set(mayLive)].filter((each) => each !== fresh?.fingerprint);
	const isSettled = fresh !== undefined || (askedAt === undefined && (call.is === "never" || call.is === "no"));
	return [
		...left.map((fingerprint) => `the token fp=${fingerprint}, which may live`),
		// Nobody said whether the button was pressed, or the call arrived.
		...(isSettled ? [] : [MAY_EXIST]),
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
