import { type OurFields, reasonNotTo } from "./fields.ts";
import { notWritten } from "./http.ts";
import type { Compared, StoreFence, StoreFenced, StoreTrouble, StoreWrite, StoreWritten } from "./store.ts";

/** What was read, and how to write it on the condition that it is still there. */
export interface Comparable {
	readonly fields: OurFields;
	readonly version: string | undefined;
	/** Why it cannot be written, whatever it holds. */
	readonly problem?: StoreTrouble | undefined;
	put(): Promise<Compared>;
}

/** How often another writer may come between a look and a write, and leave our field alone. */
const ATTEMPTS = 5;

/** Promotes by a conditional write, again with what is there then if somebody else changed something that is not ours. */
export async function promoteComparing(
	write: StoreWrite,
	what: string,
	look: () => Promise<Comparable | StoreTrouble>,
): Promise<StoreWritten> {
	for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
		const found = await look();
		if ("why" in found) return notWritten({ ...found, mayBeDone: false });
		const reason = reasonNotTo(write, found.fields, found.version);
		if (reason) return reason;
		if (found.problem) return notWritten({ ...found.problem, mayBeDone: false });
		const done = await found.put();
		if (done !== "stale") return "why" in done ? notWritten(done) : { did: "written", version: done.version };
	}
	const why = `${what} was written by somebody else ${ATTEMPTS} times in a row`;
	return { did: "refused", why, nextStep: "find out who writes it, and run this again" };
}

/** Who works on a token; the operation is empty if nobody does. */
export interface FenceRecord {
	readonly operation: string;
	readonly holder: string;
}

/** A record that can be written only as it was read. */
export interface FencePlace<Version> {
	readonly name: string;
	look(): Promise<(FenceRecord & { readonly version: Version }) | StoreTrouble>;
	put(record: FenceRecord, version: Version): Promise<Compared>;
}

/** A fence whose state is what is read after a write, never what the write's answer says. */
export function fenceOf<Version>({ name, look, put }: FencePlace<Version>): StoreFence {
	const change = async (
		operation: string,
		next: FenceRecord | undefined,
		isWanted: (operation: string) => boolean,
	): Promise<StoreFenced> => {
		for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
			const found = await look();
			if ("why" in found) return unreachable(found);
			if (next === undefined || !isWanted(found.operation)) return stateOf(found, operation);
			const done = await put(next, found.version);
			if (done !== "stale" && "why" in done && !done.mayBeDone) return unreachable(done);
		}
		const why = `${name} does not stay as it is written`;
		return { is: "unreachable", why, nextStep: "look into who else writes it" };
	};
	return {
		take: (operation, holder) => change(operation, { operation, holder }, (holds) => holds === ""),
		release: (operation) => change(operation, { operation: "", holder: "" }, (holds) => holds === operation),
		holds: (operation) => change(operation, undefined, () => false),
	};
}

const unreachable = ({ why, nextStep }: StoreTrouble): StoreFenced => ({ is: "unreachable", why, nextStep });

function stateOf({ operation: holds, holder }: FenceRecord, operation: string): StoreFenced {
	if (holds === "") return { is: "free" };
	return holds === operation ? { is: "held" } : { is: "other", operation: holds, holder };
}
