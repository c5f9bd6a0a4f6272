import type { Signal } from "../providers/provider.ts";

/** A header as it is sent. */
export interface SentHeader {
	/** With the case that is sent. */
	readonly name: string;
	/** After any decoding by the CLI. */
	readonly value: string;
	/** The setting it comes from, as a pointer; none for one that the CLI adds by itself. */
	readonly from?: string | undefined;
}

/**
 * What a CLI will send of one signal, with its present settings. Every value is what goes over the wire, and names its setting. What the
 * rules of the CLI do not cover is `unknown`, and nothing may be called ok because of it.
 */
export interface Emission {
	readonly signal: Signal;
	readonly sent: "yes" | "no" | "unknown";
	/** Why nothing is sent, or why that is not known; without a full stop. */
	readonly why?: string | undefined;
	/** The whole URL, including any token in it; undefined if none is set. */
	readonly url?: string | undefined;
	readonly urlFrom?: string | undefined;
	readonly protocol?: "grpc" | "http/protobuf" | "http/json" | undefined;
	/** The headers that settings decide, without those of the connection, in the order in which they are sent. */
	readonly headers: readonly SentHeader[];
	/** The headers are sent in no fixed order. */
	readonly isUnordered?: boolean | undefined;
	/** The setting whose program prints headers that are not known. */
	readonly program?: string | undefined;
	/** Settings of its proxy and certificates that do not hold for every program of this environment, as pointers. */
	readonly transport?: readonly string[] | undefined;
	/** What of it cannot be meant, e.g. a URL without a scheme; each without a full stop. */
	readonly flaws?: readonly string[] | undefined;
}

export type EmittedSignal = Emission["signal"];

/** An exporter with less time than this, in milliseconds, may end a request before it is answered, or has left: how fast a place is, is not known. */
export const LONG_ENOUGH_MS = 5000;

/** The token of an emission, how it is carried, and the setting it comes from. */
export interface Credential {
	readonly token: string | undefined;
	readonly by: "header" | "url" | "basic" | "program";
	/** The word before the token in the header; empty if there is none. */
	readonly scheme?: string | undefined;
	readonly from: string | undefined;
}

/**
 * The credential of an emission: of the Authorization header, otherwise of the path, where the last word before the signal's path is a token
 * if `isToken` says so. Undefined if there is none.
 */
export function credentialOf(emission: Emission, isToken: (word: string) => boolean): Credential | undefined {
	const { headers, url, urlFrom, program } = emission;
	const header = headers.filter(({ name }) => name.toLowerCase() === "authorization").at(-1);
	if (header) return { ...inHeader(header.value), from: header.from };
	if (program !== undefined) return { token: undefined, by: "program", from: program };
	const word = lastWord(url, emission.signal);
	return word !== undefined && isToken(word) ? { token: word, by: "url", from: urlFrom } : undefined;
}

function inHeader(value: string): Pick<Credential, "token" | "by" | "scheme"> {
	const [, scheme = "", token] = /^\s*(?:(\S+)\s+)?(\S+)\s*$/.exec(value) ?? [];
	if (scheme.toLowerCase() !== "basic" || token === undefined) return { token, by: "header", scheme };
	const plain = Buffer.from(token, "base64").toString("utf8");
	return { token: plain.slice(plain.indexOf(":") + 1), by: "basic", scheme };
}

/** The last segment of the path, before that of the signal; decoded. */
function lastWord(url: string | undefined, signal: Signal): string | undefined {
	if (url === undefined || !URL.canParse(url)) return undefined;
	const segments = new URL(url).pathname.split("/").filter((each) => each !== "");
	const isSignals = segments.at(-2) === "v1" && segments.at(-1) === signal;
	const word = (isSignals ? segments.slice(0, -2) : segments).at(-1);
	return word === undefined ? undefined : decoded(word);
}

/** Percent escapes decoded; unchanged if one of them is malformed. */
export function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
