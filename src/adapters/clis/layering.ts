import { ownEntry } from "../../base/lookup.ts";
import type { Os } from "./cli.ts";
import type { Emission } from "./emission.ts";
import type { SettingKinds } from "./setting-form.ts";

/** A file's format, and how lenient its reader is. */
export type LayerFormat = "json" | "jsonc" | "toml" | "dotenv" | "plist";

/**
 * A place that can configure a CLI. Settings are named by pointers (RFC 6901) into the file; environment variables
 * by `/env/NAME`, wherever they are set.
 */
export interface LayerPlace {
	readonly id: string;
	/** Display name, e.g. `managed file`. */
	readonly title: string;
	/**
	 * Paths by system; none for the process environment. `{NAME:path}` is the value of the variable NAME, below the working folder if it is
	 * not absolute, or the path; `{~NAME:path}` that of one whose `~` is the home, `{NAME=:path}` that of one that may be empty; `~` the home, `.` the
	 * working folder; on Windows `%ProgramFiles%`, `%ProgramData%` and `%SystemRoot%` begin with a folder of the system, and all have slashes. A star in the last segment matches every such file, in alphabetical order, later ones stronger; a leading `^`
	 * means the nearest folder, from the working folder upwards, with one of the names.
	 */
	readonly paths?: Readonly<Partial<Record<Os, readonly string[]>>>;
	readonly format?: LayerFormat;
	/** Types of its values, as far as known; one of another type breaks the file. */
	readonly types?: SettingKinds;
	/**
	 * What in it leaves open what these releases make of it: a value of another type than these, one that is null, an empty file, or what a
	 * check finds, which then follows the reason. With `isBroken` it is not open: the file is broken.
	 */
	readonly doubts?: readonly {
		readonly range: string;
		readonly of:
			| SettingKinds
			| "null"
			| "empty"
			| ((document: Readonly<Record<string, unknown>>) => string | undefined);
		readonly why: string;
		readonly isBroken?: boolean;
	}[];
	/** A table in which an unknown key breaks the file, and the keys that it knows. */
	readonly strict?: { readonly table: string; readonly keys: readonly string[] };
	/** It is applied after the CLI has checked what the weaker layers say together. */
	readonly isAfterCheck?: boolean;
	/** Releases that read it, in the notation of `isInRange`; default all. */
	readonly range?: string;
	/** Releases that parse it, if others than those that use it. */
	readonly parsedIn?: string;
	/** Settings that these releases ignore, although they read the others; with `value` only those with such a text. */
	readonly ignores?: readonly { readonly range: string; readonly pointer: RegExp; readonly value?: RegExp }[];
	/** Its source, if only the strongest of several sources applies; see `CliLayering.sources`. */
	readonly source?: string;
	/** Settings of weaker layers that are ignored once this layer has one of the first kind. */
	readonly clears?: readonly { readonly range: string; readonly having: RegExp; readonly pointer: RegExp }[];
	/** Settings that this layer replaces as a whole, while others are merged by key. */
	readonly whole?: readonly string[];
	/** It applies to every account, so every account must be able to read it. */
	readonly isForAll?: boolean;
	/** Releases that ignore it if others than its owner can write it, and what they ask of it on Windows, to follow "counts only if". */
	readonly mustBeSafe?: string;
	readonly isSafeOnWindowsIf?: string;
	/** Read only if the CLI is started with this, so that its settings are not merged with the others. */
	readonly onlyWith?: string;
	/** The effect of a file that cannot be parsed: it is ignored, or the CLI does not start, or not known. */
	readonly broken: "file" | "cli" | "unknown";
	/** Where it does not start: it may have sent something by the other files before it ends. */
	readonly sendsFirst?: boolean;
	/** If it differs from that of the other files. */
	readonly tolerance?: Tolerance;
	/**
	 * Folders above it that must not be anything else, and with `named` the variable that must not name one that is not there: with such a one it
	 * counts as broken, in these releases.
	 */
	readonly folders?: {
		readonly paths: readonly string[];
		readonly named?: string;
		readonly range?: string;
		readonly broken: "cli" | "unknown";
	};
}

/** How a byte order mark is handled. */
export interface Tolerance {
	/** That of UTF-8; `empty`: nothing of the file is read. */
	readonly bom: boolean | "empty";
	readonly utf16: boolean;
}

/** The effective settings, for `emissions`. */
export interface Effective {
	/** A setting's text: numbers and switches as written. */
	get(pointer: string): string | undefined;
	/** The id of the layer that sets it. */
	layer(pointer: string): string | undefined;
	/** The value of any setting as its file has it, telemetry or not, where tables of all files are merged; not those of variables. */
	at(pointer: string): unknown;
	/** The settings below a pointer: the last word of each pointer and its text, those of weaker layers first. */
	below(pointer: string): readonly (readonly [key: string, value: string])[];
	/** Whether the release in use is in a range; an unknown one counts as the newest. */
	isRelease(range: string): boolean;
	/** The token that a setting's program prints, if it can be determined without running it. */
	readonly programToken: string | undefined;
}

/** A setting that causes a problem, searched among the effective ones. `{name}` and `{layer}` are where it was found. */
export interface Hazard {
	readonly pointer: RegExp;
	/** The setting whose absence is the problem; `{name}` is then this. */
	readonly isMissing?: string;
	/** The problematic value; default any. */
	readonly value?: RegExp;
	/** Layers where it is a problem; default all. */
	readonly layers?: readonly string[];
	readonly range?: string;
	readonly severity: "error" | "warning" | "note";
	readonly what: string;
	readonly fix: string;
}

/** Our program that prints the header, and the token file that it reads. */
export interface ProgramFiles {
	readonly program: string;
	readonly token: string;
}

/** The layers of one CLI: data, and how its settings become requests. */
export interface CliLayering {
	readonly id: string;
	/** The weakest first. */
	readonly layers: readonly LayerPlace[];
	/** Sources of which only the strongest with such a setting applies, the weakest first. */
	readonly sources?: {
		readonly order: readonly string[];
		readonly whole: readonly { readonly range: string; readonly pointer: RegExp }[];
	};
	readonly tolerance: Tolerance;
	/** Relevant environment variables. */
	readonly variables: RegExp;
	/** Of these, those that count even if they are empty. */
	readonly emptyCounts?: RegExp;
	/** Whether an empty variable leaves that of a weaker layer. */
	readonly emptyYields?: boolean;
	/** Settings of the proxy and the certificates. Those of the environment that every program obeys count in files alone. */
	readonly transport?: { readonly anywhere: RegExp; readonly inFiles: RegExp };
	/** Settings that name files of certificates in PEM, without which nothing is sent. */
	readonly certificates?: RegExp;
	/** Settings that name an endpoint. */
	readonly endpoints: RegExp;
	/** Sources not visible in any file on this machine. */
	readonly unseen: readonly string[];
	/** What it will send: one for each signal that it can send. */
	emissions(settings: Effective): readonly Emission[];
	/** Why it does not start with these settings, in words. */
	refusal?(settings: Effective): string | undefined;
	/** A text of a settings file as a release uses it, with variables of the environment put in. */
	expanded?(
		text: string,
		environment: Readonly<Record<string, string | undefined>>,
		isRelease: (range: string) => boolean,
	): string;
	/** The files of a setting's program, if it is our program. */
	programFiles?(command: string): ProgramFiles | undefined;
	readonly hazards: readonly Hazard[];
	/** Whether it sends telemetry through the proxy of its environment. */
	readonly usesProxy: boolean;
	/** Releases verified against the real program. */
	readonly seen: readonly string[];
	readonly evidence: readonly string[];
}

/** Appends a path to a URL: keeps the base path, and takes one slash off its end. Of several, the others are requested (seen). */
export function withPath(base: string, path: string): string {
	if (!URL.canParse(base)) return `${base.replace(/\/+$/, "")}${path}`;
	const url = new URL(base);
	url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
	return url.href;
}

/**
 * A text with `$NAME` and `${NAME}` replaced by variables, as some CLIs do it; one that is not set stays, or becomes what
 * `${NAME:-WORDS}` says if that is understood.
 */
export function withVariables(
	text: string,
	environment: Readonly<Record<string, string | undefined>>,
	hasDefaults: boolean,
): string {
	const braced = hasDefaults ? "\\{([^}]+?)(?::-([^}]*))?\\}" : "\\{([^}]+)\\}";
	return text.replace(
		new RegExp(`\\$(?:(\\w+)|${braced})`, "g"),
		(all: string, bare?: string, name?: string, otherwise?: string) =>
			ownEntry(environment, bare ?? name ?? "") ?? (hasDefaults ? otherwise : undefined) ?? all,
	);
}
