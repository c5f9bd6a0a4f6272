import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const [old, next] = [canary(), canary()];
const tokens = ["--token", `old=fp:${old.fingerprint}`, "--token", `new=fp:${next.fingerprint}`];

describe("collector --attribute", () => {
	test.each([
		["contrib", [], "senders", "http://127.0.0.1:9464/metrics"],
		["contrib", tokens, "tokens", "http://127.0.0.1:8888/metrics"],
		["k8s", tokens, "tokens", "http://127.0.0.1:8888/metrics"],
		["splunk", tokens, "tokens", "http://127.0.0.1:8888/metrics"],
		["datadog", [], "senders", "http://127.0.0.1:9464/metrics"],
		["elastic", [], "senders", "http://127.0.0.1:9464/metrics"],
		["ddot", tokens, "tokens", "http://127.0.0.1:8888/metrics"],
		["edot", tokens, "tokens", "http://127.0.0.1:8888/metrics"],
	])("%s %j counts %s", async (id, more, way, metrics) => {
		const { code, stdout } = await crossfade(["collector", "-d", id, "--attribute", "--json", ...more]);
		expect(code).toBe(0);
		expect(JSON.parse(stdout).attribution).toMatchObject({ way, metrics, cannotTell: expect.any(Array) });
	});

	test("Alloy writes its counters to Prometheus, and must be started for experimental components", async () => {
		const cwd = scratch();
		const to = ["--metrics-to", "http://prometheus.example.com:9090/api/v1/write"];
		const { code } = await crossfade(["collector", "-d", "alloy", "--attribute", ...to, "--out", "made"], { cwd });
		expect(code).toBe(0);
		expect(readFileSync(join(cwd, "made/config.alloy"), "utf8")).toContain(`url = "${to[1]}"`);
		expect(readFileSync(join(cwd, "made/RUNBOOK.md"), "utf8")).toContain("--stability.level=experimental");
	});

	test.each([
		[["-d", "adot", "--attribute"], "has no transform processor", "put crossfade tap in front of it"],
		[
			["-d", "adot", "--attribute", "tokens", ...tokens],
			"has no routing connector",
			"put crossfade tap in front of it",
		],
		[["-d", "k8s", "--attribute"], "none was given", "--token old=fp:"],
		[["-d", "k8s", "--attribute", "senders"], "no signal_to_metrics connector", "use --attribute tokens"],
		[["-d", "alloy", "--attribute", "tokens", ...tokens], "has no routing connector", "use --attribute senders"],
		[["-d", "alloy", "--target-version", "1.17", "--attribute"], "otelcol.connector.signaltometrics", "crossfade tap"],
		[["-d", "contrib", "--target-version", "0.146", "--attribute"], "cannot distinguish requests", "upgrade it"],
		[["-d", "contrib", "--attribute", "ports", "--platform", "ecs", ...tokens], "one file per token", "tokens"],
		[["-d", "contrib", "--attribute", "tokens", "--strip-fingerprint", ...tokens], "adds no fingerprint", "omit it"],
		[
			["-d", "contrib", "--attribute", "--metrics-to", "http://x:1/w"],
			"serves its counters on a metrics page",
			"omit it",
		],
		[["-d", "contrib", "--attribute", "senders", ...tokens], "distinguishes every token", "omit it"],
		[
			["-d", "contrib", "--target-version", "0.120", "--auth-header", "x-key", "--attribute", "ports", ...tokens],
			"only in the Authorization header",
			"upgrade it",
		],
		[["-d", "contrib", "--attribute", "sender"], "unknown way to attribute", "senders"],
		[["-d", "contrib", ...tokens], "--token: requires --attribute", "add --attribute"],
		[["-d", "contrib", "--strip-fingerprint"], "--strip-fingerprint: requires --attribute", "add --attribute"],
		[["-d", "contrib", "--attribute", ...tokens, ...tokens], "two tokens are named old", "give every token once"],
		[["-d", "contrib", "--attribute", "--token", "new=file:t"], "by fingerprint", "sha256sum"],
		[["-d", "contrib", "--attribute", "--token", `new=${old.token}`], "by fingerprint", "sha256sum"],
	])("%j is refused: %s", async (args, what, fix) => {
		const { code, stdout, stderr } = await crossfade(["collector", ...args], {
			canaries: [old],
			seenInArguments: true,
		});
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(stderr).toContain(what);
		expect(stderr).toContain(fix);
		expect(stderr).not.toContain(old.token);
	});

	test("an existing config does not get include_metadata", async () => {
		const cwd = scratch();
		const path = join(cwd, "mine.yaml");
		const mine = "receivers: {otlp: {protocols: {http: }}}\n";
		writeFileSync(path, mine);
		const refused = await crossfade(["collector", "-d", "contrib", "--attribute", "--into", path, "--write"], { cwd });
		expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("put the new gateway in front") });
		expect(readFileSync(path, "utf8")).toBe(mine);
	});
});
