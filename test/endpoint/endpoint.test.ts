import { execFileSync } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systems } from "../../src/adapters/clis/cli.ts";
import { clis } from "../../src/adapters/clis/registry.ts";
import { vehicles } from "../../src/adapters/vehicles/registry.ts";
import { TOKEN_PLACEHOLDER } from "../../src/adapters/vehicles/vehicle.ts";
import { CrossfadeError, exitCodes } from "../../src/base/errors.ts";
import { parseVersion } from "../../src/base/versions.ts";
import { canary } from "../harness/canary.ts";
import { contents, endpointScript, machine, text, write } from "../harness/endpoint.ts";
import { needs, root } from "../harness/parts.ts";
import { cliStates } from "../harness/states.ts";

const self = "scope=user users=self";
const line = (verdict: string, fp: string, states: string, rest = "users=1") => {
	const [claude = "", codex, gemini] = states.split(",");
	const named = { "claude-code": claude, codex: codex ?? claude, gemini: gemini ?? claude };
	return `crossfade ${verdict} fp=${fp} cfg=1 cli=${cliStates(named)} ${rest}\n`;
};

describe("the tables of CLIs and vehicles", () => {
	test("each has its folder", () => {
		const folders = (kind: string) =>
			readdirSync(new URL(`../../src/adapters/${kind}`, import.meta.url), { withFileTypes: true })
				.filter((entry) => entry.isDirectory())
				.map(({ name }) => name);
		expect(clis.map(({ id }) => id).sort()).toEqual(folders("clis").sort());
		expect(vehicles.map(({ id }) => id).sort()).toEqual(folders("vehicles").sort());
	});

	test.each(clis.map((cli) => [cli.id, cli] as const))("%s: what it says of itself holds together", (_id, cli) => {
		for (const layer of [cli.system, cli.user]) {
			expect(parseVersion(layer.since)).toBeDefined();
			const values = layer.rows.flatMap((row) => ("pointer" in row ? [row.value] : []));
			expect(values.filter((value) => value.includes("{token}")).length).toBeGreaterThan(0);
			expect(values.filter((value) => value.includes("{endpoint}")).length).toBeGreaterThan(0);
			for (const row of layer.rows) {
				const [pointer] = Object.entries(row).flatMap(([key, value]) =>
					["pointer", "drop", "keep", "join"].includes(key) ? [value] : [],
				);
				expect(pointer).toMatch(/^(\/[A-Za-z0-9_-]+)+$/);
			}
		}
		for (const os of systems) expect(cli.system.file[os]).toMatch(/^\//);
		expect(cli.user.folder).not.toMatch(/^\//);
		for (const list of [cli.sends, cli.traps, cli.sources]) expect(list.length).toBeGreaterThan(0);
		for (const source of cli.sources) expect(source).toMatch(/^https:\/\//);
	});
});

describe("what is rendered", () => {
	const inSh = vehicles.filter(({ language }) => language === undefined);
	const modes = inSh.flatMap((vehicle) =>
		(Object.keys(vehicle.token) as ("param" | "embedded")[]).map((mode) => [vehicle.id, mode] as const),
	);
	test.each(modes)(
		"%s, %s: ASCII, LF, a shebang first, a newline last, no test hook, nothing that AutoPkg replaces",
		(vehicle, mode) => {
			for (const action of ["install", "report", "uninstall"] as const) {
				const script = endpointScript(vehicle, { mode, action, hooks: false });
				expect(script).toMatch(/^#!\/bin\/sh\n[\t\n -~]*\n$/);
				expect(script).not.toMatch(/CROSSFADE_TEST|%[A-Za-z]\w*%/);
				expect(script.includes(TOKEN_PLACEHOLDER)).toBe(mode === "embedded" && action === "install");
				expect(script).toContain("\n{\nROOT=\n");
				expect(script.trimEnd().endsWith('\n\nmain "$@"\n}')).toBe(true);
			}
		},
	);

	test("between vehicles only the top differs, and how the token is read", () => {
		const bodies = modes
			.filter(([vehicle]) => vehicle !== "installer")
			.map(([vehicle, mode]) => endpointScript(vehicle, { mode }).split("# ---- CLIs: ")[1])
			.map((body) => body?.replace(/# The token from standard input[\s\S]*?\n\n/, ""));
		expect(bodies.length).toBeGreaterThan(5);
		expect(new Set(bodies).size).toBe(1);
		expect(bodies[0]).toMatch(/\n\nmain "\$@"\n\}\n$/);
	});

	test("the exit codes it documents are those of the command line", () => {
		const known = new Set(Object.values(exitCodes).map(([code]) => code));
		const documented = /# Exit codes:([^\n]*\n(#[^\n]+\n)*)/.exec(endpointScript())?.[1] ?? "";
		const codes = [...documented.matchAll(/(?:^|[;:.]) *(?:# )?(\d+) /g)].map(([, code]) => Number(code));
		expect(codes.length).toBeGreaterThan(5);
		expect(codes.filter((code) => !known.has(code as never))).toEqual([]);
	});

	test("a mode the vehicle does not have is refused", () => {
		expect(() => endpointScript("installer", { mode: "embedded" })).toThrow(CrossfadeError);
	});
});

describe("one account", () => {
	test("each CLI gets what it needs, in files only the user can read", async () => {
		const m = machine();
		const { token, fingerprint } = canary();
		expect(await m.run(self, { token, watched: true })).toEqual({
			code: 0,
			stdout: line("ok", fingerprint, "ok"),
			stderr: "",
		});
		const claude = JSON.parse(text(m.files["claude-code"]) ?? "");
		expect(claude.env).toMatchObject({
			CLAUDE_CODE_ENABLE_TELEMETRY: "1",
			OTEL_EXPORTER_OTLP_ENDPOINT: "https://ai-events.toriihq.com",
			OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`,
			OTEL_LOG_USER_PROMPTS: "0",
			OTEL_LOG_ASSISTANT_RESPONSES: "0",
			OTEL_LOG_TOOL_DETAILS: "0",
			OTEL_RESOURCE_ATTRIBUTES: expect.stringMatching(/^host\.name=[\w.-]+(,host\.id=[\w.-]+)?$/),
		});
		expect(text(m.files.codex)).toContain('endpoint = "https://ai-events.toriihq.com/v1/logs"\nprotocol = "binary"');
		expect(text(m.files.codex)).toContain(`Authorization = "Bearer ${token}"`);
		const gemini = JSON.parse(text(m.files.gemini) ?? "");
		expect(gemini.telemetry).toEqual({
			enabled: true,
			target: "local",
			otlpEndpoint: `https://ai-events.toriihq.com/${token}`,
			otlpProtocol: "http",
			logPrompts: false,
			traces: false,
			outfile: "",
			useCollector: false,
			useCliAuth: false,
		});
		for (const file of Object.values(m.files)) expect(statSync(file).mode & 0o777).toBe(0o600);
	});

	test("a file with the token is private, and so are backups: they hold no token of ours, and only the newest three stay", async () => {
		const m = machine();
		const file = write(m.home, ".codex/config.toml", 'model = "a"\n', 0o640);
		const tokens: string[] = [];
		for (let run = 0; run < 5; run++) {
			const { token } = canary();
			tokens.push(token);
			await m.run(`${self} clis=codex`, { token });
			writeFileSync(file, (text(file) ?? "").replace(/^model = .*/, `model = "a${run}"`));
		}
		expect(statSync(file).mode & 0o777).toBe(0o600);
		const backups = readdirSync(join(m.home, ".codex")).filter((name) => name.includes(".crossfade-backup-"));
		expect(backups).toHaveLength(3);
		for (const name of backups) {
			const path = join(m.home, ".codex", name);
			expect(statSync(path).mode & 0o777).toBe(0o600);
			for (const token of tokens) expect(text(path)).not.toContain(token);
		}
		expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0 });
		expect(text(file)).toBe('model = "a4"\n');
		expect(readdirSync(join(m.home, ".codex"))).toEqual(["config.toml"]);
	});

	test("uninstall leaves what a user changed meanwhile, and takes away files and folders that were made for us", async () => {
		const m = machine();
		const before = contents(m.home);
		await m.run(self, canary());
		const gemini = JSON.parse(text(m.files.gemini) ?? "");
		writeFileSync(m.files.gemini, JSON.stringify({ ...gemini, theme: "dark" }, null, 2));
		expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });
		expect(contents(m.home)).toMatchObject(before);
		expect(JSON.parse(text(m.files.gemini) ?? "")).toEqual({ theme: "dark" });
		expect(readdirSync(m.home).sort()).toEqual([".gemini", ".local", ".npm-global"]);
	});

	test("a value that a user changed after us is theirs", async () => {
		const m = machine();
		await m.run(`${self} clis=gemini`, canary());
		writeFileSync(m.files.gemini, (text(m.files.gemini) ?? "").replace('"logPrompts": false', '"logPrompts": true'));
		expect(await m.run(`report ${self} clis=gemini`)).toMatchObject({ code: 10 });
		await m.run(`uninstall ${self}`);
		expect(JSON.parse(text(m.files.gemini) ?? "")).toEqual({ telemetry: { logPrompts: true } });
	});

	test("dry-run changes nothing and says so", async () => {
		const m = machine({ vehicle: "installer" });
		const before = contents(m.home);
		const { stdout, code } = await m.run("dry-run", canary());
		expect(code).toBe(0);
		expect(stdout).toContain(`would change  ${m.files.codex}`);
		expect(contents(m.home)).toEqual(before);
	});

	test("the self-test needs no token and no root, and tries every format", async () => {
		const m = machine();
		const before = contents(m.home);
		expect(await m.run("self-test scope=user")).toEqual({
			code: 0,
			stdout: `crossfade ok fp=none cfg=1 cli=${clis.map(({ id }) => `${id}:ok`).join(",")} users=0\n`,
			stderr: "",
		});
		expect(contents(m.home)).toEqual(before);
	});

	test("options: content, host and signals are asked for or not", async () => {
		const m = machine();
		await m.run(`${self} prompts responses tools no-host`, canary());
		const { env } = JSON.parse(text(m.files["claude-code"]) ?? "");
		expect(env).toMatchObject({
			OTEL_LOG_USER_PROMPTS: "1",
			OTEL_LOG_ASSISTANT_RESPONSES: "1",
			OTEL_LOG_TOOL_DETAILS: "1",
		});
		expect(env).not.toHaveProperty("OTEL_RESOURCE_ATTRIBUTES");
		expect(text(m.files.codex)).toContain("log_user_prompt = true");
		expect(text(m.files.codex)).not.toContain("tool_result");
		expect(JSON.parse(text(m.files.gemini) ?? "").telemetry.logPrompts).toBe(true);
	});

	test("helper: a program prints the header, the token is in a file of its own, and both go on uninstall", async () => {
		const m = machine();
		const [old, next] = [canary(), canary()];
		const before = contents(m.home);
		await m.run(`${self} clis=claude-code`, old);
		expect(await m.run(`${self} helper clis=claude-code`, { ...next, watched: true })).toMatchObject({
			code: 0,
			stderr: "",
		});
		const settings = JSON.parse(text(m.files["claude-code"]) ?? "");
		expect(settings.env).not.toHaveProperty("OTEL_EXPORTER_OTLP_HEADERS");
		const printed = execFileSync("sh", ["-c", settings.otelHeadersHelper], { encoding: "utf8" });
		expect(JSON.parse(printed)).toEqual({ Authorization: `Bearer ${next.token}` });
		expect(statSync(join(m.home, ".claude/crossfade-token")).mode & 0o777).toBe(0o600);
		expect(await m.run(`report ${self} helper clis=claude-code`)).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`fp=${next.fingerprint}`),
		});
		expect(await m.run(`${self} no-helper clis=claude-code`, next)).toMatchObject({ code: 0, stderr: "" });
		expect(readdirSync(join(m.home, ".claude")).sort()).toEqual(["settings.json", "settings.json.crossfade-undo"]);
		await m.run(`uninstall ${self}`);
		expect(contents(m.home)).toEqual(before);
	});

	test("settings of others that would divert or stop telemetry go, and come back on uninstall", async () => {
		const m = machine();
		write(
			m.home,
			".claude/settings.json",
			'{ "env": { "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://other.example", "A": "b" } }\n',
		);
		write(m.home, ".codex/config.toml", '[otel]\nexporter = "none" # no\nenvironment = "dev"\n');
		write(m.home, ".gemini/settings.json", '{"telemetry": {"target": "gcp", "outfile": "/tmp/x"}, /* c */ "a": 1}');
		const before = contents(m.home);
		expect(await m.run(self, canary())).toMatchObject({ code: 0, stderr: "" });
		expect(text(m.files["claude-code"])).not.toContain("other.example");
		expect(text(m.files.codex)?.match(/\[otel\]/g)).toHaveLength(1);
		expect(text(m.files.codex)).not.toContain('"none" # no');
		expect(text(m.files.gemini)).toContain('"target": "local"');
		await m.run(`uninstall ${self}`);
		expect(contents(m.home)).toEqual(before);
	});

	test("variables that move a CLI's folder are followed", async () => {
		const m = machine();
		const env = {
			CODEX_HOME: join(m.home, "cx"),
			CLAUDE_CONFIG_DIR: join(m.home, "cl"),
			GEMINI_CLI_HOME: join(m.home, "g"),
		};
		await m.run(self, { ...canary(), env });
		for (const path of ["cx/config.toml", "cl/settings.json", "g/.gemini/settings.json"]) {
			expect(text(join(m.home, path)), path).toBeDefined();
		}
	});
});

describe("releases decide", () => {
	test("Gemini CLI 0.40.0 sends prompts whatever it is told: it is old unless they are asked for", async () => {
		const m = machine({ versions: { gemini: "0.40.0" } });
		expect((await m.run(self, canary())).stdout).toContain("gemini:old");
		expect(text(m.files.gemini)).toBeUndefined();
		expect((await m.run(`${self} prompts`, canary())).stdout).toContain("gemini:ok");
		expect(JSON.parse(text(m.files.gemini) ?? "").telemetry.logPrompts).toBe(true);
	});

	test.each([
		["all new: the machine's files alone", {}, ["claude", "codex", "gemini"], []],
		["Codex before 0.166.0: its own file", { codex: "0.165.9" }, ["claude", "gemini"], ["codex"]],
		["Claude Code before 2.1.83: its own file", { "claude-code": "2.1.82" }, ["codex", "gemini"], ["claude-code"]],
		["Gemini CLI before 0.40.1: nothing", { gemini: "0.40.0" }, ["claude", "codex"], []],
		["none at all: nothing", { "claude-code": "", codex: "", gemini: "" }, [], []],
	] as const)("scope=system, %s", needs(root), async (_what, versions, machines, users) => {
		const m = machine({ versions });
		await m.run("scope=system users=self", canary());
		const system = Object.keys(contents(m.root)).join(" ");
		expect(["claude", "codex", "gemini"].filter((name) => system.includes(name))).toEqual(machines);
		expect(clis.map(({ id }) => id).filter((id) => text(m.files[id as "codex"]) !== undefined)).toEqual(users);
	});
});

/** What other tools of a company could have put beside our drop-in, and whether it would take data and our header elsewhere. */
const beside: readonly (readonly [what: string, name: string, content: unknown, isRefused: boolean])[] = [
	["a file before ours with an endpoint", "etc/claude-code/managed-settings.d/10-acme.json", env("ENDPOINT"), false],
	[
		"a file before ours with an endpoint for logs",
		"etc/claude-code/managed-settings.d/10-acme.json",
		env("LOGS_ENDPOINT"),
		true,
	],
	[
		"a file before ours with a header for metrics",
		"etc/claude-code/managed-settings.d/10-acme.json",
		env("METRICS_HEADERS"),
		true,
	],
	["a file after ours with an endpoint", "etc/claude-code/managed-settings.d/60-acme.json", env("ENDPOINT"), true],
	[
		"a file after ours with a header program",
		"etc/claude-code/managed-settings.d/60-acme.json",
		{ otelHeadersHelper: "/opt/h" },
		true,
	],
	[
		"a file after ours of other settings",
		"etc/claude-code/managed-settings.d/60-acme.json",
		{ permissions: { deny: ["Bash"] } },
		false,
	],
	["the main file with an endpoint", "etc/claude-code/managed-settings.json", env("ENDPOINT"), false],
	["a profile with an endpoint", "Library/Managed Preferences/com.anthropic.claudecode.plist", env("ENDPOINT"), true],
	[
		"a user's profile with another setting",
		"Library/Managed Preferences/ann/com.anthropic.claudecode.plist",
		{},
		false,
	],
	["the main file with an endpoint for traces", "etc/claude-code/managed-settings.json", env("TRACES_ENDPOINT"), true],
];

function env(name: string) {
	return { env: { [`OTEL_EXPORTER_OTLP_${name}`]: "https://otlp.acme.example" } };
}

describe.each(["with an editor", "compact"])("beside Claude Code's drop-in, %s", needs(root), (kind) => {
	const compact = kind === "compact";
	const script = (action: "install" | "report" | "uninstall") => endpointScript("generic", { action, compact });
	const only = "scope=system users=self clis=claude-code";

	test.each(beside)("%s", async (_what, name, content, isRefused) => {
		const token = canary();
		const installed = machine({ content: script("install") });
		// A letter as an escape is the same setting.
		for (const text of [JSON.stringify(content), JSON.stringify(content).replace("OTEL_", "\\u004fTEL_")]) {
			write(installed.root, name, text);
			const { code, stdout, stderr } = await installed.run(only, token);
			expect({ code, stdout }).toEqual({
				code: isRefused ? 11 : 0,
				stdout: `crossfade ${isRefused ? "refused" : "ok"} fp=${token.fingerprint} cfg=1 cli=claude-code:${isRefused ? "refused" : "ok"} users=1\n`,
			});
			expect(stderr.includes(`/${name}: overrides our file`)).toBe(isRefused);
			expect(JSON.stringify(contents(installed.root)).includes(token.token)).toBe(!isRefused);
			if (!isRefused) break;
		}
	});

	test("one that comes later makes the report say refused, and does not keep uninstall from removing ours", async () => {
		const token = canary();
		const m = machine({ content: script("install") });
		expect(await m.run(only, token)).toMatchObject({ code: 0 });
		write(m.root, "etc/claude-code/managed-settings.d/60-acme.json", JSON.stringify(env("LOGS_ENDPOINT")));
		const then = (action: "report" | "uninstall") => {
			writeFileSync(m.script, script(action));
			return m.run(only);
		};
		expect(await then("report")).toMatchObject({ stdout: expect.stringContaining("cli=claude-code:refused") });
		expect(await then("uninstall")).toMatchObject({ code: 0 });
		expect(JSON.stringify(contents(m.root))).not.toContain(token.token);
	});
});

describe("beside Codex's config.toml", () => {
	const profile = (text: string) => [".codex/work.config.toml", text] as const;
	test.each<[string, readonly [string, string], boolean]>([
		["a profile with an endpoint", profile('[otel.exporter.otlp-http]\nendpoint = "https://acme.example"\n'), true],
		[
			"a profile with an endpoint whose table has a name with escapes",
			profile('[otel.exporter."\\u006ftlp-http"]\n'),
			true,
		],
		["a profile of other settings", profile('model = "m"\n'), false],
		["a profile without an ending", [".codex/otlp.toml", "[otel.exporter.otlp-http]\n"], false],
	])("%s", async (_what, [name, content], isRefused) => {
		const token = canary();
		const m = machine();
		write(m.home, name, content);
		const { code, stdout, stderr } = await m.run(`${self} clis=codex`, token);
		const state = isRefused ? "refused" : "ok";
		expect({ code, stdout }).toEqual({
			code: isRefused ? 11 : 0,
			stdout: `crossfade ${state} fp=${token.fingerprint} cfg=1 cli=codex:${state} users=1\n`,
		});
		expect(stderr.includes(`/${name}: overrides our file`)).toBe(isRefused);
		expect(JSON.stringify(contents(m.home)).includes(token.token)).toBe(!isRefused);
		expect((await m.run(`report ${self} clis=codex`)).stdout).toContain(`cli=codex:${state}`);
	});

	test("a profile that comes later makes the report say refused, and does not keep uninstall from removing ours", async () => {
		const token = canary();
		const m = machine();
		expect(await m.run(`${self} clis=codex`, token)).toMatchObject({ code: 0 });
		write(m.home, ...profile('[otel]\nexporter.otlp-http.endpoint = "https://acme.example"\n'));
		expect((await m.run(`report ${self} clis=codex`)).stdout).toContain("cli=codex:refused");
		expect(await m.run(`uninstall ${self} clis=codex`)).toMatchObject({ code: 0 });
		expect(JSON.stringify(contents(m.home))).not.toContain(token.token);
	});
});

test("of a signal that the provider does not accept Claude Code sends nothing, to whomever it is set to send it", async () => {
	const provider = { title: "P", endpoint: "https://otlp.example.com", takes: ["logs"] as const };
	const m = machine({ content: endpointScript("generic", { provider }) });
	expect(await m.run(`${self} clis=claude-code`, canary())).toMatchObject({ code: 0 });
	expect(JSON.parse(text(m.files["claude-code"]) ?? "").env).toMatchObject({
		OTEL_LOGS_EXPORTER: "otlp",
		OTEL_METRICS_EXPORTER: "none",
		OTEL_TRACES_EXPORTER: "none",
	});
});
