import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { spliceText } from "../../../src/api/splice-text.ts";
import { whyNotStarting } from "../../../src/generate/check/not-starting.ts";
import { planFor } from "../../contracts/collector.ts";
import { canary } from "../../harness/canary.ts";
import { judged } from "../../harness/refused-configs.ts";

const distribution = await loadDistribution("contrib");
if (!distribution) throw new Error("contrib is there");
const own = [0, 155, 0] as const;
const why = (text: string, before = text) => whyNotStarting(text, before, "c.yaml", { distribution, own });

/** Addresses, and documents that are not read, which adding entries looks at by itself. */
const ELSEWHERE: readonly string[] = ["no-scheme", "second-document"];

/** The real collector says the same of each of them: test/real/validate.test.ts. */
const refused = judged.filter(({ errors, passes }) => errors.some((rule) => !ELSEWHERE.includes(rule)) && !passes);
const accepted = judged.filter(({ errors }) => errors.length === 0);

describe("why a collector does not start with a file that was changed", () => {
	test("something is said of every config that the real one refuses, and nothing of those without a mistake", () => {
		expect(refused.length).toBeGreaterThan(60);
		expect(refused.filter(({ text }) => why(text) === undefined).map(({ name }) => name)).toEqual([]);
		expect(accepted.length).toBeGreaterThan(30);
		expect(accepted.filter(({ text }) => why(text) !== undefined).map(({ name }) => name)).toEqual([]);
	});

	test("the first mistake with its place, how many more there are, and whether they were there before", () => {
		const good =
			"receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n";
		const bad = good.replace("debug: }", "debug: {verbosity: much, loglevel: debug}}");
		const first = "2:32: debug verbosity is not one of basic, normal, detailed; crossfade check finds 1 more";
		const start = "OpenTelemetry Collector Contrib 0.155.0 does not start with this file";
		expect(why(bad)).toBe(`${start}, and did not before: ${first}`);
		expect(why(bad, good)).toBe(`${start}: ${first}`);
		expect(why(good, bad)).toBeUndefined();
	});

	test("a token in the place of a name, a key, a value or a variable is not repeated", () => {
		const { token } = canary();
		const config = (exporters: string, list = "[debug]") =>
			`receivers: {otlp: {protocols: {http: }}}\nexporters: ${exporters}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: ${list}}}}\n`;
		const texts = [
			config(`{debug: {verbosity: "${token}"}}`),
			config(`{debug: {"${token}": 1}}`),
			config(`{"${token}": }`, `["${token}"]`),
			config("{debug: }", `[debug, "debug/${token}"]`),
			config(`{debug: {verbosity: "\${T${token.replaceAll("-", "_")}:-x}"}}`),
		];
		for (const text of texts) {
			const said = why(text);
			expect(said).toContain("does not start with this file");
			expect(said).not.toContain(token.slice(0, 12));
		}
	});

	test("adding our entries to such a file says so first; a mistake that is mended by them is not told", async () => {
		const config = (exporters: string, list: string) =>
			`receivers:\n  otlp:\n    protocols:\n      http:\nexporters:\n  debug:${exporters}\nservice:\n  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters: ${list}\n`;
		const plan = planFor(distribution, { targetVersion: "0.155.0" });
		const wish = { remove: false, force: false, pipelines: undefined, at: undefined };
		const notes = async (text: string) => (await spliceText(text, "c.yaml", plan, wish)).notes;
		expect((await notes(config("\n    verbosity: loud", "[debug]")))[0]).toContain(
			"does not start with this file, and did not",
		);
		expect((await notes(config("", "[]"))).join()).not.toContain("does not start");
	});
});
