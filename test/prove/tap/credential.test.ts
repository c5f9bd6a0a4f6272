import { describe, expect, test } from "vitest";
import { requestHead } from "../../../src/effects/net/http1.ts";
import { credentialOf, otlpTarget } from "../../../src/prove/tap/credential.ts";
import { fingerprint } from "../../../src/token/fingerprint.ts";
import { canary } from "../../harness/canary.ts";

const { token } = canary();
const other = canary().token;
const id = fingerprint(token);

function credential(target: string, fields: readonly string[] = [], names: readonly string[] = []): string {
	const head = requestHead(
		Buffer.from(`POST ${target} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`),
	);
	const found = otlpTarget(head);
	return found ? credentialOf(head.headers, found, names).fingerprint : "not otlp";
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
		[
			"two Authorization headers: nobody knows which one counts",
			"/v1/logs",
			[`Authorization: Bearer ${token}`, `Authorization: Bearer ${other}`],
			"none",
		],
		["one so short that its fingerprint could be guessed back", "/v1/logs", ["Authorization: Bearer hunter2"], "short"],
		["malformed Basic", "/v1/logs", ["Authorization: Basic !!!"], "none"],
	])("%s", (_name, target, fields, expected) => {
		expect(credential(target, fields, ["x-api-key"])).toBe(expected);
	});

	test("is none of a header that nobody named", () => {
		expect(credential("/v1/logs", [`X-Api-Key: ${token}`])).toBe("none");
	});

	test.each(["GET /v1/logs", "POST /v1/profiles", "POST /v1/logs/x", "POST /v1logs", "POST /"])(
		"%s is no OTLP export",
		(line) => {
			const head = requestHead(Buffer.from(`${line} HTTP/1.1\r\n\r\n`));
			expect(otlpTarget(head)).toBeUndefined();
		},
	);
});
