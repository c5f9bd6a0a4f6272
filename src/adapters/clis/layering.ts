import type { Os } from "./cli.ts";

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
	 * Paths by system; none for the process environment. `{NAME:path}` is the value of the variable NAME, or the path; `~` the home, `.` the
	 * working folder. A star in the last segment matches every such file, in alphabetical order, later ones stronger; a leading `^`
	 * means the nearest folder, from the working folder upwards, with one of the names.
	 */
	readonly paths?: Readonly<Partial<Record<Os, readonly string[]>>>;
	readonly format?: LayerFormat;
	/** Releases that read it, in the notation of `isInRange`; default all. */
	readonly range?: string;
	/** Settings that these releases ignore, although they read the others. */
	readonly ignores?: readonly { readonly range: string; readonly pointer: RegExp }[];
	/** Its source, if only the strongest of several sources applies; see `CliLayering.sources`. */
	readonly source?: string;
	/** Settings of weaker layers that are ignored once this layer has one of the first kind. */
	readonly clears?: readonly { readonly range: string; readonly having: RegExp; readonly pointer: RegExp }[];
	/** Settings that this layer replaces as a whole, while others are merged by key. */
	readonly whole?: readonly string[];
	/** It applies to every account, so every account must be able to read it. */
	readonly isForAll?: boolean;
	/** Releases that ignore it if others than its owner can write it. */
	readonly mustBeSafe?: string;
	/** The effect of a file that cannot be parsed: it is ignored, or the CLI does not start. */
	readonly broken: "file" | "cli";
}

/** How a byte order mark is handled. */
export interface Tolerance {
	readonly bom: boolean;
	readonly utf16: boolean;
}

/** What a CLI will do with one signal. */
export interface Route {
	readonly signal: "logs" | "metrics" | "traces";
	/** Why nothing is sent; undefined if it is sent. */
	readonly off?: string | undefined;
	/** The URL it posts to, including any token in it; undefined if not set. */
	readonly url?: string | undefined;
	/** The setting with the URL. */
	readonly urlFrom?: string | undefined;
	/** The token, or the program that prints it, and its setting. */
	readonly token?: string | undefined;
	readonly tokenFrom?: string | undefined;
	readonly tokenBy?: "header" | "url" | "basic" | "program";
}

/** The effective settings, for `routes`. */
export interface Effective {
	/** A setting's text: numbers and switches as written. */
	get(pointer: string): string | undefined;
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

/** The layers of one CLI: data, and how its settings become requests. */
export interface CliLayering {
	readonly id: string;
	/** The command that starts it. */
	readonly program: string;
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
	/** Sources not visible in any file on this machine. */
	readonly unseen: readonly string[];
	routes(settings: Effective): readonly Route[];
	/** The token file that a setting's program reads, if it is our program. */
	programTokenFile?(program: string): string | undefined;
	readonly hazards: readonly Hazard[];
	/** Whether it sends telemetry through the proxy of its environment. */
	readonly usesProxy: boolean;
	/** Releases verified against the real program. */
	readonly seen: readonly string[];
	readonly evidence: readonly string[];
}

/** The value of a header in `a=b,c=d`, OpenTelemetry's format; names are case-insensitive. */
export function headerIn(list: string | undefined, name: string): string | undefined {
	for (const pair of (list ?? "").split(",")) {
		const at = pair.indexOf("=");
		if (at > 0 && pair.slice(0, at).trim().toLowerCase() === name.toLowerCase()) return pair.slice(at + 1).trim();
	}
	return undefined;
}

/** The token in an Authorization header's value, and whether it is Basic authentication. */
export function tokenIn(authorization: string | undefined): Pick<Route, "token" | "tokenBy"> {
	const [, scheme = "", value] = /^\s*(?:(\S+)\s+)?(\S+)\s*$/.exec(authorization ?? "") ?? [];
	if (value === undefined) return {};
	if (scheme.toLowerCase() !== "basic") return { token: value, tokenBy: "header" };
	const plain = Buffer.from(value, "base64").toString("utf8");
	return { token: plain.slice(plain.indexOf(":") + 1), tokenBy: "basic" };
}

/** Appends a path to a URL as OpenTelemetry's exporters do: keeps the base path, without doubling a trailing slash. */
export function withPath(base: string, path: string): string {
	if (!URL.canParse(base)) return `${base.replace(/\/+$/, "")}${path}`;
	const url = new URL(base);
	url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
	return url.href;
}
