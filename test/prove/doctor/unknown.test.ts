import { describe, expect, test } from "vitest";
import { cli } from "../../../src/adapters/clis/claude-code/index.ts";
import { verdictOf } from "../../../src/prove/doctor/verdict.ts";
import type { JudgedRow } from "../../../src/prove/probe/verdict.ts";
import { canary } from "../../harness/canary.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../../harness/clis/configs.ts";
import { consult, HOME, type SimulatedMachine } from "./world.ts";

const { token, fingerprint } = canary();
const to = { url: "https://otlp.example.com", token };
const npm = (name: string, version: string) => ({
	[`${HOME}/.npm-global/lib/node_modules/${name}/package.json`]: JSON.stringify({ name, version }),
});
const claude = npm("@anthropic-ai/claude-code", "2.1.330");
const codex = npm("@openai/codex", "0.169.0");
const gemini = npm("@google/gemini-cli", "0.61.0");
const user = `${HOME}/.claude/settings.json`;
const config = `${HOME}/.codex/config.toml`;

async function judged(id: string, world: SimulatedMachine) {
	const diagnosis = await consult(id, world);
	return {
		exit: verdictOf([diagnosis]),
		said: diagnosis.findings.map(({ severity, what }) => `${severity} ${what}`),
		signals: diagnosis.signals.map(({ signal, sent }) => `${signal} ${sent}`),
		fingerprints: [...new Set(diagnosis.signals.map(({ secret }) => secret?.fingerprint))],
	};
}

describe("our own program for the header", () => {
	const folder = `${HOME}/.claude`;
	const settings = claudeSettings(to, {}, { otelHeadersHelper: `/bin/sh ${folder}/crossfade-header` });
	const whole = {
		...claude,
		[user]: settings,
		[`${folder}/crossfade-header`]: cli.header?.program ?? "",
		[`${folder}/crossfade-token`]: `${token}\n`,
	};

	test("its token is the one that is sent", async () => {
		expect(await judged("claude-code", { files: whole })).toEqual({
			exit: "ok",
			said: [],
			signals: ["logs yes", "metrics yes"],
			fingerprints: [fingerprint],
		});
	});

	test("its token is said to be open where others can read it", async () => {
		const files = { ...whole, [`${folder}/crossfade-token`]: { text: `${token}\n`, mode: 0o644 } };
		expect((await judged("claude-code", { files })).said).toEqual([
			expect.stringMatching(/^warning other accounts can read the token in this file/),
		]);
	});

	test.each<[what: string, files: SimulatedMachine["files"], expected: string]>([
		["is missing", { [`${folder}/crossfade-token`]: token }, "is missing or cannot be read, so nothing is sent"],
		[
			"was changed",
			{ ...whole, [`${folder}/crossfade-header`]: "#!/bin/sh\necho '{}'\n" },
			"is not the one that crossfade installs",
		],
		[
			"has an empty token file",
			{ ...whole, [`${folder}/crossfade-token`]: "\n" },
			"is missing, empty or cannot be read",
		],
		[
			"cannot read its token",
			{ ...whole, [`${folder}/crossfade-token`]: { text: "", isUnreadable: true } },
			"is missing, empty or cannot be read",
		],
	])("that %s is an error", async (_what, files, expected) => {
		const { exit, said } = await judged("claude-code", { files: { ...claude, [user]: settings, ...files } });
		expect(said).toContainEqual(expect.stringMatching(new RegExp(`^error .*${expected}`)));
		expect(exit).not.toBe("ok");
	});
});

test("a program of somebody else is not run, and so nothing is ok", async () => {
	const files = {
		...claude,
		[user]: claudeSettings(to, {}, { otelHeadersHelper: "/usr/local/bin/corp-otel-headers" }),
	};
	const { exit, signals, fingerprints } = await judged("claude-code", { files });
	expect({ exit, signals, fingerprints }).toEqual({
		exit: "noEvidence",
		signals: ["logs unknown", "metrics unknown"],
		fingerprints: [undefined],
	});
});

test("gRPC is not ok, because what is sent then is not known", async () => {
	const files = { ...claude, [user]: claudeSettings(to, { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }) };
	const { exit, said } = await judged("claude-code", { files });
	expect(said).toContain("warning not known what it sends of logs: what it sends with gRPC is not known");
	expect(exit).toBe("noEvidence");
});

test("an endpoint without a scheme is an error, not a place", async () => {
	const files = { ...claude, [user]: claudeSettings({ ...to, url: "127.0.0.1:4318" }) };
	const { said } = await judged("claude-code", { files });
	expect(said).toContain(
		"error OTEL_EXPORTER_OTLP_ENDPOINT is not a URL, so everything goes to port 4318 of this machine",
	);
});

test.each([
	["2.1.330", { spinnerVerbs: { mode: "append" } }, "spinnerVerbs must have mode and verbs", "no"],
	["2.1.330", { hooks: { PreToolUse: "x" } }, "hooks.PreToolUse must be of type list", "no"],
	["2.1.200", { spinnerVerbs: { mode: "append" } }, "spinnerVerbs must have mode and verbs", "unknown"],
	["2.1.200", { hooks: { PostToolUse: "x" } }, "hooks.PostToolUse must be of type list", "unknown"],
	["2.1.200", { attribution: false }, "attribution must be of type object", "unknown"],
	["2.1.330", { hooks: { PostToolUse: "x" }, attribution: false }, undefined, "yes"],
])("Claude Code %s with %j", async (release, more, why, expected) => {
	const links = { [`${HOME}/.local/bin/claude`]: `${HOME}/.local/share/claude/versions/${release}` };
	const { said, signals } = await judged("claude-code", { links, files: { [user]: claudeSettings(to, {}, more) } });
	expect(signals).toEqual([`logs ${expected}`, `metrics ${expected}`]);
	expect(said.some((each) => why !== undefined && each.includes(why))).toBe(why !== undefined);
});

/** Seen: 2.1.81 leaves the whole file out, and 2.1.330 what is wrong in it. */
test.each([
	["2.1.330", "yes"],
	["2.1.81", "unknown"],
])("Claude Code %s with hooks in a managed file that are none", async (release, expected) => {
	const links = { [`${HOME}/.local/bin/claude`]: `${HOME}/.local/share/claude/versions/${release}` };
	const managed = claudeSettings(to, {}, { hooks: { PreToolUse: [{ hooks: "x" }] } });
	const files = { [user]: claudeSettings(to), "/etc/claude-code/managed-settings.json": managed };
	const { signals } = await judged("claude-code", { links, files });
	expect(signals).toEqual([`logs ${expected}`, `metrics ${expected}`]);
});

test("a value of the wrong type switches a file of Claude Code off", async () => {
	const files = { ...claude, [user]: claudeSettings(to, {}, { permissions: "none" }) };
	const { said, signals } = await judged("claude-code", { files });
	expect(said[0]).toBe(
		"error a file is ignored: the user's file has a value of the wrong type: permissions must be of type object",
	);
	expect(signals).toEqual(["logs no", "metrics no"]);
});

test.each([
	[
		"a protocol that does not exist",
		codexConfig(to, [], "http/protobuf"),
		"otel.exporter needs the protocol binary or json",
	],
	[
		"a word in place of a switch",
		codexConfig(to).replace("= false", '= "no"'),
		"otel.log_user_prompt must be of type boolean",
	],
	["a word for an exporter", '[otel]\nexporter = "otlp-http"\n', "otel.exporter must be none or one table"],
])("Codex does not start with %s", async (_what, text, why) => {
	const { said, signals } = await judged("codex", { files: { ...codex, [config]: text } });
	expect(said).toContain(`error Codex CLI does not start: ${why}`);
	expect(signals.filter((each) => !each.endsWith(" no"))).toEqual([]);
});

test.each(["otlp-http", "otlp-grpc"])(
	"Codex with a certificate of %s that cannot be found is unknown",
	async (variant) => {
		const protocol = variant === "otlp-http" ? ', protocol = "binary"' : "";
		const exporter = `trace_exporter = { ${variant} = { endpoint = "https://t.example.com"${protocol}, tls = { ca-certificate = "/none.pem" } } }`;
		const text = codexConfig(to).replace('trace_exporter = "none"', exporter);
		expect(text).toContain(exporter);
		const { signals } = await judged("codex", { files: { ...codex, [config]: text } });
		expect(signals.slice(0, 2)).toEqual(["logs unknown", "metrics unknown"]);
	},
);

test("Codex does not start with a wrong setting that the requirements replace, nor with an unknown key in these", async () => {
	const requirements = "/etc/codex/requirements.toml";
	const replaced = { ...codex, [config]: codexConfig(to, [], "http/protobuf"), [requirements]: codexConfig(to) };
	expect((await judged("codex", { files: replaced })).said).toContain(
		"error Codex CLI does not start: otel.exporter needs the protocol binary or json",
	);
	const unknown = { ...codex, [config]: codexConfig(to), [requirements]: codexConfig(to, ["banana = 1"]) };
	const { said, signals } = await judged("codex", { files: unknown });
	expect(said).toContain("error Codex CLI does not start: the requirements has an unknown key in the table otel");
	expect(signals).toEqual(["logs no", "metrics no"]);
});

test("Codex 0.165.0 does not use the requirements, and does not start where they are no TOML", async () => {
	const world = { ...npm("@openai/codex", "0.165.0"), [config]: codexConfig(to) };
	const judgedWith = (text: string) => judged("codex", { files: { ...world, "/etc/codex/requirements.toml": text } });
	expect((await judgedWith("[otel]\nbanana = 1\n")).signals).toEqual(["logs yes", "metrics yes"]);
	const { said, signals } = await judgedWith("[otel]\n[otel]\n");
	expect(said).toEqual(
		expect.arrayContaining([
			expect.stringMatching(/^error Codex CLI does not start: the requirements is not valid TOML/),
		]),
	);
	expect(signals).toEqual(["logs no", "metrics no"]);
});

test("a profile of Codex with telemetry settings is a warning, one without is none", async () => {
	const files = { ...codex, [config]: codexConfig(to, ["tool_result = { max_bytes = 0 }"]) };
	const profile = `${HOME}/.codex/work.config.toml`;
	const found = await judged("codex", {
		files: { ...files, [profile]: codexConfig({ ...to, url: "https://else.example" }) },
	});
	expect(found.said).toEqual([
		"warning with --profile, Codex CLI takes its telemetry settings from this profile, which is not checked here",
	]);
	expect(found.exit).toBe("findings");
	expect(await judged("codex", { files: { ...files, [profile]: 'model = "m"\n' } })).toMatchObject({
		said: [],
		exit: "ok",
	});
});

test("a probe that asked nothing proves nothing", async () => {
	const diagnosis = await consult("codex", { files: { ...codex, [config]: codexConfig(to) } });
	expect(verdictOf([diagnosis])).toBe("ok");
	expect(verdictOf([diagnosis], [{ id: "codex", rows: [], skipped: [] }])).toBe("noEvidence");
});

test("a signal that was skipped is not proven, unless no answer could say anything about the token", async () => {
	const diagnosis = await consult("codex", { files: { ...codex, [config]: codexConfig(to) } });
	const rows = [{ exit: "ok" } as JudgedRow];
	const skipping = (isMoot?: boolean) => [{ signal: "metrics" as const, why: "x", ...(isMoot && { isMoot }) }];
	expect(verdictOf([diagnosis], [{ id: "codex", rows, skipped: skipping() }])).toBe("noEvidence");
	expect(verdictOf([diagnosis], [{ id: "codex", rows, skipped: skipping(true) }])).toBe("ok");
	expect(verdictOf([diagnosis], [{ id: "codex", rows: [], skipped: skipping(true) }])).toBe("noEvidence");
});

test("Qwen Code puts variables of the environment into its settings, and so does doctor", async () => {
	const telemetry = {
		enabled: true,
		target: "local",
		otlpEndpoint: "https://otlp.example.com/$INGEST_TOKEN",
		otlpProtocol: "http",
	};
	const file = JSON.stringify({ telemetry });
	const files = { ...npm("@qwen-code/qwen-code", "0.24.4"), [`${HOME}/.qwen/settings.json`]: file };
	const { resolved } = await consult("qwen-code", { files, env: { INGEST_TOKEN: token } });
	expect(resolved.emissions.map(({ url }) => url)).toContain(`https://otlp.example.com/${token}/v1/logs`);
});

describe("Gemini CLI", () => {
	const file = `${HOME}/.gemini/settings.json`;
	const at = (otlpEndpoint: string) => ({ ...gemini, [file]: geminiSettings(to, { otlpEndpoint }) });

	test("puts variables of the environment into its settings, and so does doctor", async () => {
		const files = at("https://otlp.example.com/$" + "{INGEST_TOKEN}");
		expect((await judged("gemini", { files, env: { INGEST_TOKEN: token } })).fingerprints).toEqual([fingerprint]);
		const without = await judged("gemini", { files });
		expect(without.said).toContain("error no token is sent with logs, metrics, traces");
	});

	test("words for a variable that is not set are understood from 0.38.0 on", async () => {
		const file = `${HOME}/.gemini/settings.json`;
		const settings = geminiSettings(to, { otlpEndpoint: "https://otlp.example.com/$" + "{INGEST_TOKEN:-ingest}" });
		const urls = async (release: string) => {
			const { resolved } = await consult("gemini", {
				files: { ...npm("@google/gemini-cli", release), [file]: settings },
			});
			return resolved.emissions.map(({ url }) => url);
		};
		expect(await urls("0.38.0")).toContain("https://otlp.example.com/ingest/v1/logs");
		expect(await urls("0.37.2")).toContain("https://otlp.example.com/$%7BINGEST_TOKEN:-ingest%7D/v1/logs");
	});

	test("a word of the path that does not look like a token is none", async () => {
		const { said } = await judged("gemini", { files: at("https://otlp.example.com/observability-ingest-endpoint") });
		expect(said).toContain("error no token is sent with logs, metrics, traces");
	});
});

test.each<[id: string, more: object, why: string | undefined]>([
	["gemini", { security: true }, "security must be of type object"],
	["gemini", { security: { auth: { selectedType: "" } } }, "security.auth.selectedType must not be empty"],
	["gemini", { policyPaths: 7 }, "policyPaths must be of type string"],
	["gemini", { model: { maxSessionTurns: 0.5 } }, "model.maxSessionTurns must be a whole number"],
	...["x", "docker", "podman", true, {}].map((sandbox): [string, object, string] => [
		"gemini",
		{ tools: { sandbox } },
		"tools.sandbox may start it where other settings count, or not at all",
	]),
	...["advanced", "experimental", "hooksConfig", "tools"].map((key): [string, object, string] => [
		"gemini",
		{ [key]: null },
		`${key} must be of type object`,
	]),
	["gemini", { context: { includeDirectories: [7] } }, "each of context.includeDirectories must be of type string"],
	[
		"gemini",
		{ experimental: { extensionRegistryURI: {} } },
		"experimental.extensionRegistryURI must be of type string",
	],
	["gemini", { general: { defaultApprovalMode: "x" } }, "general.defaultApprovalMode must be default, auto_edit, plan"],
	["gemini", { mcp: { excluded: 7 } }, "mcp.excluded must be of type list"],
	["gemini", { tools: { exclude: 7 } }, "tools.exclude must be of type list"],
	["gemini", { tools: { confirmationRequired: 7 } }, "tools.confirmationRequired must be of type list"],
	["gemini", { security: { auth: { enforcedType: "a", selectedType: "a" } } }, undefined],
	[
		"gemini",
		{ general: null, ui: null, general2: { vimMode: null }, context: { includeDirectories: ["a"] } },
		undefined,
	],
	[
		"gemini",
		{ security: {}, policyPaths: ["a"], model: { maxSessionTurns: -1 }, tools: { sandbox: false } },
		undefined,
	],
	[
		"qwen-code",
		{ tools: { sandbox: "podman" } },
		"tools.sandbox may start it where other settings count, or not at all",
	],
	["qwen-code", { tools: { sandbox: false, exclude: ["a"] } }, undefined],
	["qwen-code", { proxy: 7 }, "proxy must be of type string"],
	["qwen-code", { plansDirectory: 7 }, "plansDirectory must be of type string"],
	["qwen-code", { omni: { m: {} } }, "omni must have known keys only"],
	["qwen-code", { model: { maxWallTimeSeconds: 1e300 } }, "model.maxWallTimeSeconds must be at most 2147483"],
	["qwen-code", { model: { goalTokenBudget: -1, name: "m" }, omni: {}, proxy: "http://p:1" }, undefined],
])("%s with %j", async (id, more, why) => {
	const [name, path, release] =
		id === "gemini" ? ["@google/gemini-cli", ".gemini", "0.61.0"] : ["@qwen-code/qwen-code", ".qwen", "0.24.4"];
	const file = JSON.stringify({ ...JSON.parse(geminiSettings(to)), ...more });
	const { said, signals } = await judged(id, {
		files: { ...npm(name, release), [`${HOME}/${path}/settings.json`]: file },
	});
	const expected = why === undefined ? "yes" : "unknown";
	expect(signals.filter((each) => !each.startsWith("traces"))).toEqual([`logs ${expected}`, `metrics ${expected}`]);
	expect(said.some((each) => why !== undefined && each.includes(why))).toBe(why !== undefined);
});

test.each(["gemini", "qwen-code"])(
	"%s with a way to sign in that is enforced, and is not the one in use",
	async (id) => {
		const [npmName, path, release] =
			id === "gemini" ? ["@google/gemini-cli", ".gemini", "0.61.0"] : ["@qwen-code/qwen-code", ".qwen", "0.24.4"];
		const sent = async (auth: object) => {
			const file = JSON.stringify({ ...JSON.parse(geminiSettings(to)), security: { auth } });
			const { signals } = await judged(id, {
				files: { ...npm(npmName, release), [`${HOME}/${path}/settings.json`]: file },
			});
			return signals.find((each) => each.startsWith("logs"));
		};
		expect(await sent({ enforcedType: "oauth-personal" })).toBe("logs unknown");
		expect(await sent({ enforcedType: "oauth-personal", selectedType: "gemini-api-key" })).toBe("logs unknown");
		expect(await sent({ enforcedType: "gemini-api-key", selectedType: "gemini-api-key" })).toBe("logs yes");
	},
);

test.each([
	["gemini", "GEMINI_SANDBOX"],
	["qwen-code", "QWEN_SANDBOX"],
])(
	"%s with %s: in a container, or without its program, other settings count, or it does not start",
	async (id, name) => {
		const [npmName, path, release] =
			id === "gemini" ? ["@google/gemini-cli", ".gemini", "0.61.0"] : ["@qwen-code/qwen-code", ".qwen", "0.24.4"];
		const files = { ...npm(npmName, release), [`${HOME}/${path}/settings.json`]: geminiSettings(to) };
		const sent = async (value: string) => {
			const { signals } = await judged(id, { files, env: { [name]: value } });
			return signals.find((each) => each.startsWith("logs"));
		};
		for (const value of ["true", "podman", " Docker "]) expect(await sent(value)).toBe("logs unknown");
		for (const value of ["", "0", "FALSE"]) expect(await sent(value)).toBe("logs yes");
	},
);

describe("a managed drop-in of ours, held against the real 2.1.330", () => {
	const dropIn = "/etc/claude-code/managed-settings.d/50-crossfade.json";
	const ours = (env: Record<string, unknown> = {}) => claudeSettings(to, env, { otelHeadersHelper: "" });
	const said = async (files: SimulatedMachine["files"]) => {
		const { signals, fingerprints } = await judged("claude-code", { files: { ...claude, ...files } });
		return { signals, fingerprints };
	};
	const isSent = { signals: ["logs yes", "metrics yes"], fingerprints: [fingerprint] };

	test("its empty program puts our header back, whatever program the user has", async () => {
		const theirs = JSON.stringify({ otelHeadersHelper: "echo '{}'" });
		expect(await said({ [dropIn]: ours(), [user]: theirs })).toEqual(isSent);
	});

	test("a variable without a value that has nothing to do with telemetry changes nothing, another one may", async () => {
		expect(await said({ [dropIn]: ours({ FOO: null }) })).toEqual(isSent);
		expect((await said({ [dropIn]: ours({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: null }) })).signals).toEqual([
			"logs unknown",
			"metrics unknown",
		]);
	});

	const more = "/etc/claude-code/managed-settings.d/60-more.json";
	const { OTEL_EXPORTER_OTLP_PROTOCOL: _protocol, ...bare } = JSON.parse(ours()).env as Record<string, string>;

	test("without a protocol, an endpoint of one signal that is no URL stops all of it, and an empty one does not", async () => {
		const without = (endpoint: string) =>
			JSON.stringify({ env: { ...bare, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint } });
		expect((await said({ [dropIn]: without("x") })).signals).toEqual(["logs no", "metrics no"]);
		expect((await said({ [dropIn]: without(" ") })).signals).toEqual(["logs yes", "metrics yes"]);
	});

	test("a protocol without a text in a later drop-in counts as none", async () => {
		const emptied = (more: object) => JSON.stringify({ env: { OTEL_EXPORTER_OTLP_PROTOCOL: "", ...more } });
		expect((await said({ [dropIn]: ours(), [more]: emptied({}) })).signals).toEqual(["logs yes", "metrics yes"]);
		const bad = emptied({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "127.0.0.1:4318/v1/logs" });
		expect((await said({ [dropIn]: ours(), [more]: bad })).signals).toEqual(["logs no", "metrics no"]);
	});

	test("nothing is read of a state file with a byte order mark", async () => {
		const state = `\ufeff${JSON.stringify({ env: { OTEL_LOGS_EXPORTER: "none" } })}`;
		expect(await said({ [dropIn]: ours(), [`${HOME}/.claude.json`]: state })).toEqual(isSent);
	});
});

describe("a variable that moves the folder of a CLI", () => {
	const elsewhere = (folder: string) => ({
		[`${folder}/config.toml`]: codexConfig({ ...to, url: "https://moved.example" }),
	});
	const cwd = `${HOME}/project`;
	const urls = async (value: string, folder: string) => {
		const files = { ...codex, [config]: codexConfig(to), ...elsewhere(folder) };
		const { resolved } = await consult("codex", { files, env: { CODEX_HOME: value } });
		return resolved.emissions.map(({ sent, url }) => [sent, url?.split("/")[2]]).at(0);
	};

	test.each([
		["alt", `${cwd}/alt`],
		["./alt/", `${cwd}/./alt`],
		["~/alt", `${cwd}/~/alt`],
		["/alt", "/alt"],
	])("%s is %s", async (value, folder) => {
		expect(await urls(value, folder)).toEqual(["yes", "moved.example"]);
	});

	test("a tilde is not the home, unless the CLI takes it so; an empty one is none", async () => {
		expect(await urls("~/alt", `${HOME}/alt`)).toEqual(["no", undefined]);
		expect(await urls("", `${HOME}/alt`)).toEqual(["yes", "otlp.example.com"]);
	});

	test.each([
		["that is not there", "/gone", {}],
		["that is a file", "/file", { "/file": "x" }],
	])("with a folder %s Codex does not start, whatever the system's file says", async (_what, value, more) => {
		const files = { ...codex, "/etc/codex/config.toml": codexConfig(to), ...more };
		const { resolved } = await consult("codex", { files, env: { CODEX_HOME: value } });
		expect(resolved.emissions.map(({ sent }) => sent)).toEqual(["no", "no"]);
		const without = await consult("codex", { files });
		expect(without.resolved.emissions.map(({ sent }) => sent)).toEqual(["yes", "yes"]);
	});
});

test.each([
	["1", "unknown"],
	["1.5", "unknown"],
	["4999", "unknown"],
	["30000", "yes"],
	["0", "yes"],
	["-1", "yes"],
	["abc", "yes"],
	["", "yes"],
])("a time of %j for an exporter in JavaScript: %s", async (value, sent) => {
	const files = { ...gemini, [`${HOME}/.gemini/settings.json`]: geminiSettings(to) };
	for (const name of ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT"]) {
		const { resolved } = await consult("gemini", { files, env: { [name]: value } });
		expect(resolved.emissions.find(({ signal }) => signal === "logs")?.sent).toBe(sent);
	}
});
