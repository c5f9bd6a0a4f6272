import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { narration } from "../../src/rehearse/demo/narration.ts";
import { expectedHosts, minutes, sending } from "../../src/rehearse/demo/simulated-fleet.ts";
import { scratch, startCrossfade } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { demoWorld, expectNoToken, expectNothingLeft, processesOf } from "../harness/demo.ts";
import { waitFor } from "../harness/wait.ts";

/** A program in a folder of its own. */
function programNamed(name: string, script: string): string {
	const path = join(scratch({ [name]: `#!/bin/sh\n${script}\n` }), name);
	chmodSync(path, 0o755);
	return path;
}

test("crossfade demo runs the whole rotation, from one token to the expiry of the old one, and leaves only the report", async () => {
	const { cwd, options, canaries } = demoWorld();
	const { code, stdout, stderr } = await crossfade(["demo", "--fast", "--out", "report.html"], options);
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	expect(stdout).toMatch(/^the gateway is crossfade tap; to use a real collector, put otelcol-contrib on PATH/);
	const answers = [...stdout.matchAll(/retire the old token: (yes|not yet|not known|over)/g)].map(
		([, answer]) => answer,
	);
	expect(answers).toEqual(["not yet", "not yet", "not yet", "yes"]);
	for (const { title } of narration) expect(stdout).toContain(`${title.toUpperCase()}: `);
	expect(stdout).toMatch(/old +bearer +logs +the provider +ACCEPTED[\s\S]*old +bearer +logs +the provider +REJECTED/);
	expect(stdout).toMatch(
		/ROTATE: [\s\S]*done +ask for the new token\n +person [\s\S]*done +prove the new token [\s\S]*done +write the new token \(mdm\): written\n/,
	);
	expect(stdout).toMatch(/DEADLINE: [\s\S]*done +prove that the old token is refused[\s\S]*done +close the operation/);
	expect(stdout).not.toMatch(/FAILED|UNKNOWN|error: /);
	expect(stdout).toContain("Credentials that are neither token: 1");
	expect(stdout).toMatch(
		/THE END: \d+ requests, safe to retire: over \(the old token expired 1 h ago: no known sender/,
	);
	for (const { fingerprint } of canaries) expect(stdout).toContain(fingerprint);
	expectNoToken(stdout);
	const report = readFileSync(join(cwd, "report.html"), "utf8");
	for (const host of expectedHosts) expect(report).toContain(host);
	await expectNothingLeft(cwd, ["report.html"]);
});

test.each([
	[["--pace", "slow"], "such as 400ms"],
	[["--collector", "no-such-collector"], "program not found"],
	[["--collector", "/etc/passwd"], "a program of OpenTelemetry Collector Contrib, or tap"],
])("%s is one clear error", async (flags, said) => {
	expect(await crossfade(["demo", ...flags])).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
});

test("a report that would overwrite a file is refused before anything is started", async () => {
	const cwd = scratch({ "report.html": "mine" });
	const { code, stdout, stderr } = await crossfade(["demo", "--fast", "--out", "report.html"], { cwd });
	expect({ code, stdout }).toEqual({ code: 11, stdout: "" });
	expect(stderr).toContain("a different file already exists");
	expect(readFileSync(join(cwd, "report.html"), "utf8")).toBe("mine");
});

describe("a collector that does not start: the reason, in one line, and the demo continues with the tap;", () => {
	test.each([
		[
			"its own words",
			`echo "Error: failed to get config: 'exporters' unknown type: \\"otlp_http\\"" >&2; exit 1`,
			"unknown type",
		],
		["no words", "exit 1", "it exited without a message"],
	])("%s", async (_, script, reason) => {
		const path = programNamed("otelcol-contrib", script);
		const { cwd, options } = demoWorld({ path: join(path, "..") });
		const demo = startCrossfade(["demo"], options);
		await demo.printed(/ROTATE/);
		const { code, stdout, stderr } = await demo.stop();
		expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
		const [first, second] = stdout.split("\n");
		expect(first).toContain("/otelcol-contrib does not start: ");
		expect(first).toContain(reason);
		expect(second).toMatch(/^the gateway is crossfade tap/);
		await expectNothingLeft(cwd);
	});
});

describe("interrupted, it leaves nothing:", () => {
	test("in the middle of the demo", async () => {
		const { cwd, options } = demoWorld();
		const demo = startCrossfade(["demo", "--pace", "50ms"], options);
		await demo.printed(/ROLLOUT/);
		expect(await demo.stop()).toMatchObject({ code: 130, stderr: "" });
		await expectNothingLeft(cwd);
	});

	test("while a collector starts that ignores signals", async () => {
		const stubborn = programNamed(
			"stubborn",
			`[ "$1" = --version ] || { trap "" TERM INT HUP; while :; do sleep 1; done; }`,
		);
		const { cwd, options } = demoWorld({ path: process.env["PATH"] ?? "" });
		const demo = startCrossfade(["demo", "--collector", stubborn], options);
		// Its own process and that of the collector, whose config is in the folder.
		await waitFor("the collector to be started", () => processesOf(cwd).length === 1);
		expect(await demo.stop()).toMatchObject({ code: 130, stdout: "", stderr: "" });
		await expectNothingLeft(cwd);
	});
});

test("the fleet: every CLI sends, and none with the old token in its last hours", () => {
	const all = minutes.flatMap((minute) => sending(minute).map((each) => ({ minute, ...each })));
	expect([...new Set(all.map(({ sender }) => sender.host))].sort()).toEqual([...expectedHosts, "build-box"].sort());
	expect(Math.max(...all.filter(({ credential }) => credential === "old").map(({ minute }) => minute))).toBe(
		19 * 60 + 15,
	);
});
