import { describe, expect, test } from "vitest";
import { filesBelow } from "../harness/canary.ts";
import { crossfadeProcess, startCrossfade } from "../harness/cli.ts";
import { demoWorld, expectNoToken, expectNothingLeft, processesOf, verdicts } from "../harness/demo.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";

/**
 * Without the stranger and the numbers of open points: through the tap the provider is seen to refuse that credential, while a collector
 * answers by itself, and its own token is a point more.
 */
function comparable(steps: Record<string, readonly string[]>) {
	const plain = (line: string) => line.replace(/UNATTRIBUTED 1 /, "").replace(/ \(\d+ points? open\)/, "");
	return Object.fromEntries(
		Object.entries(steps).map(([title, lines]) => [
			title,
			lines.filter((line) => !line.startsWith("UNATTRIBUTED build-box")).map(plain),
		]),
	);
}

describe("crossfade demo through a real collector", needs(otelcol), () => {
	test("comes to the same verdicts, step by step, as through the tap, and leaves nothing", async () => {
		const [tap, collector] = [demoWorld(), demoWorld()];
		const withTap = await crossfadeProcess(["demo", "--fast", "--collector", "tap"], tap.options);
		const real = await crossfadeProcess(["demo", "--fast", "--collector", otelcol.path], collector.options);
		for (const { code, stderr } of [withTap, real]) expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		const steps = verdicts(real.stdout);
		expect(comparable(steps)).toEqual(comparable(verdicts(withTap.stdout)));
		expect(steps["SAFE"]).toContain("Safe to retire the old token: yes");
		expect(steps["STRAGGLERS"]?.join("\n")).toMatch(/OLD ONLY 2 UNATTRIBUTED 1 MIGRATED 11/);
		const { stdout } = real;
		expect(stdout).toMatch(
			/^the gateway is otelcol\S* version \d+\.\d+\.\d+ \(.*\); to use crossfade tap: --collector tap\n/,
		);
		expect(stdout.match(/switched without a restart/g)).toHaveLength(1);
		const [, requests] = /THE END: (\d+) requests, safe to retire: over/.exec(stdout) ?? [];
		expect(stdout).toContain(`All ${requests} records that were sent reached the provider.`);
		for (const { fingerprint } of collector.canaries) expect(stdout).toContain(fingerprint);
		expectNoToken(stdout);
		await expectNothingLeft(tap.cwd);
		await expectNothingLeft(collector.cwd);
	});

	test.each([
		["SIGINT", "SIGINT"],
		["SIGTERM", "SIGINT"],
		["SIGHUP", "SIGHUP"],
	] as const)("interrupted by %s, and again by %s, leaves nothing", async (...signals) => {
		const { cwd, options } = demoWorld();
		const demo = startCrossfade(["demo", "--pace", "50ms", "--collector", otelcol.path], options);
		await demo.printed(/ROLLOUT/);
		expect(processesOf(cwd)).toHaveLength(1);
		for (const ended of signals.map((signal) => demo.stop(signal))) {
			expect(await ended).toMatchObject({ code: 130, stderr: "" });
		}
		await expectNothingLeft(cwd);
	});

	test("a collector that dies in the middle is an error, not a verdict", async () => {
		const { cwd, options } = demoWorld();
		const run = crossfadeProcess(["demo", "--pace", "50ms", "--collector", otelcol.path], options);
		await waitFor("counters to be read", () =>
			Object.keys(filesBelow(cwd)).some((path) => /traffic-.*ndjson$/.test(path)),
		);
		for (const pid of processesOf(cwd)) process.kill(pid, "SIGKILL");
		const { code, stdout, stderr } = await run;
		expect(code).toBe(7);
		expect(stderr).toContain("the collector exited during the demo");
		expect(stdout).not.toContain("THE END");
		await expectNothingLeft(cwd);
	});
});
