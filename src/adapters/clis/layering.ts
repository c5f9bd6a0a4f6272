import type { Os } from "./cli.ts";

/** What a file holds, and how far its reader puts up with. */
export type LayerFormat = "json" | "jsonc" | "toml" | "dotenv" | "plist";

/**
 * A place in which a CLI can be told where to send. Settings are named by pointers (RFC 6901) into the file; variables of an environment
 * by `/env/NAME`, wherever they stand.
 */
export interface LayerPlace {
	readonly id: string;
	/** For people: `managed file`. */
	readonly title: string;
	/**
	 * Paths by system; none for the process environment. `{NAME:path}` is what the variable NAME says, or the path; `~` the home, `.` the
	 * working folder. A star in the last segment stands for every such file, in alphabetical order, the later one stronger; `^` in front
	 * for the nearest folder from the working folder upward that has one of the names.
	 */
	readonly paths?: Readonly<Partial<Record<Os, readonly string[]>>>;
	readonly format?: LayerFormat;
	/** Releases that obey it, in the notation of `isInRange`; all of them if not given. */
	readonly range?: string;
	/** Settings that these releases read over, although they obey the others. */
	readonly ignores?: readonly { readonly range: string; readonly pointer: RegExp }[];
	/** The source it is a part of, where the strongest source of several takes it all; see `CliLayering.sources`. */
	readonly source?: string;
	/** Settings of weaker layers that do not count once this layer has one of the first kind. */
	readonly clears?: readonly { readonly range: string; readonly having: RegExp; readonly pointer: RegExp }[];
	/** Settings that this layer replaces with all below them, where others are merged key by key. */
	readonly whole?: readonly string[];
	/** It is for every account, so every account must be able to read it. */
	readonly isForAll?: boolean;
	/** Releases that leave it out when others than its owner may write it. */
	readonly mustBeSafe?: string;
	/** What a file that cannot be parsed costs: itself, or the start of the CLI. */
	readonly broken: "file" | "cli";
}

/** How a mark at the start of a file goes down. */
export interface Tolerance {
	readonly bom: boolean;
	readonly utf16: boolean;
}

/** What a CLI is going to do with one signal. */
export interface Route {
	readonly signal: "logs" | "metrics" | "traces";
	/** Why nothing is sent, in words; undefined when it is sent. */
	readonly off?: string | undefined;
	/** The URL it posts to, token included where it is in it; undefined when none is set. */
	readonly url?: string | undefined;
	/** The setting that the URL comes from. */
	readonly urlFrom?: string | undefined;
	/** The token, or the program that prints it, and the setting that it comes from. */
	readonly token?: string | undefined;
	readonly tokenFrom?: string | undefined;
	readonly tokenBy?: "header" | "url" | "basic" | "program";
}

/** The settings that hold, for `routes` to read. */
export interface Effective {
	/** The text of a setting: numbers and switches as they would be written. */
	get(pointer: string): string | undefined;
	/** Whether the release in use lies in a range; an unknown one counts as the newest. */
	isRelease(range: string): boolean;
	/** The token that the program of a setting prints, where that can be known without running it. */
	readonly programToken: string | undefined;
}

/** A setting that gets in the way: looked for among those that hold. `{name}` and `{layer}` stand for where it was found. */
export interface Hazard {
	readonly pointer: RegExp;
	/** It is the lack of the setting that gets in the way; `{name}` is then this. */
	readonly isMissing?: string;
	/** The value that is meant; any if not given. */
	readonly value?: RegExp;
	/** Layers in which it is one; all if not given. */
	readonly layers?: readonly string[];
	readonly range?: string;
	readonly severity: "error" | "warning" | "note";
	readonly what: string;
	readonly fix: string;
}

/** What is known of the layers of one CLI: data, and how its settings become requests. */
export interface CliLayering {
	readonly id: string;
	/** The command that starts it. */
	readonly program: string;
	/** The weakest first. */
	readonly layers: readonly LayerPlace[];
	/** Sources of which the strongest one that has such a setting takes all of these settings, the weakest source first. */
	readonly sources?: {
		readonly order: readonly string[];
		readonly whole: readonly { readonly range: string; readonly pointer: RegExp }[];
	};
	readonly tolerance: Tolerance;
	/** Variables of an environment that count. */
	readonly variables: RegExp;
	/** Places that no file of this machine shows. */
	readonly unseen: readonly string[];
	routes(settings: Effective): readonly Route[];
	/** The file that the program of a setting reads the token from, where the program is ours. */
	programTokenFile?(program: string): string | undefined;
	readonly hazards: readonly Hazard[];
	/** Whether it sends telemetry through the proxy of its environment. */
	readonly usesProxy: boolean;
	/** Releases that were held against the real program. */
	readonly seen: readonly string[];
	readonly evidence: readonly string[];
}

/** The value of a header in `a=b,c=d`, as OpenTelemetry has it; names are compared without case. */
export function headerIn(list: string | undefined, name: string): string | undefined {
	for (const pair of (list ?? "").split(",")) {
		const at = pair.indexOf("=");
		if (at > 0 && pair.slice(0, at).trim().toLowerCase() === name.toLowerCase()) return pair.slice(at + 1).trim();
	}
	return undefined;
}

/** The token in the value of an Authorization header, and whether it is in there as user and password. */
export function tokenIn(authorization: string | undefined): Pick<Route, "token" | "tokenBy"> {
	const [, scheme = "", value] = /^\s*(?:(\S+)\s+)?(\S+)\s*$/.exec(authorization ?? "") ?? [];
	if (value === undefined) return {};
	if (scheme.toLowerCase() !== "basic") return { token: value, tokenBy: "header" };
	const plain = Buffer.from(value, "base64").toString("utf8");
	return { token: plain.slice(plain.indexOf(":") + 1), tokenBy: "basic" };
}

/** A URL with a path added the way OpenTelemetry's exporters do: the base path is kept, a slash at its end is not doubled. */
export function withPath(base: string, path: string): string {
	if (!URL.canParse(base)) return `${base.replace(/\/+$/, "")}${path}`;
	const url = new URL(base);
	url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
	return url.href;
}
