import type { Signal } from "../../adapters/providers/provider.ts";
import type { RequestHead } from "../../effects/net/http1.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import { MIN_TOKEN_LENGTH } from "../../token/shape.ts";

/** Query parameters that may contain a token. */
const QUERY_NAMES = ["token", "access_token", "api_key", "apikey", "key"];

export interface SeenCredential {
	/** As named in evidence. */
	readonly fingerprint: string;
	readonly value: string;
}

const NONE: SeenCredential = { fingerprint: "none", value: "" };

/** An OTLP/HTTP request's target: its signal, and what precedes it. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export interface OtlpTarget {
	readonly signal: Signal;
	/** Path segments before `/v1/…`. */
	readonly before: string;
}

export function otlpTarget({ method, target }: Pick<RequestHead, "method" | "target">): OtlpTarget | undefined {
	const match = method === "POST" ? /^([^?]*)\/v1\/(logs|metrics|traces)\/?(?:\?.*)?$/.exec(target) : null;
	return match ? { before: match[1] ?? "", signal: match[2] as Signal } : undefined;
}

/** Where to look for credentials, and which are known. */
export interface CredentialPlaces {
	/** Headers besides Authorization that may hold the token, in lower case. */
	readonly names: readonly string[];
	/** Whether a fingerprint is that of a token that is named, or was accepted here before. */
	readonly isKnown: (fingerprint: string) => boolean;
}

/**
 * Every credential of a request, first the one it is counted as: each Authorization header and some other headers; without those, an
 * export's last path segment before `/v1/…` that is long enough for a token (as CLIs without a header setting send it), and query
 * parameters. A known token counts anywhere else in the head. If there is none, the result is one without a value.
 */
export function credentialsOf(
	{ headers, target }: Pick<RequestHead, "headers" | "target">,
	otlp: OtlpTarget | undefined,
	{ names, isKnown }: CredentialPlaces,
): readonly [SeenCredential, ...SeenCredential[]] {
	const fields = [...headers.all()];
	const query = target.includes("?") ? [...new URLSearchParams(target.slice(target.indexOf("?") + 1))] : [];
	let values = [
		...fields.flatMap(([name, value]) => (name === "authorization" ? authorization(value) : [])),
		...fields.flatMap(([name, value]) => (names.includes(name) ? [value] : [])),
	];
	if (values.every((value) => value === "")) {
		values = [
			...(otlp?.before.split("/").slice(-MAX_SEGMENTS).filter(isLong).slice(-1).map(decoded) ?? []),
			...query.flatMap(([name, value]) => (QUERY_NAMES.includes(name) ? [value] : [])),
		];
	}
	const found = new Map<string, SeenCredential>();
	for (const value of values) if (value !== "" && !found.has(value)) found.set(value, credential(value));
	for (const piece of pieces(fields, target, query)) {
		if (found.has(piece)) continue;
		const seen = credential(piece);
		if (isKnown(seen.fingerprint)) found.set(piece, seen);
	}
	const [first = NONE, ...others] = found.values();
	return [first, ...others.filter(({ fingerprint: id }) => id !== first.fingerprint && id !== "short")];
}

/** No real path is longer. */
const MAX_SEGMENTS = 100;

const isLong = (text: string) => text.length >= MIN_TOKEN_LENGTH;

function credential(value: string): SeenCredential {
	if (!isLong(value)) return { fingerprint: "short", value: "" };
	return { fingerprint: fingerprint(Buffer.from(value, "latin1")), value };
}

/** Every part of a head that is long enough for a token, split at the characters that surround tokens. */
function pieces(
	fields: readonly (readonly [name: string, value: string])[],
	target: string,
	query: readonly (readonly [name: string, value: string])[],
): Set<string> {
	const texts = fields.flatMap(([name, value]) =>
		!isLong(value) || (name === "content-type" && value.startsWith("application/")) ? [] : [value],
	);
	const [path = ""] = target.split("?", 1);
	if (isLong(path)) for (const segment of path.split("/").slice(-MAX_SEGMENTS)) texts.push(segment);
	for (const [, value] of query) texts.push(value);
	const found = new Set<string>();
	const add = (text: string) => {
		if (isLong(text)) found.add(text);
	};
	for (const text of texts) {
		for (const part of text.split(/[\s,;"'<>()]+/)) {
			if (!isLong(part)) continue;
			for (const piece of part.includes("%") ? [part, decoded(part)] : [part]) {
				add(piece);
				for (const sign of "=:") if (piece.includes(sign)) add(piece.slice(piece.indexOf(sign) + 1));
			}
		}
	}
	return found;
}

/**
 * The secret parts of an Authorization header: for Basic the password, and the user if long enough for a token; otherwise what follows
 * the scheme.
 */
function authorization(header: string): string[] {
	const [, scheme = "", rest = ""] = /^(?:(\S+)[ \t]+)?(.*)$/.exec(header) ?? [];
	if (scheme.toLowerCase() !== "basic") return [rest];
	const pair = Buffer.from(rest, "base64").toString("latin1");
	const colon = pair.indexOf(":");
	const [user, password] = [pair.slice(0, Math.max(0, colon)), pair.slice(colon + 1)];
	return password === "" ? [user] : isLong(user) ? [password, user] : [password];
}

/** Percent-decoded as bytes, as a server does before comparing. */
function decoded(segment: string): string {
	return segment.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
