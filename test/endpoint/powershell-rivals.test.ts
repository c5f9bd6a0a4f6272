import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { layerings } from "../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../src/adapters/clis/registry.ts";
import { windowsRivals } from "../../src/generate/render/endpoint-ps1-rivals.ts";
import { canary } from "../harness/canary.ts";
import { contents, machine, snapshot, write } from "../harness/endpoint.ts";
import { aThird, pairs } from "../harness/matrix.ts";
import { needs, pwsh, root } from "../harness/parts.ts";
import { SID, type WindowsMachine, windowsMachine } from "../harness/powershell.ts";

/** Other files that a CLI reads: the script in PowerShell looks at them as the one in sh does, and says what it cannot look at. */

const releases = { "claude-code": "2.1.330", codex: "0.169.0", gemini: "0.61.0", "qwen-code": "0.24.4" };
type Id = keyof typeof releases;

/** Where a CLI's files of the machine are, on both. */
const FOLDERS: Readonly<Record<Id, readonly [sh: string, ps1: string]>> = {
	"claude-code": ["etc/claude-code", "ProgramFiles/ClaudeCode"],
	codex: ["etc/codex", "ProgramData/OpenAI/Codex"],
	gemini: ["etc/gemini-cli", "ProgramData/gemini-cli"],
	"qwen-code": ["etc/qwen-code", "ProgramData/qwen-code"],
};

const only = (id: Id) =>
	Object.fromEntries(Object.keys(releases).map((each) => [each, each === id ? releases[id] : ""]));
const pathOn = (at: 0 | 1, m: { home: string; root: string }, id: Id, path: string) =>
	path.startsWith("~/") ? join(m.home, path.slice(2)) : join(m.root, FOLDERS[id][at], path);
const everything = (m: WindowsMachine) => ({ ...snapshot(m.root), ...snapshot(m.home) });
const withoutLocks = (found: Record<string, string>) =>
	Object.fromEntries(Object.entries(found).filter(([path]) => !path.endsWith(".lock")));
const wordsFor = (scope: string, id: Id) => `scope=${scope} clis=${id} no-host${scope === "user" ? " users=self" : ""}`;

const CHANGES = "changes what our file sets";
const elsewhere = "https://elsewhere.example";
const NO_FORM = "is not of a form that its reader knows: /otel/";
const HALF = '[otel.exporter.otlp-http]\nendpoint = "x"\n';
const WHOLE = `${HALF}protocol = "binary"\n`;
const env = (name: string, value = elsewhere) => JSON.stringify({ env: { [name]: value } });

/** `path` is below the home, or in the folder of the machine; a pair is for sh and for PowerShell. `said` is nothing where all is well. */
type Trap = [
	what: string,
	scope: "user" | "system",
	id: Id,
	path: string | [string, string],
	content: string,
	said: string,
];

const traps: readonly Trap[] = [
	["a managed file", "user", "claude-code", "managed-settings.json", env("OTEL_EXPORTER_OTLP_ENDPOINT"), CHANGES],
	["a managed drop-in", "user", "claude-code", "managed-settings.d/40-x.json", '{"otelHeadersHelper": "x"}', CHANGES],
	["a managed drop-in about something else", "user", "claude-code", "managed-settings.d/40-x.json", env("A"), ""],
	["a managed file that is broken", "user", "claude-code", "managed-settings.json", "{", "parse error at line 1"],
	["the state file", "user", "claude-code", "~/.claude.json", env("OTEL_EXPORTER_OTLP_LOGS_HEADERS"), CHANGES],
	[
		"the state file, by an escape",
		"user",
		"claude-code",
		"~/.claude.json",
		'{"\\u006ftelHeadersHelper": "x"}',
		CHANGES,
	],
	["the state file without any", "user", "claude-code", "~/.claude.json", env("A"), ""],
	["the state file", "system", "claude-code", "~/.claude.json", '{"otelHeadersHelper": "x"}', CHANGES],
	[
		"the user's file",
		"system",
		"claude-code",
		"~/.claude/settings.json",
		env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
		CHANGES,
	],
	[
		"an interval of 0",
		"system",
		"claude-code",
		"~/.claude/settings.json",
		env("OTEL_METRIC_EXPORT_INTERVAL", "0"),
		CHANGES,
	],
	["an interval below 0", "user", "claude-code", "~/.claude.json", env("OTEL_BLRP_EXPORT_TIMEOUT", "-1"), CHANGES],
	[
		"an interval of 0 in the same file",
		"user",
		"claude-code",
		"~/.claude/settings.json",
		env("OTEL_LOGS_EXPORT_INTERVAL", "0"),
		"must be of type positive: /env/OTEL_LOGS_EXPORT_INTERVAL",
	],
	["an interval", "system", "claude-code", "~/.claude/settings.json", env("OTEL_METRIC_EXPORT_INTERVAL", "10000"), ""],
	["a managed file, broken", "system", "claude-code", "managed-settings.json", '{"env": {},}', "parse error at line 1"],
	[
		"a drop-in, broken",
		"system",
		"claude-code",
		"managed-settings.d/10-a.json",
		'{"env": {},}',
		"parse error at line 1",
	],
	["a drop-in about something else", "system", "claude-code", "managed-settings.d/10-a.json", '{"model": "m"}', ""],
	[
		"a value of a wrong kind",
		"user",
		"claude-code",
		"~/.claude/settings.json",
		'{"hooks": []}',
		"must be of type object: /hooks",
	],
	["the system's defaults", "user", "codex", "config.toml", '[otel]\nenvironment = "a"\n', CHANGES],
	[
		"a legacy managed file",
		"user",
		"codex",
		["managed_config.toml", "~/.codex/managed_config.toml"],
		'[otel]\nexporter = "none"\n',
		CHANGES,
	],
	["requirements", "user", "codex", "requirements.toml", '[otel]\nexporter = "none"\n', CHANGES],
	["defaults of a wrong kind", "user", "codex", "config.toml", "[analytics]\nenabled = 1\n", "must be of type boolean"],
	["defaults of a wrong kind", "system", "codex", "config.toml", "[otel]\nenvironment = 1\n", "must be of type string"],
	["defaults about something else", "user", "codex", "config.toml", 'model = "m"\n', ""],
	[
		"a user's value of a wrong kind",
		"user",
		"codex",
		"~/.codex/config.toml",
		"[analytics]\nenabled = 1\n",
		"must be of type boolean",
	],
	[
		"a user's value of a wrong kind",
		"system",
		"codex",
		"~/.codex/config.toml",
		"[analytics]\nenabled = 1\n",
		"must be of type boolean",
	],
	["an exporter of no form", "system", "codex", "config.toml", '[otel]\nexporter = "banana"\n', NO_FORM],
	["an exporter without a protocol", "system", "codex", "~/.codex/config.toml", HALF, NO_FORM],
	[
		"an exporter of two variants",
		"system",
		"codex",
		["managed_config.toml", "~/.codex/managed_config.toml"],
		`${WHOLE}[otel.exporter.otlp-grpc]\nendpoint = "x"\n`,
		NO_FORM,
	],
	["a profile's exporter of no form", "system", "codex", "~/.codex/work.config.toml", HALF, NO_FORM],
	[
		"a header that is no string",
		"system",
		"codex",
		"config.toml",
		`${WHOLE}headers = { a = true }\n`,
		"must hold strings only",
	],
	["an exporter that is whole", "system", "codex", "config.toml", `${WHOLE}headers = { a = "b" }\n`, ""],
	["the word for its own telemetry", "system", "codex", "config.toml", '[otel]\nexporter = "statsig"\n', ""],
	[
		"a trace exporter of theirs without a protocol",
		"user",
		"codex",
		"~/.codex/config.toml",
		'[otel.trace_exporter.otlp-http]\nendpoint = "x"\n',
		NO_FORM,
	],
	[
		"a word where a table belongs",
		"user",
		"codex",
		"~/.codex/config.toml",
		'tui = "x"\n',
		"must be of type object: /tui",
	],
	["a word that it does not know", "user", "codex", "~/.codex/config.toml", 'sandbox_mode = "x"\n', ": /sandbox_mode"],
	["a number where a word belongs", "system", "codex", "config.toml", "file_opener = 7\n", ": /file_opener"],
	["a word it knows", "user", "codex", "~/.codex/config.toml", "approval_policy = 'never'\n", ""],
	[
		"neither a word it knows nor a table",
		"user",
		"codex",
		"~/.codex/config.toml",
		'approval_policy = "sometimes"\n',
		"must be of type on-request|on-failure|never|{object}: /approval_policy",
	],
	[
		"a profile's value of a wrong kind",
		"user",
		"codex",
		"~/.codex/work.config.toml",
		"model = 7\n",
		"must be of type string",
	],
	["an unknown key", "system", "codex", "requirements.toml", "[otel]\nbanana = 1\n", "an unknown key below /otel"],
	["an unknown key", "user", "codex", "~/.codex/config.toml", "[otel]\nbanana = 1\n", ""],
	["the system's file", "user", "gemini", "settings.json", '{"telemetry": {"enabled": false}}', CHANGES],
	["the system's defaults, broken", "user", "gemini", "system-defaults.json", '{"a": 1,}', "parse error at line 1"],
	["the system's defaults, broken", "system", "gemini", "system-defaults.json", '{"a": 1,}', "parse error at line 1"],
	["the user's file, broken", "system", "gemini", "~/.gemini/settings.json", "{", "parse error at line 1"],
	[".env of its own", "user", "gemini", "~/.gemini/.env", "A=b\nOTEL_EXPORTER_OTLP_ENDPOINT=x\n", CHANGES],
	[".env in the home", "user", "gemini", "~/.env", "  export GEMINI_TELEMETRY_TARGET = gcp\r\n", CHANGES],
	[".env in the home", "system", "gemini", "~/.env", "OTEL_SDK_DISABLED=true", CHANGES],
	[".env with a colon", "user", "gemini", "~/.env", "A=b\nOTEL_SDK_DISABLED: true\n", CHANGES],
	[".env with a byte order mark", "user", "gemini", "~/.env", "\ufeffOTEL_SDK_DISABLED=true\n", CHANGES],
	[".env with lines that end with CR", "user", "gemini", "~/.env", "A=b\rOTEL_SDK_DISABLED=true\r", CHANGES],
	[".env with a comment", "user", "gemini", "~/.env", "# OTEL_SDK_DISABLED=true\nMY_OTEL_SDK_DISABLED=true\n", ""],
	["the system's file", "user", "qwen-code", "settings.json", env("QWEN_TELEMETRY_TARGET", "gcp"), CHANGES],
	[
		"the system's defaults",
		"user",
		"qwen-code",
		"system-defaults.json",
		env("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"),
		CHANGES,
	],
	["the system's defaults", "system", "qwen-code", "system-defaults.json", env("QWEN_TELEMETRY_OUTFILE", "x"), CHANGES],
	[
		"the user's file",
		"system",
		"qwen-code",
		"~/.qwen/settings.json",
		JSON.stringify({ telemetry: { otlpLogsEndpoint: elsewhere } }),
		CHANGES,
	],
	[".env of its own", "user", "qwen-code", "~/.qwen/.env", "QWEN_TELEMETRY_ENABLED=0\n", CHANGES],
	[".env in the home", "system", "qwen-code", "~/.env", "QWEN_TELEMETRY_OTLP_PROTOCOL=grpc\n", CHANGES],
];

describe("another file that the CLI reads", { ...needs(pwsh, root), timeout: 300_000 }, () => {
	const some = aThird(traps);
	const again = new Set(aThird(some));
	const rows = some.map((trap) => [...trap, again.has(trap)] as const);
	test.each(rows)("%s, scope=%s %s: as in sh", async (_what, scope, id, path, content, said, isRunAgain) => {
		const words = wordsFor(scope, id);
		const { token } = canary();
		const [inSh, inPs1] = typeof path === "string" ? [path, path] : path;
		const state = said === "" ? "ok" : "refused";
		const expected = { code: said === "" ? 0 : 11, stdout: expect.stringContaining(`${id}:${state}`) };

		const sh = machine({ versions: only(id) });
		write("/", pathOn(0, sh, id, inSh), content, scope === "user" && inSh.startsWith("~") ? 0o600 : 0o644);
		const bySh = await sh.run(scope === "user" ? words : `${words} users=self`, { token });
		expect(bySh).toMatchObject(expected);

		const m = windowsMachine({ versions: only(id) });
		const file = write("/", pathOn(1, m, id, inPs1), content);
		const first = await m.run(words, { token });
		expect(first).toMatchObject(expected);
		for (const { stderr } of [bySh, first]) expect(stderr).toContain(said);
		if (said !== "") expect(first.stderr.split("\n")[0]).toContain(`error: ${file}: `);
		else expect(first.stderr).toBe("");
		if (!isRunAgain) return;
		const before = withoutLocks(everything(m));
		expect(await m.run(words, { token })).toEqual(first);
		expect(await m.run(`report ${words}`)).toMatchObject({ ...expected, stderr: expect.stringContaining(said) });
		expect(withoutLocks(everything(m))).toEqual(before);
	});
});

test(
	"two files with an exporter of different variants are refused, and with the same one they are not",
	needs(pwsh, root),
	async () => {
		const grpc = '[otel.exporter.otlp-grpc]\nendpoint = "x"\n';
		const words = wordsFor("system", "codex");
		for (const [theirs, state] of [
			[grpc, "refused"],
			[WHOLE, "ok"],
		] as const) {
			const { token } = canary();
			const said = state === "ok" ? "" : "and another file of the CLI have otlp-";
			const expected = { stdout: expect.stringContaining(`codex:${state}`), stderr: expect.stringContaining(said) };
			const sh = machine({ versions: only("codex") });
			const m = windowsMachine({ versions: only("codex") });
			for (const at of [0, 1] as const) {
				const where = at === 0 ? sh : m;
				write("/", pathOn(at, where, "codex", "config.toml"), theirs);
				write("/", pathOn(at, where, "codex", "~/.codex/config.toml"), WHOLE);
			}
			expect(await sh.run(`${words} users=self`, { token })).toMatchObject(expected);
			expect(await m.run(words, { token })).toMatchObject(expected);
		}
	},
);

describe("what cannot be looked at is refused by its name, and not ok", { ...needs(pwsh), timeout: 300_000 }, () => {
	const shapes: [what: string, message: string, make: (m: WindowsMachine) => string][] = [
		[
			"a link",
			"is a symbolic link",
			(m) => {
				const file = join(m.home, ".env");
				symlinkSync(write(m.home, "real.env", "A=b\n"), file);
				return file;
			},
		],
		[
			"a folder",
			"is not a regular file",
			(m) => {
				mkdirSync(join(m.home, ".env"));
				return join(m.home, ".env");
			},
		],
		["a file that is too large", "is larger than", (m) => write(m.home, ".env", "#".repeat(10_485_761))],
	];
	const ways = ["user", "system"].flatMap((scope) =>
		["install", "report", "dry-run"].map((action) => [scope, action] as const),
	);
	const rows = pairs(shapes, ways).map(([shape, way]) => [...shape, ...way] as const);
	test.each(rows)("%s", async (_what, message, make, scope, action) => {
		const m = windowsMachine({ versions: only("gemini") });
		const file = make(m);
		const { token } = canary();
		const before = Object.keys(contents(m.home));
		const words = wordsFor(scope, "gemini");
		if (action !== "install") await m.run(words, { token });
		expect(await m.run(`${action} ${words}`, { token })).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("gemini:refused"),
			stderr: expect.stringContaining(`error: ${file}: ${message}`),
		});
		expect(await m.run(`uninstall ${words}`)).toMatchObject({ code: 0, stderr: "" });
		expect(Object.keys(contents(m.home)).filter((path) => !path.endsWith(".lock"))).toEqual(before);
	});

	test("a folder of drop-ins that is a link", async () => {
		const m = windowsMachine({ versions: only("claude-code") });
		const folder = join(m.root, "ProgramFiles/ClaudeCode/managed-settings.d");
		mkdirSync(join(folder, ".."), { recursive: true });
		mkdirSync(join(m.root, "elsewhere"));
		symlinkSync(join(m.root, "elsewhere"), folder);
		expect(await m.run(wordsFor("user", "claude-code"), { token: canary().token })).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("claude-code:refused"),
			stderr: expect.stringContaining(`error: ${folder}: is a symbolic link`),
		});
	});

	test("a drop-in, and a profile of the CLI, that is a link: said, and not read through it", async () => {
		// The release of Codex is one that gets the user's file.
		const m = windowsMachine({ versions: { ...only("claude-code"), codex: "0.150.0" } });
		const harmless = write(m.root, "elsewhere/harmless", "{}");
		const links = [
			join(m.root, "ProgramFiles/ClaudeCode/managed-settings.d/60-x.json"),
			join(m.home, ".codex/work.config.toml"),
		];
		for (const link of links) {
			mkdirSync(join(link, ".."), { recursive: true });
			symlinkSync(harmless, link);
		}
		const run = await m.run("", { token: canary().token });
		expect(run).toMatchObject({ code: 11, stdout: expect.stringContaining("claude-code:refused,codex:refused") });
		for (const link of links) expect(run.stderr).toContain(`error: ${link}: is a symbolic link`);
		for (const file of [m.machineFiles["claude-code"], m.files.codex]) expect(existsSync(file)).toBe(false);
	});

	test("the files of an account whose variable names another folder, which stand beside the file of the machine", async () => {
		const m = windowsMachine({ versions: only("codex") });
		const moved = { CROSSFADE_TEST_MOVED: `${SID} CODEX_HOME` };
		expect(await m.run(wordsFor("system", "codex"), { token: canary().token, env: moved })).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("codex:refused"),
			stderr: expect.stringContaining("its variable CODEX_HOME names another folder"),
		});
	});
});

describe("what only Windows has", { ...needs(pwsh), timeout: 300_000 }, () => {
	const letters: [what: string, scope: string, id: Id, path: string, content: string, isRefused: boolean][] = [
		["in a .env file", "user", "gemini", "~/.env", "otel_sdk_disabled=true\n", true],
		["in the defaults", "user", "qwen-code", "system-defaults.json", env("otel_exporter_otlp_endpoint"), true],
		[
			"in our own file",
			"user",
			"claude-code",
			"~/.claude/settings.json",
			env("otel_exporter_otlp_logs_endpoint"),
			true,
		],
		[
			"by an escape",
			"user",
			"claude-code",
			"~/.claude/settings.json",
			'{"env": {"\\u006ftel_logs_exporter": "x"}}',
			true,
		],
		["in a managed drop-in", "system", "claude-code", "managed-settings.d/60-x.json", env("otel_logs_exporter"), true],
		["of a variable that is not ours", "user", "claude-code", "~/.claude/settings.json", env("path"), false],
	];
	test.each(aThird(letters))(
		"other letters of a variable, %s, scope=%s %s %s",
		async (_what, scope, id, path, content, isRefused) => {
			const m = windowsMachine({ versions: only(id) });
			const file = write("/", pathOn(1, m, id, path), content);
			const run = await m.run(wordsFor(scope, id), { token: canary().token });
			expect(run.stdout).toContain(`${id}:${isRefused ? "refused" : "ok"}`);
			if (isRefused) expect(run.stderr).toContain(`error: ${file}: `);
			else expect(run.stderr).toBe("");
		},
	);

	test.each([
		["a colon", "OTEL_SDK_DISABLED: true\n"],
		["a byte order mark", "\ufeffOTEL_SDK_DISABLED=true\n"],
		["line ends of an old Mac", "A=b\rOTEL_SDK_DISABLED=true\r"],
	])("a .env file with %s", async (_what, content) => {
		const m = windowsMachine({ versions: only("gemini") });
		write(m.home, ".env", content);
		const run = await m.run(wordsFor("user", "gemini"), { token: canary().token });
		expect(run).toMatchObject({ code: 11, stderr: expect.stringContaining(CHANGES) });
	});

	const OTHER = env("OTEL_EXPORTER_OTLP_ENDPOINT");
	const policies: [what: string, variables: Record<string, string>, said: string][] = [
		["of the machine", { CROSSFADE_TEST_POLICY: OTHER }, "HKLM\\SOFTWARE\\Policies\\ClaudeCode"],
		["of the account", { CROSSFADE_TEST_USER_POLICY: OTHER }, `HKU\\${SID}\\SOFTWARE\\Policies\\ClaudeCode`],
		["that cannot be read", { CROSSFADE_TEST_USER_POLICY: " " }, `HKU\\${SID}\\SOFTWARE\\Policies\\ClaudeCode`],
		["about something else", { CROSSFADE_TEST_POLICY: env("A"), CROSSFADE_TEST_USER_POLICY: env("A") }, ""],
	];
	test.each(policies)("a policy %s goes before a user's file", async (_what, variables, said) => {
		const m = windowsMachine({ versions: only("claude-code") });
		const run = await m.run(wordsFor("user", "claude-code"), { token: canary().token, env: variables });
		expect(run.stdout).toContain(`claude-code:${said === "" ? "ok" : "refused"}`);
		if (said === "") expect(run.stderr).toBe("");
		else
			expect(run.stderr).toBe(
				`error: ${said}: ${CHANGES}, so what is sent is not known; remove its telemetry settings\n`,
			);
	});
});

describe("scope=system", { ...needs(pwsh), timeout: 300_000 }, () => {
	test("what is written for the machine is no rival, also where a release is not known and both files are set", async () => {
		const m = windowsMachine({ versions: releases });
		for (const id of Object.keys(releases) as Id[]) {
			const npm = clis.find((cli) => cli.id === id)?.npm ?? id;
			writeFileSync(join(m.home, `AppData/Roaming/npm/node_modules/${npm}/package.json`), "{}");
		}
		const { token } = canary();
		for (const action of ["install", "install", "report"])
			expect(await m.run(`${action} no-host`, { token })).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringContaining("claude-code:ok,codex:ok,gemini:ok,qwen-code:ok"),
			});
	});

	test("where only a user's file counts, that of others is looked at, and ours is none", async () => {
		const m = windowsMachine({ versions: { ...only("claude-code"), "claude-code": "2.1.80" } });
		write(m.root, "ProgramFiles/ClaudeCode/managed-settings.json", env("OTEL_EXPORTER_OTLP_ENDPOINT"));
		expect(await m.run("no-host", { token: canary().token })).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("claude-code:refused"),
			stderr: expect.stringContaining("managed-settings.json: changes what our file sets"),
		});
	});
});

describe("the tables", () => {
	const ids = clis.map(({ id }) => id);
	test.each(ids)("%s: every file that the script in sh looks at has a place on Windows, but those of a Mac", (id) => {
		const cli = clis.find((each) => each.id === id);
		if (!cli) throw new Error(id);
		for (const of of ["user", "system"] as const) {
			const found = windowsRivals(cli, of).flatMap(({ files }) => files.map(([path]) => path));
			const known = cli.rivals.filter(
				(rival) => rival.of === of && (typeof rival.path === "string" || rival.path.linux !== undefined),
			);
			expect(found).toHaveLength(known.length);
			for (const path of found) expect(path).toMatch(/^(~\/|\{folder\}\/|%Program(Data|Files)%\/)[^\\]+$/);
		}
	});

	test.each(ids)(
		"%s: every file of which doctor says that all accounts, or the home, have it is looked at, or is ours",
		(id) => {
			const cli = clis.find((each) => each.id === id);
			const layering = layerings.find((each) => each.id === id);
			if (!cli || !layering) throw new Error(id);
			const names = [...windowsRivals(cli, "user"), ...windowsRivals(cli, "system")].flatMap(({ files }) =>
				files.map(([path]) => path.slice(path.lastIndexOf("/") + 1)),
			);
			const ours = [cli.user.file, `*${cli.user.beside?.ending ?? ""}`];
			const read = layering.layers
				.flatMap(({ paths }) => paths?.linux ?? [])
				.filter((path) => !/^[.^]/.test(path))
				.map((path) => path.slice(path.lastIndexOf("/") + 1).replace(/\}$/, ""));
			expect(read.length).toBeGreaterThan(2);
			expect(read.filter((name) => !names.includes(name) && !ours.includes(name))).toEqual([]);
		},
	);
});
