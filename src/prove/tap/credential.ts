import type { Signal } from "../../adapters/providers/provider.ts";
import type { Headers, RequestHead } from "../../effects/net/http1.ts";
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

/** An OTLP/HTTP request's target: its signal, and what precedes and follows it. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export interface OtlpTarget {
	readonly signal: Signal;
	/** Path segments before `/v1/…`. */
	readonly before: string;
	readonly query: string;
}

export function otlpTarget({ method, target }: Pick<RequestHead, "method" | "target">): OtlpTarget | undefined {
	const match = method === "POST" ? /^([^?]*)\/v1\/(logs|metrics|traces)\/?(?:\?(.*))?$/.exec(target) : null;
	return match ? { before: match[1] ?? "", signal: match[2] as Signal, query: match[3] ?? "" } : undefined;
}

/**
 * A request's credential: the Authorization header, otherwise one of some other headers, otherwise the last path segment before `/v1/…` that is
 * long enough for a token (as CLIs without a header setting send it), otherwise a query parameter.
 */
export function credentialOf(
	headers: Headers,
	{ before, query }: OtlpTarget,
	names: readonly string[],
): SeenCredential {
	const value =
		authorization(headers.get("authorization") ?? "") ??
		names.map((name) => headers.get(name)).find((each) => typeof each === "string" && each !== "") ??
		decoded(before.split("/").findLast((segment) => segment.length >= MIN_TOKEN_LENGTH)) ??
		(query === "" ? undefined : fromQuery(query));
	if (value === undefined || value === null || value === "") return NONE;
	if (value.length < MIN_TOKEN_LENGTH) return { fingerprint: "short", value: "" };
	return { fingerprint: fingerprint(Buffer.from(value, "latin1")), value };
}

/** The secret part of an Authorization header: the password for Basic (or the user, if that is all), otherwise what follows the scheme. */
function authorization(header: string): string | undefined {
	if (header === "") return undefined;
	const [, scheme = "", rest = ""] = /^(?:(\S+)[ \t]+)?(.*)$/.exec(header) ?? [];
	if (scheme.toLowerCase() !== "basic") return rest;
	const pair = Buffer.from(rest, "base64").toString("latin1");
	const colon = pair.indexOf(":");
	return pair.slice(colon + 1) || pair.slice(0, Math.max(0, colon));
}

function fromQuery(query: string): string | undefined {
	const parameters = new URLSearchParams(query);
	return QUERY_NAMES.map((name) => parameters.get(name)).find((each) => each !== null && each !== "") ?? undefined;
}

/** Percent-decoded as bytes, as a server does before comparing. */
function decoded(segment: string | undefined): string | undefined {
	return segment?.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
