import { describe, expect, test } from "vitest";
import { refusedBefore, refusedNow } from "../../src/adapters/clis/claude-code/values.ts";
import { layering } from "../../src/adapters/clis/codex/layers.ts";
import { parseSettings } from "../../src/prove/doctor/parse.ts";
import { canary } from "../harness/canary.ts";
import { claudeValues } from "../harness/clis/claude-values.ts";
import { codexValues } from "../harness/clis/codex-values.ts";

const exporter = (name: string, path: string) =>
	`[otel.${name}.otlp-http]\nendpoint = "https://ingest.example.com/v1/${path}"\nprotocol = "binary"\n`;
/** Right settings of telemetry. */
const TELEMETRY = `\n${exporter("exporter", "logs")}${exporter("metrics_exporter", "metrics")}`;

/** What doctor makes of a file with these lines. */
function known(toml: string): { readonly is: string; readonly why: string | undefined } {
	const parsed = parseSettings(Buffer.from(toml + TELEMETRY), "toml", layering.tolerance);
	if ("problem" in parsed) return { is: "does not start", why: parsed.problem };
	const { document } = parsed;
	const at = (pointer: string) =>
		pointer
			.slice(1)
			.split("/")
			.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
	const get = (pointer: string) => (typeof at(pointer) === "string" ? String(at(pointer)) : undefined);
	const none = { layer: () => undefined, below: () => [], programToken: undefined };
	const settings = { get, at, isRelease: () => false, ...none };
	const why = layering.refusal?.(settings);
	if (why !== undefined) return { is: "does not start", why };
	const emissions = layering.emissions(settings);
	const sent = new Set(emissions.map((each) => each.sent));
	return { is: sent.size === 1 && sent.has("yes") ? "starts" : "open", why: emissions[0]?.why };
}

describe.each(Object.entries(codexValues))("Codex: %s", (what, snippets) => {
	test.each(snippets.map((each) => [each]))("%j", (toml) => {
		expect(what.split(",")[0]).toBe(known(toml).is);
	});
});

test("a number says its bounds", () => {
	expect(known("mcp_oauth_callback_port = 70000").why).toBe("mcp_oauth_callback_port must be 0 to 65535");
	expect(known("project_doc_max_bytes = -1").why).toBe("project_doc_max_bytes must be a whole number, 0 or more");
});

test("a key that is hostile or could be a token is not repeated", () => {
	const { token } = canary();
	const why = known(`[features]\n"${token}\\u001b[31m" = 1`).why ?? "";
	expect(why).toMatch(/^features\..*must be of type boolean$/);
	expect(why).not.toContain("\u001b");
	expect(why).not.toContain(token);
});

const rowsOf = (values: Readonly<Record<string, readonly unknown[]>>) =>
	Object.entries(values).flatMap(([key, each]) => each.map((value) => [key, value] as const));

describe("Claude Code", () => {
	test.each(rowsOf(claudeValues.refused))("%s = %j: all of the file is left out", (key, value) => {
		expect(refusedNow({ [key]: value })).toMatch(/ must /);
	});

	test.each(rowsOf(claudeValues.taken))("%s = %j: the file counts", (key, value) => {
		expect(refusedNow({ [key]: value })).toBeUndefined();
	});

	test.each(rowsOf(claudeValues.refusedBefore))(
		"%s = %j: 2.1.81 leaves the file out, 2.1.330 does not",
		(key, value) => {
			expect(refusedNow({ [key]: value })).toBeUndefined();
			expect(refusedBefore({ [key]: value })).toMatch(/ must /);
		},
	);
});
