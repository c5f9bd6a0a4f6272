import { describe, expect, test } from "vitest";
import { requestHead } from "../../../src/effects/net/http1.ts";
import { credentialsOf, otlpTarget } from "../../../src/prove/tap/credential.ts";
import { fingerprint } from "../../../src/token/fingerprint.ts";
import { canary } from "../../harness/canary.ts";

const { token } = canary();
const other = canary().token;
const id = fingerprint(token);

/** The fingerprints of all credentials of a request, the one that it is counted as first. */
function credentials(
	line: string,
	fields: readonly string[] = [],
	names: readonly string[] = [],
	known = "",
): string[] {
	const head = requestHead(Buffer.from(`${line} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`));
	const isKnown = (each: string) => each === known;
	return credentialsOf(head, otlpTarget(head), { names, isKnown }).map((each) => each.fingerprint);
}

const basic = (pair: string) => `Authorization: Basic ${Buffer.from(pair).toString("base64")}`;

describe("the credential of a request", () => {
	test.each<[string, string, string[], string]>([
		["Bearer", "/v1/logs", [`Authorization: Bearer ${token}`], id],
		["any scheme, in any case", "/v1/traces", [`authorization:  BEARER\t${token} `], id],
		["a token without a scheme", "/v1/logs", [`Authorization: ${token}`], id],
		["Basic: the password, as Gemini CLI makes it of a URL's user", "/v1/logs", [basic(`user:${token}`)], id],
		["Basic: the user where there is no password", "/v1/logs", [basic(`${token}:`)], id],
		["the path, as Gemini CLI sends it", `/${token}/v1/metrics`, [], id],
		["the path behind a base path", `/ingest/${token}/v1/metrics/`, [], id],
		["the path, percent-encoded", `/${token.replace("k", "%6B")}/v1/logs`, [], id],
		["a query parameter", `/v1/logs?x=1&token=${token}`, [], id],
		["a header of a name that was given", "/v1/logs", [`X-Api-Key: ${token}`], id],
		["Authorization before the path", `/${other}/v1/logs`, [`Authorization: Bearer ${token}`], id],
		["nothing", "/v1/logs", [], "none"],
		["a path of short words only", "/ingest/otlp/v1/logs", [], "none"],
		["one so short that its fingerprint could be guessed back", "/v1/logs", ["Authorization: Bearer hunter2"], "short"],
		["malformed Basic", "/v1/logs", ["Authorization: Basic !!!"], "none"],
	])("%s", (_name, target, fields, expected) => {
		expect(credentials(`POST ${target}`, fields, ["x-api-key"])).toEqual([expected]);
	});

	test("is none of a header that nobody named, unless its token is known", () => {
		expect(credentials("POST /v1/logs", [`X-Api-Key: ${token}`])).toEqual(["none"]);
		expect(credentials("POST /v1/logs", [`X-Api-Key: ${token}`], [], id)).toEqual([id]);
	});

	const ours = `Authorization: Bearer ${other}`;
	test.each<[string, string, string[]]>([
		["the same header twice", "POST /v1/logs", [ours, `Authorization: Bearer ${token}`]],
		["a second header that was named", "POST /v1/logs", [ours, `X-Api-Key: ${token}`]],
		["the user beside the password of Basic", "POST /v1/logs", [basic(`${token}:${other}`)]],
	])("two at once are both use: %s", (_, line, fields) => {
		expect(credentials(line, fields, ["x-api-key"])).toEqual([fingerprint(other), id]);
	});

	test.each<[string, string, string[]]>([
		["a header of any name", "POST /v1/logs", [ours, `X-Whatever: ${token}`]],
		["with a scheme", "POST /v1/logs", [ours, `Proxy-Authorization: Bearer ${token}`]],
		["as a parameter of a header", "POST /v1/logs", [ours, `X-Auth: Api-Key key=${token}`]],
		["in quotes", "POST /v1/logs", [ours, `X-Auth: Token token="${token}", realm="x"`]],
		["in a cookie", "POST /v1/logs", [ours, `Cookie: a=1; session=${token}`]],
		["in baggage, percent-encoded", "POST /v1/logs", [ours, `baggage: a=1,t=${token.replace("k", "%6B")}`]],
		["in the path beside a header", `POST /${token}/v1/logs`, [ours]],
		["in the path behind the signal", `POST /v1/logs/${token}`, [ours]],
		["in a query of any name", `POST /v1/logs?whatever=${token}`, [ours]],
		["by another method", `GET /status/${token}?a=1`, [ours]],
		["with a signal that is not counted", `POST /${token}/v1development/profiles`, [ours]],
	])("a known token counts wherever it is: %s", (_, line, fields) => {
		expect(credentials(line, fields, [], id)).toEqual([fingerprint(other), id]);
		expect(credentials(line, fields)).toEqual([fingerprint(other)]);
	});

	test.each(["GET /v1/logs", "POST /v1/profiles", "POST /v1/logs/x", "POST /v1logs", "POST /"])(
		"%s is no OTLP export",
		(line) => {
			const head = requestHead(Buffer.from(`${line} HTTP/1.1\r\n\r\n`));
			expect(otlpTarget(head)).toBeUndefined();
		},
	);
});
