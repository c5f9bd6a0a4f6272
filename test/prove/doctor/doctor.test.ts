import { describe, expect, test } from "vitest";
import { versionText } from "../../../src/base/versions.ts";
import { doctorJson, doctorText } from "../../../src/prove/doctor/report.ts";
import { verdictOf } from "../../../src/prove/doctor/verdict.ts";
import { canary, leaks } from "../../harness/canary.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../../harness/clis/configs.ts";
import { consult, HOME, NOW, type SimulatedMachine } from "./world.ts";

const URL = "https://otlp.example.com";
const to = (token: string) => ({ url: URL, token });
/** As our scripts write it. */
const codexOf = (token: string) => codexConfig(to(token), ["tool_result = { max_bytes = 0 }"]);
const pack = (version: string) => JSON.stringify({ name: "@openai/codex", version });
const npm = (name: string) => `${HOME}/.npm-global/lib/node_modules/${name}/package.json`;
const codex169 = { [npm("@openai/codex")]: pack("0.169.0") };
const gemini61 = { [npm("@google/gemini-cli")]: JSON.stringify({ version: "0.61.0" }) };
const claude330 = { [npm("@anthropic-ai/claude-code")]: JSON.stringify({ version: "2.1.330" }) };
const codexFile = `${HOME}/.codex/config.toml`;
const claudeFile = `${HOME}/.claude/settings.json`;
const geminiFile = `${HOME}/.gemini/settings.json`;
/** Findings as `severity what | where | fix`. */
const said = async (id: string, world: SimulatedMachine) =>
	(await consult(id, world)).findings.map(
		({ severity, what, where, fix }) => `${severity} ${what} | ${where ?? ""} | ${fix}`,
	);

test("where nothing is sent with a token, the URL is shown as it stands", async () => {
	const env = {
		CLAUDE_CODE_ENABLE_TELEMETRY: "1",
		OTEL_LOGS_EXPORTER: "otlp",
		OTEL_EXPORTER_OTLP_ENDPOINT: `${URL}/base/`,
	};
	const { signals } = await consult("claude-code", { files: { ...claude330, [claudeFile]: JSON.stringify({ env }) } });
	expect(signals.find(({ signal }) => signal === "logs")).toMatchObject({
		url: `${URL}/base/v1/logs`,
		secret: undefined,
	});
});

describe("detects releases from files, without running any", () => {
	test.each<[what: string, id: string, world: SimulatedMachine, releases: string[], counts: string | undefined]>([
		["npm", "codex", { files: codex169 }, ["0.169.0"], "0.169.0"],
		[
			"nvm, several: the oldest counts",
			"codex",
			{
				files: {
					[`${HOME}/.nvm/versions/node/v20/lib/node_modules/@openai/codex/package.json`]: pack("0.165.0"),
					[`${HOME}/.nvm/versions/node/v22/lib/node_modules/@openai/codex/package.json`]: pack("0.169.0"),
				},
			},
			["0.165.0", "0.169.0"],
			"0.165.0",
		],
		[
			"what is on PATH counts",
			"codex",
			{
				files: { ...codex169, "/opt/x/package.json": pack("0.150.0") },
				links: { "/usr/bin/codex": "/opt/x/bin/codex.js" },
				programs: { codex: "/usr/bin/codex" },
			},
			["0.150.0", "0.169.0"],
			"0.150.0",
		],
		[
			"what is on PATH and has no known release, and not what is left of another one",
			"codex",
			{
				files: codex169,
				links: { "/usr/bin/codex": "/opt/x/bin/codex" },
				programs: { codex: "/usr/bin/codex" },
			},
			["?", "0.169.0"],
			undefined,
		],
		[
			"the native install of Claude Code",
			"claude-code",
			{ links: { [`${HOME}/.local/bin/claude`]: `${HOME}/.local/share/claude/versions/2.1.330` } },
			["2.1.330"],
			"2.1.330",
		],
		[
			"a Homebrew cask",
			"claude-code",
			{ os: "macos", files: { "/opt/homebrew/Caskroom/claude-code/2.1.100/claude": "" } },
			["2.1.100"],
			"2.1.100",
		],
		["a trace of its use", "claude-code", { files: { [`${HOME}/.claude.json`]: "{}" } }, ["?"], undefined],
		["nothing", "claude-code", {}, [], undefined],
	])("%s", async (_what, id, world, releases, counts) => {
		const { sight } = await consult(id, world);
		expect(sight.installs.map(({ version }) => (version ? versionText(version) : "?"))).toEqual(releases);
		expect(sight.release && versionText(sight.release)).toBe(counts);
	});
});

describe("where settings are looked for", () => {
	const layersOf = async (id: string, world: SimulatedMachine) =>
		(await consult(id, world)).sight.layers
			.filter(({ state }) => state !== "absent")
			.map(({ place, path }) => `${place.id} ${path ?? ""}`);

	test("variables move them", async () => {
		const files = {
			"/cl/settings.json": "{}",
			"/cx/config.toml": "",
			"/g/.gemini/settings.json": "{}",
			"/sys.json": "{}",
		};
		const env = {
			CLAUDE_CONFIG_DIR: "/cl",
			CODEX_HOME: "/cx",
			GEMINI_CLI_HOME: "/g",
			GEMINI_CLI_SYSTEM_SETTINGS_PATH: "/sys.json",
		};
		expect(await layersOf("claude-code", { files, env })).toContain("user /cl/settings.json");
		expect(await layersOf("codex", { files, env })).toContain("user /cx/config.toml");
		expect(await layersOf("gemini", { files, env })).toEqual([
			"user /g/.gemini/settings.json",
			"system /sys.json",
			"environment ",
		]);
	});

	test("drop-ins in alphabetical order, hidden ones not", async () => {
		const at = "/etc/claude-code/managed-settings.d";
		const files = {
			[`${at}/60-b.json`]: "{}",
			[`${at}/50-a.json`]: "{}",
			[`${at}/.hidden.json`]: "{}",
			[`${at}/README`]: "",
		};
		expect(await layersOf("claude-code", { files })).toEqual([`drop-ins ${at}/50-a.json`, `drop-ins ${at}/60-b.json`]);
	});

	test("in the home itself the user's file is not taken for a project's", async () => {
		expect(await layersOf("claude-code", { files: { [claudeFile]: "{}" }, cwd: HOME })).toEqual([`user ${claudeFile}`]);
	});

	test("of .env files the nearest alone, one for Gemini before one for all", async () => {
		const files = { [`${HOME}/project/.env`]: "A=1", [`${HOME}/project/.gemini/.env`]: "A=1", [`${HOME}/.env`]: "A=1" };
		const cwd = `${HOME}/project/deep/down`;
		expect(await layersOf("gemini", { files, cwd })).toEqual([`dotenv ${HOME}/project/.gemini/.env`]);
		expect(await layersOf("gemini", { files: { [`${HOME}/.env`]: "A=1" }, cwd: "/srv" })).toEqual([
			`dotenv ${HOME}/.env`,
		]);
	});

	/** Stands in for macOS' plutil: takes this one command line, and knows one file. */
	const strictPlutil = (path: string, json: string) => (args: readonly string[]) => {
		expect(args).toEqual(["-convert", "json", "-o", "-", "--", path]);
		return json;
	};

	test("macOS: its folders, and a profile through plutil (a stand-in for it)", async () => {
		const { token, fingerprint } = canary();
		const path = "/Library/Managed Preferences/com.anthropic.claudecode.plist";
		const { signals, sight } = await consult("claude-code", {
			os: "macos",
			files: {
				...claude330,
				[path]: "bplist00",
				"/Library/Application Support/ClaudeCode/managed-settings.json": claudeSettings(to(canary().token)),
			},
			outputs: { "/usr/bin/plutil": strictPlutil(path, claudeSettings(to(token))) },
		});
		expect(sight.layers.filter(({ state }) => state === "read").map(({ place }) => place.id)).toEqual([
			"managed",
			"profile",
		]);
		expect(signals.map(({ secret }) => secret?.fingerprint)).toEqual([fingerprint, fingerprint]);
	});

	test("macOS without plutil: the profile is said to be unreadable", async () => {
		const path = "/Library/Managed Preferences/com.anthropic.claudecode.plist";
		expect(await said("claude-code", { os: "macos", files: { ...claude330, [path]: "bplist00" } })).toContainEqual(
			expect.stringContaining(
				"error a file is ignored: the configuration profile is not a property list that plutil can read",
			),
		);
	});
});

describe("findings, each with its fix", () => {
	const { token } = canary();
	const good: SimulatedMachine = { files: { ...codex169, [codexFile]: codexOf(token) } };

	test("none without problems", async () => {
		expect(await said("codex", good)).toEqual([]);
		expect(await said("claude-code", { files: { ...claude330, [claudeFile]: claudeSettings(to(token)) } })).toEqual([]);
		expect(await said("gemini", { files: { ...gemini61, [geminiFile]: geminiSettings(to(token)) } })).toEqual([]);
	});

	test("none for a CLI that is not installed, whatever the environment says", async () => {
		expect(await said("gemini", { env: { OTEL_EXPORTER_OTLP_ENDPOINT: URL, HTTPS_PROXY: "http://p" } })).toEqual([]);
	});

	test.each<[what: string, id: string, world: SimulatedMachine, expected: RegExp]>([
		[
			"no telemetry",
			"codex",
			{ files: { ...codex169, [codexFile]: 'model = "a"' } },
			/^warning Codex CLI sends no telemetry: exporter is not otlp-http; metrics_exporter is not otlp-http \| {2}\| crossfade install --cli codex$/,
		],
		[
			"a file that keeps the CLI from starting",
			"codex",
			{ files: { ...codex169, [codexFile]: "[otel]\n[otel]\n" } },
			/^error Codex CLI does not start: the user's file is not valid TOML, line 2.* \| \/home\/dev\/.codex\/config.toml \| correct /,
		],
		[
			"a byte order mark",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: `\ufeff${geminiSettings(to(token))}` } },
			/^error Gemini CLI does not start: the user's file starts with a byte order mark; save it as UTF-8 without one /,
		],
		[
			"UTF-16",
			"codex",
			{ files: { ...codex169, [codexFile]: { text: Buffer.from([0xff, 0xfe, 0x61, 0]) } } },
			/^error .*: the user's file is UTF-16/,
		],
		[
			"a file without effect",
			"claude-code",
			{ files: { ...claude330, [claudeFile]: "{,}" } },
			/^error a file is ignored: the user's file is not valid JSON, line 1/,
		],
		[
			"a managed file this account cannot read",
			"claude-code",
			{ files: { ...claude330, "/etc/claude-code/managed-settings.json": { text: "", isUnreadable: true } } },
			/^error the managed file cannot be read by this account, so Claude Code runs without it \| \S+ \| sudo chmod 0644 \/etc/,
		],
		[
			"a user's file that is root's, 0600",
			"claude-code",
			{ files: { ...claude330, [claudeFile]: { text: "", isUnreadable: true } } },
			/^error the user's file cannot be read by this account, so Claude Code runs without it \| \S+ \| sudo chown "\$\(id -un\)" \S+ && chmod 0600 \S+$/,
		],
		[
			"a comment, which switches the whole file off",
			"claude-code",
			{ files: { ...claude330, [claudeFile]: `// mine\n${claudeSettings(to(token))}` } },
			/^error a file is ignored: the user's file is not valid JSON, line 1: /,
		],
		[
			"a trailing comma",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: '{\n"a": 1,\n}' } },
			/^error Gemini CLI does not start: the user's file is not valid JSON with comments, line 3/,
		],
		[
			"a managed file that others cannot read",
			"claude-code",
			{
				files: {
					...claude330,
					[claudeFile]: claudeSettings(to(token)),
					"/etc/claude-code/managed-settings.json": { text: claudeSettings(to(token)), mode: 0o600 },
				},
			},
			/^warning some accounts cannot read the managed file/,
		],
		[
			"a system's file that others may write",
			"gemini",
			{
				files: {
					...gemini61,
					[geminiFile]: geminiSettings(to(token)),
					"/etc/gemini-cli/settings.json": { text: "{}", mode: 0o664 },
				},
			},
			/^error the system's file can be written by users other than its owner, so Gemini CLI ignores it \| .* \| sudo chown root .* && sudo chmod go-w /,
		],
		[
			"a system's file that is a person's",
			"gemini",
			{
				files: {
					...gemini61,
					[geminiFile]: geminiSettings(to(token)),
					"/home/u/system.json": "{}",
				},
				env: { GEMINI_CLI_SYSTEM_SETTINGS_PATH: "/home/u/system.json" },
			},
			/^error the system's file does not belong to root, so Gemini CLI ignores it/,
		],
		[
			"a layer that the release does not read",
			"codex",
			{
				files: {
					[npm("@openai/codex")]: pack("0.165.0"),
					[codexFile]: codexOf(token),
					"/etc/codex/requirements.toml": codexConfig(to(token)),
				},
			},
			/^warning the telemetry settings in the requirements are ignored: Codex CLI 0.165.0 .* \| update Codex CLI to 0.166.0 or later/,
		],
		[
			"a release that cannot be set",
			"gemini",
			{
				files: {
					[npm("@google/gemini-cli")]: JSON.stringify({ version: "0.33.2" }),
					[geminiFile]: geminiSettings(to(token)),
				},
			},
			/^error release 0.33.2 cannot be configured .* \| update Gemini CLI to 0.40.1/,
		],
		[
			"a variable that diverts a signal with our header",
			"claude-code",
			{
				files: { ...claude330, [claudeFile]: claudeSettings(to(token)) },
				env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://else.example" },
			},
			/^warning OTEL_EXPORTER_OTLP_LOGS_ENDPOINT sends that signal, with the Authorization header .* \| environment \| /,
		],
		[
			"several places",
			"claude-code",
			{
				files: { ...claude330, [claudeFile]: claudeSettings(to(token)) },
				env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://else.example" },
			},
			/^warning its signals go to several places: else.example, otlp.example.com/,
		],
		[
			"headers of the shell for Codex",
			"codex",
			{ ...good, env: { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer x" } },
			/^error OTEL_EXPORTER_OTLP_HEADERS replaces the Authorization header of the file \| environment \| unset OTEL_EXPORTER_OTLP_HEADERS/,
		],
		[
			"other headers of the shell for Codex",
			"codex",
			{ ...good, env: { OTEL_EXPORTER_OTLP_HEADERS: "x-team=a" } },
			/^warning the headers in OTEL_EXPORTER_OTLP_HEADERS are also sent/,
		],
		[
			"compression for Codex",
			"codex",
			{ ...good, env: { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" } },
			/^error OTEL_EXPORTER_OTLP_COMPRESSION is set: Codex sends nothing/,
		],
		[
			"an endpoint in the environment for Gemini CLI",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: geminiSettings(to(token)) }, env: { OTEL_EXPORTER_OTLP_ENDPOINT: URL } },
			/^error OTEL_EXPORTER_OTLP_ENDPOINT overrides the endpoint in every file/,
		],
		[
			"the same in a repository's .env",
			"gemini",
			{
				files: {
					...gemini61,
					[geminiFile]: geminiSettings(to(token)),
					[`${HOME}/project/.env`]: `OTEL_EXPORTER_OTLP_ENDPOINT=${URL}`,
				},
			},
			/^error OTEL_EXPORTER_OTLP_ENDPOINT overrides .* \| \/home\/dev\/project\/.env \| remove /,
		],
		[
			"a project's settings for Gemini CLI",
			"gemini",
			{
				files: {
					...gemini61,
					[geminiFile]: geminiSettings(to(token)),
					[`${HOME}/project/.gemini/settings.json`]: '{"telemetry":{"otlpEndpoint":"https://else.example"}}',
				},
			},
			/^warning telemetry.otlpEndpoint in this project overrides the user's/,
		],
		[
			"GEMINI_TELEMETRY_ENABLED=false",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: geminiSettings(to(token)) }, env: { GEMINI_TELEMETRY_ENABLED: "false" } },
			/^warning GEMINI_TELEMETRY_ENABLED does not stop telemetry/,
		],
		[
			"an outfile",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: geminiSettings(to(token), { outfile: "/x" }) } },
			/^error telemetry.outfile redirects telemetry to a file/,
		],
		[
			"grpc",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: geminiSettings(to(token), { otlpProtocol: "grpc" }) } },
			/^error gRPC drops the endpoint's path, and the token in it/,
		],
		[
			"a system's file that the user moved",
			"gemini",
			{
				files: { ...gemini61, [geminiFile]: geminiSettings(to(token)) },
				env: { GEMINI_CLI_SYSTEM_SETTINGS_PATH: "/x" },
			},
			/^warning GEMINI_CLI_SYSTEM_SETTINGS_PATH moves the machine-wide file/,
		],
		[
			"a proxy that Gemini CLI does not use",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: geminiSettings(to(token)) }, env: { https_proxy: "http://p" } },
			/^warning https_proxy is set, but Gemini CLI does not send telemetry through a proxy/,
		],
		[
			"clear text",
			"codex",
			{ files: { ...codex169, [codexFile]: codexConfig({ url: "http://otlp.example.com", token }) } },
			/^error the token crosses the network in clear text, to otlp.example.com \| \/home/,
		],
		[
			"no token",
			"codex",
			{ files: { ...codex169, [codexFile]: codexConfig(to("short")) } },
			/^error no token is sent with logs, metrics/,
		],
		[
			"two tokens",
			"codex",
			{ files: { ...codex169, [codexFile]: codexOf(token).replace(token, canary().token) } },
			/^error its signals use different tokens: logs fp=[0-9a-f]{12}, metrics fp=[0-9a-f]{12}/,
		],
		[
			"a program of somebody else",
			"claude-code",
			{ files: { ...claude330, [claudeFile]: claudeSettings(to(token), {}, { otelHeadersHelper: "/opt/h" }) } },
			/^note a program prints the token; it is not run here/,
		],
		[
			"a program of a project",
			"claude-code",
			{
				files: {
					...claude330,
					[claudeFile]: claudeSettings(to(token)),
					[`${HOME}/project/.claude/settings.json`]: '{"otelHeadersHelper":"/x"}',
				},
			},
			/^error a program of this project sets the headers/,
		],
		[
			"several releases",
			"codex",
			{
				files: {
					...codex169,
					[codexFile]: codexOf(token),
					"/usr/lib/node_modules/@openai/codex/package.json": pack("0.165.0"),
				},
			},
			/^note 2 releases of Codex CLI are installed \(0.165.0, 0.169.0\)/,
		],
		[
			"a release that cannot be told",
			"codex",
			{ files: { [codexFile]: codexOf(token) } },
			/^note cannot tell the release of Codex CLI/,
		],
		[
			"what a tool prints",
			"codex",
			{ files: { ...codex169, [codexFile]: codexConfig(to(token)) } },
			/^note privacy: otel.tool_result.max_bytes is not set, so it sends the first 2 KiB/,
		],
		[
			"prompts",
			"codex",
			{ files: { ...codex169, [codexFile]: codexOf(token).replace("= false", "= true") } },
			/^note privacy: otel.log_user_prompt is on/,
		],
		[
			"prompts that are on because nobody says no",
			"gemini",
			{ files: { ...gemini61, [geminiFile]: geminiSettings(to(token), { logPrompts: undefined }) } },
			/^note privacy: telemetry.logPrompts is not set, which means on/,
		],
	])("%s", async (_what, id, world, expected) => {
		expect(await said(id, world)).toContainEqual(expect.stringMatching(expected));
	});

	test("a background process from before the change, of this account alone", async () => {
		const changedAt = NOW - 60_000;
		const files = { ...codex169, [codexFile]: { text: codexOf(token), changedAt } };
		const ps = (etime: string, uid = 1000, command = "/x/codex app-server --managed-daemon") => ({
			files,
			outputs: { "/bin/ps": `  ${uid}  4711 ${etime} ${command}\n` },
		});
		expect(await said("codex", ps("01:02"))).toEqual([
			"warning a background process (4711) started before its settings changed, and still uses the old ones |  | codex app-server daemon restart",
		]);
		expect(await said("codex", ps("1-00:00:00"))).toHaveLength(1);
		expect(await said("codex", ps("00:30"))).toEqual([]);
		expect(await said("codex", ps("01:02", 1001))).toEqual([]);
		expect(await said("codex", ps("01:02", 1000, "grep -r -- --managed-daemon .codex"))).toEqual([]);
	});

	test("a background process by its own variables: its home, its folder of settings, what it sends", async () => {
		const variables = (pairs: Readonly<Record<string, string>>) => ({
			files: {
				...codex169,
				[codexFile]: { text: codexOf(token), changedAt: NOW - 60_000 },
				"/proc/4711/environ": Object.entries(pairs)
					.map(([name, value]) => `${name}=${value}\0`)
					.join(""),
			},
			links: { "/mnt/dev": HOME, "/mnt/settings": `${HOME}/.codex` },
			outputs: { "/bin/ps": "  1000  4711 01:02 /x/codex app-server --managed-daemon\n" },
		});
		const stale = expect.stringMatching(/^warning a background process \(4711\) started before/);
		expect(await said("codex", variables({ HOME }))).toEqual([stale]);
		expect(await said("codex", variables({ HOME: "/x", CODEX_HOME: "/mnt/settings" }))).toEqual([stale]);
		expect(await said("codex", variables({ HOME, CODEX_HOME: `${HOME}/.codex` }))).toEqual([stale]);
		expect(await said("codex", variables({ HOME, CODEX_HOME: "/elsewhere" }))).toEqual([]);
		const secret = canary();
		const own = await said(
			"codex",
			variables({ HOME, OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${secret.token}` }),
		);
		expect(own).toEqual([
			expect.stringMatching(
				/^warning a background process \(4711\) has other values than this environment for OTEL_EXPORTER_OTLP_HEADERS, so what it sends is not checked \|/,
			),
			stale,
		]);
		expect(leaks([secret], { findings: own.join("\n") })).toEqual([]);
	});

	test.each([
		["a file", "codex", { [codexFile]: { text: codexOf(token), mode: 0o644 } }, codexFile],
		["a file for a group", "codex", { [codexFile]: { text: codexOf(token), mode: 0o640 } }, codexFile],
		["a private file", "codex", { [codexFile]: { text: codexOf(token), mode: 0o600 } }, undefined],
		["the machine's file", "codex", { "/etc/codex/requirements.toml": codexOf(token) }, undefined],
		["a file without a token", "codex", { [codexFile]: { text: codexConfig(to("short")), mode: 0o644 } }, undefined],
	])("%s with a token that others can read: said where it is one account's", async (_what, id, files, where) => {
		const all = await said(id, { files: { ...codex169, ...files } });
		const open = all.filter((line) => /other accounts can read the token/.test(line));
		expect(open).toEqual(
			where === undefined
				? []
				: [`warning other accounts can read the token in this file | ${where} | chmod go= ${where}`],
		);
	});

	test("what install would refuse and the CLI reads: what to do first", async () => {
		const qwen = { [npm("@qwen-code/qwen-code")]: JSON.stringify({ version: "0.24.4" }) };
		const claude = { ...claude330, [claudeFile]: { text: Buffer.from('\ufeff{"a": 1}', "utf16le") } };
		const first = async (id: string, files: SimulatedMachine["files"]) =>
			(await consult(id, { files: files ?? {} })).findings[0]?.fix;
		expect(await first("qwen-code", { ...qwen, [`${HOME}/.qwen/settings.json`]: '\ufeff{"a": 1}' })).toMatch(
			/^save the file without its byte order mark .*; then crossfade install --cli qwen-code$/,
		);
		expect(await first("claude-code", claude)).toMatch(/^save the file as UTF-8 .*; then crossfade install/);
		expect(await first("claude-code", { ...claude330, [claudeFile]: '\ufeff{"a": 1}' })).toBe(
			"crossfade install --cli claude-code",
		);
	});

	test("root in another's home: a file that the owner cannot read, and whose variables are not seen", async () => {
		const files = { ...codex169, [codexFile]: { text: codexOf(token), isUnreadable: true } };
		const { findings, unseen } = await consult("codex", { files, isOthers: true });
		expect(findings).toContainEqual({
			severity: "error",
			what: "the user's file cannot be read by the account of this home (uid 1000), so Codex CLI runs without it",
			where: codexFile,
			fix: `sudo chown 1000 ${codexFile} && chmod 0600 ${codexFile}`,
		});
		expect(unseen).toContain("the variables of the account of this home (uid 1000): these are root's");
		expect((await consult("codex", { files })).unseen.join()).not.toContain("uid 1000");
	});

	test("old, new, neither", async () => {
		const other = canary();
		const { fingerprint } = canary();
		const is = (name: string, id: string) => [{ name, fingerprint: id }];
		const mine = (await consult("codex", good)).signals[0]?.secret?.fingerprint ?? "";
		const old = await consult("codex", { ...good, known: is("old", mine) });
		expect(old.findings).toMatchObject([
			{ severity: "warning", what: `it uses the old token, fp=${mine}`, where: codexFile },
		]);
		expect(verdictOf([old])).toBe("oldInUse");
		const fresh = await consult("codex", { ...good, known: [...is("new", mine), ...is("old", other.fingerprint)] });
		expect(verdictOf([fresh])).toBe("ok");
		expect(await said("codex", { ...good, known: is("new", fingerprint) })).toContainEqual(
			expect.stringMatching(/^warning its token, fp=\w+, is none of new/),
		);
		expect(verdictOf([await consult("codex", {})])).toBe("noEvidence");
		expect(verdictOf([await consult("codex", { files: codex169 })])).toBe("findings");
	});
});

describe("what is printed", () => {
	const hostile = "\u001b[31m\u202eevil`$(id)`";

	test("at 80 columns no line is longer but for what must be copied whole; the token never shows, nor what obeys a terminal", async () => {
		const tokens = [canary(), canary()];
		const [one, two] = tokens.map(({ token }) => token);
		const folder = `${HOME}/${hostile}`;
		const diagnoses = await Promise.all([
			consult("claude-code", {
				cwd: folder,
				files: {
					...claude330,
					[claudeFile]: claudeSettings(to(one ?? ""), { [`OTEL_EXPORTER_OTLP_${hostile}`]: two ?? "" }),
					[`${folder}/.claude/settings.json`]: `{${hostile}`,
				},
				env: {
					OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `https://user:${two}@${"long.".repeat(20)}example/${one}/dotted.${"ab1.".repeat(8)}x?k=${two}`,
				},
			}),
			consult("codex", {
				files: {
					[npm("@openai/codex")]: JSON.stringify({ name: "@openai/codex", version: hostile }),
					[codexFile]: codexConfig(to(one ?? "")),
				},
				env: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${two}` },
			}),
			consult("gemini", {
				files: { ...gemini61, [geminiFile]: geminiSettings(to(one ?? "")) },
				env: { OTEL_EXPORTER_OTLP_HEADERS: `x=${two}` },
			}),
		]);
		for (const isVerbose of [false, true]) {
			const report = { diagnoses, probed: [], exit: verdictOf(diagnoses), notes: [], isVerbose };
			const outputs = { text: doctorText(report, { color: false, width: 80 }), json: doctorJson(report) };
			expect(leaks(tokens, outputs)).toEqual([]);
			for (const output of Object.values(outputs)) expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
			const long = outputs.text.split("\n").filter((line) => line.length > 80 && line.slice(11).includes(" "));
			expect(long).toEqual([]);
			expect(outputs.text.includes("(ends in ")).toBe(isVerbose);
			// The project's file is broken: what Claude Code does then is not known.
			expect(JSON.parse(outputs.json)).toMatchObject({ schema: 1, exit: { name: "noEvidence", code: 9 } });
		}
		expect(
			doctorText({ diagnoses, probed: [], exit: "ok", notes: [], isVerbose: false }, { color: true, width: 80 }),
		).toContain("\u001b[31merror\u001b[39m");
	});

	test("a whole report, as a person sees it", async () => {
		const { token, fingerprint } = canary();
		const known = [{ name: "old", fingerprint }];
		const diagnoses = [
			await consult("claude-code", {}),
			await consult("codex", { files: { ...codex169, [codexFile]: codexOf(token) }, known }),
		];
		const text = doctorText(
			{ diagnoses, probed: [], exit: verdictOf(diagnoses), notes: [], isVerbose: false },
			{ color: false, width: 80 },
		);
		expect(text.replaceAll(fingerprint, "0123456789ab")).toBe(`Claude Code: not found

Codex CLI 0.169.0
  logs     https://otlp.example.com/v1/logs
  metrics  https://otlp.example.com/v1/metrics
  token    old fp=0123456789ab, from the user's file
  layers   user's file /home/dev/.codex/config.toml: 9 settings in effect
  warning  it uses the old token, fp=0123456789ab
           in /home/dev/.codex/config.toml
           fix: crossfade install --cli codex with the new token; it applies
           when Codex starts; its background daemon (0.158 and later) keeps the
           old token until it is restarted

exit 5: the old token is still in use
`);
	});
});
