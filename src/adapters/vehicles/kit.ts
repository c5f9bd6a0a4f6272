import type { Action, Mode } from "./mode.ts";

/** What an admin gets for one vehicle: scripts, API payloads and the guide (STEPS.md). All of it is data. */
export interface Kit {
	readonly scripts: readonly KitScript[];
	/** Request bodies for the vendor's API. */
	readonly payloads: (facts: KitFacts) => readonly Payload[];
	/** Files of the vendor's own form, made of the scripts. */
	readonly packages?: readonly Package[];
	readonly guide: (facts: KitFacts) => Guide;
	/** Extra pages, by path, for products that share this vehicle. */
	readonly pages?: (facts: KitFacts) => Readonly<Record<string, Page>>;
}

/** What a kit's text depends on. */
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
	/** The script's language. */
	readonly body: "sh" | "ps1";
	/** A few words for the list of files. */
	readonly purpose: string;
	readonly limits: readonly Limit[];
	/** The vendor's server trims white space at both ends, so only hashes of the trimmed text can match. */
	readonly trimmed?: boolean;
}

/** A vendor's size limit. */
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
 * A file for the vendor's API. In XML data maps element to content, and a list repeats the element; a plist encodes the values as they are.
 */
export interface Payload {
	readonly path: string;
	readonly format: "json" | "yaml" | "xml" | "plist";
	readonly purpose: string;
	readonly data: Data;
}

/** Several scripts in one file, which is made only with the token: the one that installs has it in mode `embedded`. */
export interface Package {
	/** Its name without a token, which no file has; with the token it is `*.secret.*`. */
	readonly path: string;
	readonly purpose: string;
	/** By their paths in the kit, the one that installs first. */
	readonly scripts: readonly string[];
	/** What to know when it is written. */
	readonly caution: string;
	/** `seed` are 32 bytes that follow from the token and nobody else knows: the same files and seed give the same bytes. */
	readonly pack: (
		files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
		seed: Uint8Array,
	) => Uint8Array;
}

/** One thing to do. */
export interface GuideStep {
	readonly text: string;
	/** What to enter or choose, under the vendor's field names. */
	readonly fields?: readonly (readonly [name: string, value: string])[];
	readonly commands?: readonly string[];
}

export interface Page {
	readonly title: string;
	readonly steps: readonly GuideStep[];
	readonly notes: readonly string[];
}

/** The vehicle's part of STEPS.md; the rest is the same for all. Short sentences; files and fields in backticks. */
export interface Guide {
	/** Prerequisites. */
	readonly before: readonly string[];
	readonly install: readonly GuideStep[];
	readonly test: readonly GuideStep[];
	/** Where the report line appears. */
	readonly report: readonly GuideStep[];
	readonly rotate: readonly GuideStep[];
	/** How long until a machine that is awake has a new token, step by step, and how to speed one up. */
	readonly delay: readonly (readonly [what: string, time: string])[];
	/** Their sum in the worst case, in hours; must fit into every provider's overlap. */
	readonly worstHours: number;
	readonly uninstall: readonly GuideStep[];
	/** Who can see the token where. */
	readonly exposure: readonly (readonly [place: string, who: string])[];
	readonly traps: readonly string[];
	/** What we have not checked ourselves. */
	readonly unverified: readonly string[];
}
