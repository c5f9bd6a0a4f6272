/** Settings of a processor: maps, lists and scalars. In Alloy's language a block is a map in a list under its name. */
export type ProcessorSettings = ReadonlyMap<string, unknown>;

/** What a processor does to what passes it, as far as it concerns a second backend. */
export type Effect =
	| { readonly kind: "drops"; readonly which: string }
	/** `how`: deletes, hashes, overwrites, masks, moves. */
	| { readonly kind: "identity"; readonly how: string; readonly keys: readonly string[] }
	| { readonly kind: "keeps"; readonly keys: readonly string[]; readonly ofResource?: boolean }
	| { readonly kind: "host"; readonly keys: readonly string[] }
	| { readonly kind: "masks" }
	| { readonly kind: "merges" }
	| { readonly kind: "unread"; readonly why?: string };

/** What stands in the place of a value that only the program can work out. */
export const UNREAD = Symbol("not read");
