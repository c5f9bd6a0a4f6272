import type { StoreHolds } from "../adapters/stores/store.ts";

/** The fingerprint of what a store holds, or "nothing"; undefined if it does not tell. */
export function heldBy(holds: StoreHolds): string | undefined {
	if (holds.is === "token") return holds.value.token.fingerprint;
	if (holds.is === "empty") return "nothing";
	return holds.is === "hidden" ? holds.fingerprint : undefined;
}
