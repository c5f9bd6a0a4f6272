/** What walk.ps1 says of scripts. A value is that of a constant, and null for anything else. */
export type Fact = { readonly path: string; readonly line: number; readonly text: string } & (
	| { readonly kind: "parse" | "syntax" | "trigger"; readonly what: string }
	| { readonly kind: "type" | "attribute" | "variable" | "function"; readonly name: string }
	| { readonly kind: "redirection"; readonly from: string; readonly to: string | null }
	| { readonly kind: "operator"; readonly name: string; readonly strings: number }
	| CommandFact
	| MemberFact
);

export interface CommandFact {
	readonly kind: "command";
	/** Null where a variable or a block is called. */
	readonly name: string | null;
	/** How it is called: `Unknown`, `Ampersand` or `Dot`. */
	readonly called: string;
	/** What the name is an alias of. */
	readonly alias: string | null;
	readonly parameters: readonly { readonly name: string; readonly value: string | null }[];
	/** All but parameters. */
	readonly values: readonly (string | null)[];
}

export interface MemberFact {
	readonly kind: "member";
	readonly name: string | null;
	readonly static: boolean;
	/** The number of arguments; -1 for a property. */
	readonly count: number;
	/** The types that the object can be of; none where that is not known. */
	readonly owners: readonly string[];
	readonly arguments: readonly { readonly value: string | null; readonly types: readonly string[] }[];
	/** Whether the object is what a command returned, which can be one object or many. */
	readonly ofCommand: boolean;
}

/** A finding without its place. */
export interface Judged<Rule extends string> {
	readonly rule: Rule;
	readonly what: string;
}
