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

/** Where an OTLP/HTTP request leads: its signal, and what is before that. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export interface OtlpTarget {
	readonly signal: Signal;
	/** Path segments before `/v1/…`. */
	readonly before: string;
}

export function otlpTarget({ method, target }: Pick<RequestHead, "method" | "target">): OtlpTarget | undefined {
	const match = method === "POST" ? /^([^?]*)\/v1\/(logs|metrics|traces)\/?(?:\?.*)?$/.exec(target) : null;
	return match ? { before: match[1] ?? "", signal: match[2] as Signal } : undefined;
}

/** What the places of a request in which a credential may be are asked for. */
export interface CredentialPlaces {
	/** Headers besides Authorization that may hold the token, in lower case. */
	readonly names: readonly string[];
	/** Whether a fingerprint is that of a token that is named, or was accepted here before. */
	readonly isKnown: (fingerprint: string) => boolean;
}

/**
 * Every credential of a request, the one that it is counted as first: each Authorization header and some others; without those, of an export
 * the last path segment before `/v1/…` that is long enough for a token (as CLIs without a setting for headers send it), and query
 * parameters. A known token counts wherever else in the head it is. Without any there is one without a value.
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

/** Nobody has a longer path on purpose. */
const MAX_SEGMENTS = 100;

const isLong = (text: string) => text.length >= MIN_TOKEN_LENGTH;

function credential(value: string): SeenCredential {
	if (!isLong(value)) return { fingerprint: "short", value: "" };
	return { fingerprint: fingerprint(Buffer.from(value, "latin1")), value };
}

/** What in a head is long enough for a token, and stands between the signs that are around tokens. */
function pieces(
	fields: readonly (readonly [name: string, value: string])[],
	target: string,
	query: readonly (readonly [name: string, value: string])[],
): Set<string> {
	const texts = fields.flatMap(([name, value]) =>
		!isLong(value) || (name === "content-type" && value.startsWith("application/")) ? [] : [value],
	);
	const [path = ""] = target.split("?", 1);
	if (isLong(path)) texts.push(...path.split("/").slice(-MAX_SEGMENTS));
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
 * The secret parts of an Authorization header: of Basic the password and a user that is long enough for a token, else what follows the
 * scheme.
 */
function authorization(header: string): string[] {
	const [, scheme = "", rest = ""] = /^(?:(\S+)[ \t]+)?(.*)$/.exec(header) ?? [];
	if (scheme.toLowerCase() !== "basic") return [rest];
	const pair = Buffer.from(rest, "base64").toString("latin1");
	const colon = pair.indexOf(":");
	const [user, password] = [pair.slice(0, Math.max(0, colon)), pair.slice(colon + 1)];
	return password === "" ? [user] : isLong(user) ? [password, user] : [password];
}

/** Percent-decoded as bytes, which is what a server does before it compares. */
function decoded(segment: string): string {
	return segment.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
