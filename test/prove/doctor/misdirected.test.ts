import { describe, expect, test } from "vitest";
import { verdictOf } from "../../../src/prove/doctor/verdict.ts";
import { canary } from "../../harness/canary.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../../harness/clis/configs.ts";
import { consult, HOME, type SimulatedMachine } from "./world.ts";

const OURS = "https://otlp.example.com";
const { token, fingerprint } = canary();
const to = { url: OURS, token };
const npm = (name: string, version: string) => ({
	[`${HOME}/.npm-global/lib/node_modules/${name}/package.json`]: JSON.stringify({ name, version }),
});
const claude = npm("@anthropic-ai/claude-code", "2.1.330");
const codex = npm("@openai/codex", "0.169.0");
const user = `${HOME}/.claude/settings.json`;
const managed = "/etc/claude-code/managed-settings.json";
const dropIn = "/etc/claude-code/managed-settings.d/50-crossfade.json";
const env = (variables: Readonly<Record<string, string>>) => JSON.stringify({ env: variables });

async function errors(id: string, world: SimulatedMachine): Promise<string[]> {
	const diagnosis = await consult(id, world);
	const found = diagnosis.findings.filter(({ severity }) => severity === "error").map(({ what }) => what);
	// Whatever it is called, it is not ok.
	if (found.length > 0) expect(verdictOf([diagnosis])).not.toBe("ok");
	return found;
}

describe("a token that goes to a host it is not meant for is an error", () => {
	test.each<[what: string, id: string, world: SimulatedMachine, expected: RegExp]>([
		[
			"another host than the fleet's",
			"codex",
			{ files: { ...codex, [`${HOME}/.codex/config.toml`]: codexConfig(to) }, hosts: ["ingest.example.net"] },
			/^the token is sent with logs to otlp.example.com, and is meant for ingest.example.net$/,
		],
		[
			"another port of it",
			"codex",
			{ files: { ...codex, [`${HOME}/.codex/config.toml`]: codexConfig(to) }, hosts: ["otlp.example.com:8443"] },
			/^the token is sent with logs to otlp.example.com, and is meant for otlp.example.com:8443$/,
		],
		[
			"the token in the path of another host's URL",
			"gemini",
			{
				files: { ...npm("@google/gemini-cli", "0.61.0"), [`${HOME}/.gemini/settings.json`]: geminiSettings(to) },
				hosts: ["ingest.example.net"],
			},
			/^the token is sent with logs to otlp.example.com, and is meant for ingest.example.net$/,
		],
		[
			"an endpoint for one signal in a managed file beside our drop-in",
			"claude-code",
			{
				files: {
					...claude,
					[managed]: env({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://otel.corp.example/v1/metrics" }),
					[dropIn]: claudeSettings(to),
				},
			},
			/^the token of the managed drop-in is sent with metrics to otel.corp.example, which the managed file sets$/,
		],
		[
			"an endpoint in ~/.claude.json",
			"claude-code",
			{
				files: {
					...claude,
					[`${HOME}/.claude.json`]: env({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://else.example/x" }),
					[user]: claudeSettings(to),
				},
			},
			/^the token of the user's file is sent with logs to else.example, which the user's state file sets$/,
		],
		[
			"an endpoint of the shell",
			"claude-code",
			{
				files: { ...claude, [user]: claudeSettings(to) },
				env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://else.example/x" },
			},
			/^the token of the user's file is sent with logs to else.example, which the environment sets$/,
		],
		[
			"a managed endpoint with the header of the user",
			"claude-code",
			{
				files: {
					...claude,
					[managed]: env({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.corp.example" }),
					[user]: claudeSettings(to),
				},
			},
			/^the token of the user's file is sent with logs to otel.corp.example, which the managed file sets$/,
		],
		[
			"the shell's token at the endpoint of the file",
			"codex",
			{
				files: { ...codex, [`${HOME}/.codex/config.toml`]: codexConfig(to) },
				env: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}` },
				hosts: ["else.example"],
			},
			/^the token is sent with logs to otlp.example.com, and is meant for else.example$/,
		],
	])("%s", async (_what, id, world, expected) => {
		expect(await errors(id, world)).toContainEqual(expect.stringMatching(expected));
	});

	test("it is named where it is known", async () => {
		const known = [{ name: "new", fingerprint }];
		const files = { ...codex, [`${HOME}/.codex/config.toml`]: codexConfig(to) };
		expect(await errors("codex", { files, known, hosts: ["else.example"] })).toContainEqual(
			"the new token is sent with metrics to otlp.example.com, and is meant for else.example",
		);
	});

	test("none where the host is one of those given, or endpoint and token are of one file", async () => {
		const files = { ...codex, [`${HOME}/.codex/config.toml`]: codexConfig(to) };
		expect(await errors("codex", { files, hosts: ["a.example", "otlp.example.com"] })).toEqual([]);
		expect(await errors("codex", { files })).toEqual([]);
	});

	test("an endpoint and a token of two files, where nobody says that they belong together, is a warning", async () => {
		const header = { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}` };
		const { OTEL_EXPORTER_OTLP_HEADERS: _, ...others } = JSON.parse(claudeSettings(to)).env;
		const world = { files: { ...claude, [`${HOME}/.claude.json`]: env(header), [user]: env(others) } };
		const diagnosis = await consult("claude-code", world);
		expect(diagnosis.findings).toContainEqual(
			expect.objectContaining({
				severity: "warning",
				what: "the token of the user's state file is sent with logs to otlp.example.com, which the user's file sets",
			}),
		);
		expect(verdictOf([diagnosis])).toBe("findings");
		const sure = await consult("claude-code", { ...world, hosts: ["otlp.example.com"] });
		expect(sure.findings).toEqual([]);
	});
});
