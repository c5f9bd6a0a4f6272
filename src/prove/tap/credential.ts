import type { Signal } from "../../adapters/providers/provider.ts";
import type { Headers, RequestHead } from "../../effects/net/http1.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import { MIN_TOKEN_LENGTH } from "../../token/shape.ts";

/** Query parameters in which some put their token. */
const QUERY_NAMES = ["token", "access_token", "api_key", "apikey", "key"];

export interface SeenCredential {
	/** As rows of evidence name it. */
	readonly fingerprint: string;
	readonly value: string;
}

const NONE: SeenCredential = { fingerprint: "none", value: "" };

/** Where an OTLP/HTTP request leads: its signal, and what is before and behind that. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
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
 * The credential of a request: the Authorization header, else one of some other headers, else the last path segment before `/v1/…` that is
 * long enough for a token (as CLIs without a setting for headers send it), else a query parameter.
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

/** The secret part of an Authorization header: the password of Basic (or its user, where that is all), else what follows the scheme. */
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

/** Percent-decoded as bytes, which is what a server does before it compares. */
function decoded(segment: string | undefined): string | undefined {
	return segment?.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
