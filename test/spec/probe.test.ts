import { describe, expect, test } from "vitest";
import { CrossfadeError } from "../../src/base/errors.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { parseFleet } from "../../src/spec/fleet.ts";
import { parseProbeFlags } from "../../src/spec/probe.ts";
import { canary } from "../harness/canary.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const some: Flags = { token: ["new=file:t"], endpoint: "https://otlp.example.com" };
const plan = (flags: Flags = {}) => parseProbeFlags({ ...some, ...flags }, NOW);

/** What is wrong with flags, as one text. */
function problems(flags: Flags): string {
	try {
		parseProbeFlags(flags, NOW);
	} catch (error) {
		if (error instanceof CrossfadeError) return error.problems.map((each) => JSON.stringify(each)).join("\n");
		throw error;
	}
	return "";
}

describe("a plan", () => {
	test("is careful unless told", () => {
		expect(plan()).toMatchObject({
			tokens: [{ name: "new", ref: { kind: "file", path: "t" } }],
			places: [{ name: "https://otlp.example.com", url: "https://otlp.example.com", isGateway: false }],
			signals: ["logs", "metrics", "traces"],
			paths: ["bearer"],
			protocol: "http/protobuf",
			header: "Authorization",
			scheme: "Bearer",
			proxy: "environment",
			gzip: false,
			timeoutMs: 10_000,
			retries: 0,
			deadline: undefined,
			repeat: undefined,
			evidence: undefined,
		});
	});

	test("takes the provider's facts", () => {
		expect(plan({ endpoint: undefined, provider: "activitylog" })).toMatchObject({
			places: [{ url: "https://api.activitylog.com/api/v1/otlp" }],
			signals: ["logs", "traces"],
		});
	});

	test("takes a CLI's ways: Gemini's path and no proxy", () => {
		expect(plan({ as: "gemini" })).toMatchObject({ paths: ["url"], proxy: undefined, form: { id: "gemini" } });
		expect(plan({ as: "gemini", path: "both", proxy: "http://p.example:1" })).toMatchObject({
			paths: ["bearer", "url"],
			proxy: { url: "http://p.example:1" },
		});
	});

	test("names tokens and gateways, or finds names for them", () => {
		const { tokens, places } = plan({
			token: ["old=env:OLD", "file:with=sign"],
			via: ["eu=https://gw.example:4318/", "http://127.0.0.1:4318"],
			metrics: ["eu=http://gw.example:8888/metrics"],
			endpoint: undefined,
		});
		expect(tokens).toEqual([
			{ name: "old", ref: { kind: "env", name: "OLD" } },
			{ name: "new", ref: { kind: "file", path: "with=sign" } },
		]);
		expect(places).toEqual([
			{ name: "eu", url: "https://gw.example:4318", isGateway: true, metrics: ["http://gw.example:8888/metrics"] },
			{ name: "127.0.0.1:4318", url: "http://127.0.0.1:4318", isGateway: true, metrics: [] },
		]);
	});

	test("knows times as moments and as spans", () => {
		expect(plan({ deadline: "24h" }).deadline).toBe(NOW + 86_400_000);
		expect(plan({ deadline: "2026-02-01T12:00:00+01:00" }).deadline).toBe(Date.parse("2026-02-01T11:00:00Z"));
		expect(plan({ repeat: "30s", until: "2h" }).repeat).toEqual({ everyMs: 30_000, until: NOW + 7_200_000 });
	});

	test("plain http to another machine only when told", () => {
		const flags = { ...some, endpoint: "http://otlp.example.com" };
		expect(problems(flags)).toContain("--allow-plaintext");
		expect(problems({ ...flags, allowPlaintext: true })).toBe("");
	});
});

describe("with a fleet file", () => {
	const fleet = parseFleet(
		`version: 1
provider: torii
overlap: {started: 2026-01-31T10:00:00Z}
tokens: {old: "file:old.token", new: "env:NEW", third: "fp:0123456789ab"}
gateways:
  - {name: eu, otlp: "https://eu.example:4318", metrics: "http://eu.example:8888/metrics"}
  - {name: us, metrics: "http://us.example:8888/metrics"}
evidence: seen
`,
		"crossfade.yaml",
		"/fleet",
	);

	test("no flag is needed", () => {
		const { tokens, places, signals, deadline, evidence, leftOut } = parseProbeFlags({}, NOW, fleet);
		expect(tokens).toEqual([
			{ name: "old", ref: { kind: "file", path: "/fleet/old.token" } },
			{ name: "new", ref: { kind: "env", name: "NEW" } },
		]);
		expect(places.map(({ name, isGateway, metrics }) => [name, isGateway, metrics])).toEqual([
			["https://ai-events.toriihq.com", false, []],
			["eu", true, ["http://eu.example:8888/metrics"]],
		]);
		expect({ signals, deadline, evidence }).toEqual({
			signals: ["logs", "metrics"],
			deadline: Date.parse("2026-02-01T10:00:00Z"),
			evidence: "/fleet/seen",
		});
		expect(leftOut).toMatchObject([
			{ what: "skipping the token named third", got: expect.stringContaining("0123456789ab") },
			{ what: "skipping the gateway named us", got: "no otlp address in the fleet file" },
		]);
	});

	test("flags choose tokens and places instead", () => {
		const flags: Flags = { token: ["new=file:n"], via: ["x=http://127.0.0.1:1"], deadline: "1h", evidence: "e" };
		expect(parseProbeFlags(flags, NOW, fleet)).toMatchObject({
			tokens: [{ name: "new" }],
			places: [{ name: "x" }],
			signals: ["logs", "metrics"],
			deadline: NOW + 3_600_000,
			evidence: "e",
			leftOut: [],
		});
		const { places, provider, signals } = parseProbeFlags({ endpoint: "https://a.example" }, NOW, fleet);
		expect([places.map(({ name }) => name), provider.id, signals.length]).toEqual([["https://a.example"], "custom", 3]);
	});
});

describe("invalid input", () => {
	test.each<[flags: Flags, what: string]>([
		[{}, "no token given"],
		[{}, "no destination"],
		[{ ...some, token: ["new=file:a", "new=file:b"] }, "two tokens have the same name"],
		[{ ...some, token: ["a=-", "b=fd:0"] }, "which can be read only once"],
		[{ ...some, token: ["old=whatever"] }, "not a token reference"],
		[{ ...some, provider: "tori" }, "did you mean --provider torii?"],
		[{ ...some, endpoint: "otlp.example.com" }, "no scheme"],
		[{ ...some, endpoint: "https://otlp.example.com/v1/logs" }, "for a single signal"],
		[{ ...some, endpoint: "https://me:pw@otlp.example.com" }, "user name or password"],
		[{ ...some, via: ["a=https://x.example", "a=https://y.example"] }, "two gateways have the same name"],
		[{ ...some, via: ["nonsense"] }, "no scheme"],
		[{ ...some, via: ["eu=https://x.example"], metrics: ["us=http://x:1/m"] }, "unknown gateway"],
		[{ ...some, metrics: ["http://x:1/m"] }, "metrics without a gateway"],
		[{ ...some, via: ["eu=https://x.example"], metrics: ["ftp://x"] }, "not a gateway's metrics URL"],
		[{ ...some, signals: "logs,spans" }, "unknown signal"],
		[{ ...some, provider: "activitylog", signals: "metrics" }, "accepts no metrics"],
		[{ ...some, provider: "activitylog", path: "url" }, "accepts no token in the URL"],
		[{ ...some, protocol: "grpc", path: "url" }, "gRPC cannot send the token in the URL"],
		[{ ...some, protocol: "grpc", gzip: true }, "not supported with gRPC"],
		[{ ...some, protocol: "http" }, "unknown protocol"],
		[{ ...some, as: "claude" }, "one of claude-code, codex, gemini"],
		[{ ...some, cert: "c.pem" }, "a client certificate needs two files"],
		[{ ...some, proxy: "http://u:p@proxy:1" }, "HTTPS_PROXY"],
		[{ ...some, proxy: "socks5://proxy:1" }, "not a valid proxy"],
		[{ ...some, retry: "many" }, "not a number of retries"],
		[{ ...some, retry: "11" }, "not a number of retries"],
		[{ ...some, timeout: "0s" }, "not a duration"],
		[{ ...some, repeat: "10ms" }, "too often"],
		[{ ...some, until: "1h" }, "requires --repeat"],
		[{ ...some, repeat: "30s", junit: true }, "cannot be combined with --repeat"],
		[{ ...some, json: true, junit: true }, "cannot be combined"],
		[{ ...some, deadline: "2026-01-31T12:00" }, "not a time"],
		[{ ...some, deadline: "tomorrow" }, "not a time"],
		[{ ...some, deadline: "2026-13-31T12:00:00Z" }, "not a time"],
	])("%j: %s", (flags, what) => {
		expect(problems(flags)).toContain(what);
	});

	test("everything is said at once", () => {
		const all = problems({ token: ["nowhere"], endpoint: "x", retry: "-1", timeout: "1", deadline: "never" }).split(
			"\n",
		);
		expect(all).toHaveLength(5);
	});

	test("a token in the wrong place is not repeated", () => {
		const { token } = canary();
		const wrong: Flags[] = [
			{ token: [token] },
			{ token: [`${token}=file:x`] },
			{ token: [`new=${token}`] },
			{
				...some,
				via: [token, `https://${token}@x.example`, `https://x.example/${token}`, `gw=https://x.example/${token}`],
			},
			{ ...some, via: ["gw=https://x.example"], metrics: [token, `http://x/${token}?`, `other${token}=http://x`] },
			{
				...some,
				proxy: token,
				as: token,
				provider: token,
				retry: token,
				deadline: token,
				timeout: token,
				signals: token,
			},
		];
		for (const flags of wrong) {
			const said = problems(flags);
			expect(said).not.toBe("");
			expect(said).not.toContain(token);
		}
	});
});
