import type { Action, Mode } from "./mode.ts";

/** What an admin gets for one vehicle: scripts, what is uploaded around them, and the page that says how. All of it is data. */
export interface Kit {
	readonly scripts: readonly KitScript[];
	/** What the vendor's API takes, ready to be sent. */
	readonly payloads: (facts: KitFacts) => readonly Payload[];
	readonly guide: (facts: KitFacts) => Guide;
	/** Pages of their own for products that have one in common; by path. */
	readonly pages?: (facts: KitFacts) => Readonly<Record<string, Page>>;
}

/** What the words of a kit depend on. */
export interface KitFacts {
	readonly mode: Mode;
	readonly provider: string;
	readonly endpoint: string;
	readonly clis: readonly string[];
	readonly scope: "system" | "user";
}

export interface KitScript {
	readonly path: string;
	readonly action: Action;
	/** What runs it. A body in PowerShell will be a second one. */
	readonly body: "sh";
	/** What it is for, in a few words. */
	readonly purpose: string;
	readonly limits: readonly Limit[];
	/** The vendor's server takes white space off both ends, so that only hashes over the rest tell whether it is ours. */
	readonly trimmed?: boolean;
}

/** The most a vendor takes. */
export interface Limit {
	readonly max: number;
	readonly unit: "bytes" | "characters";
	readonly source: string;
}

/** The text of a script inside a payload. */
export interface Embed {
	readonly embed: string;
	readonly as: "text" | "base64";
}

export type Data = string | number | boolean | Embed | readonly Data[] | { readonly [key: string]: Data };

/**
 * A file for the vendor's API. XML is a map from element to content, where a list repeats the element; a plist is what its values are.
 */
export interface Payload {
	readonly path: string;
	readonly format: "json" | "yaml" | "xml" | "plist";
	readonly purpose: string;
	readonly data: Data;
}

/** One thing to do. */
export interface GuideStep {
	readonly text: string;
	/** What to enter or choose, by the vendor's own names of the fields. */
	readonly fields?: readonly (readonly [name: string, value: string])[];
	readonly commands?: readonly string[];
}

export interface Page {
	readonly title: string;
	readonly steps: readonly GuideStep[];
	readonly notes: readonly string[];
}

/** What only this vehicle's page can say; the rest of the page is the same for all. Short sentences; files and fields in backticks. */
export interface Guide {
	/** What it takes to start. */
	readonly before: readonly string[];
	readonly install: readonly GuideStep[];
	readonly test: readonly GuideStep[];
	/** Where the report line shows. */
	readonly report: readonly GuideStep[];
	readonly rotate: readonly GuideStep[];
	/** How long until a machine that is awake has a changed token, step by step, and how to hurry one. */
	readonly delay: readonly (readonly [what: string, time: string])[];
	/** All of these together at worst, in hours; it has to fit into every provider's overlap. */
	readonly worstHours: number;
	readonly uninstall: readonly GuideStep[];
	/** Who can see the token, and where. */
	readonly exposure: readonly (readonly [place: string, who: string])[];
	readonly traps: readonly string[];
	/** What we know only by hearsay. */
	readonly unverified: readonly string[];
}
