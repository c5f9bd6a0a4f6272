import { spawnSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { contents, type EndpointMachine, endpointScript, machine, text, write } from "../harness/endpoint.ts";
import { inheritable } from "../harness/inherited.ts";
import { readable, unreadable } from "../harness/left-files.ts";
import { pairs } from "../harness/matrix.ts";
import { needs, program, root } from "../harness/parts.ts";
import { shells } from "../harness/shells.ts";

/** What is known to go wrong with such scripts and with the CLIs' files, one test for each that no test elsewhere names. */

const self = "scope=user users=self";
const claudeFile = ".claude/settings.json";
const codexFile = ".codex/config.toml";
const geminiFile = ".gemini/settings.json";

/** Sets a file as it is, and as one CLI's alone; gives the file afterwards. */
async function install(m: EndpointMachine, cli: keyof EndpointMachine["files"]) {
	const secret = canary();
	const outcome = await m.run(`${self} clis=${cli}`, { token: secret.token, canaries: [secret] });
	return { ...secret, outcome, after: text(m.files[cli]) ?? "" };
}

const uninstalled = async (m: EndpointMachine) =>
	expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });

describe("trap: a value is refused, not adjusted", () => {
	const { token } = canary();
	test.each([
		["=", `${token}=`],
		["+", `${token}+x`],
		["/", `${token}/x`],
		["&", `${token}&x`],
		["'", `${token}'`],
		["$", `${token}$x`],
		["a blank before it", ` ${token}`],
		["a blank behind it", `${token} `],
		["a CR behind it, pasted from Windows", `${token}\r`],
		["a backslash", `${token}\\n`],
		["a semicolon", `${token};x`],
	])("%s", async (_what, value) => {
		const m = machine();
		const before = contents(m.home);
		const given = { token: value, fingerprint: "" };
		const byInput = await m.run(self, { stdin: `${value}\n`, canaries: [given, canary()] });
		const embedded = machine({
			content: endpointScript("generic", { mode: "embedded" }).replace("@TOKEN@", quoted(value)),
		});
		const byFile = await embedded.run(self, { canaries: [given] });
		for (const outcome of [byInput, byFile]) {
			expect(outcome).toMatchObject({ code: 11, stdout: expect.stringMatching(/^crossfade error fp=none [^\n]*\n$/) });
			expect(outcome.stderr).toMatch(/^error: the token contains [^\n]*\n$/);
			expect(outcome.stdout + outcome.stderr).not.toContain(token);
		}
		for (const home of [m.home, embedded.home]) expect(contents(home)).toEqual(before);
	});

	/** As an admin would have to write it between the single quotes of the script. */
	const quoted = (value: string) => value.replaceAll("'", "'\\''").replaceAll("$", "$$$$");

	test("256 characters and more are taken whole where nothing cuts them, and refused where something does", async () => {
		for (const length of [255, 256, 257, 4096]) {
			const m = machine();
			const secret = canary(length);
			expect(await m.run(`${self} clis=codex`, secret)).toMatchObject({
				code: 0,
				stdout: expect.stringContaining(`fp=${secret.fingerprint}`),
			});
			expect(text(m.files.codex)).toContain(`"Bearer ${secret.token}"`);
		}
		const m = machine({ vehicle: "jamf" });
		const long = canary(256);
		const outcome = await m.run(`/ mac user ${long.token}`);
		expect(outcome).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("too long (256 characters), or was cut"),
		});
		expect(outcome.stdout + outcome.stderr).not.toContain(long.token);
	});
});

/** The command lines of the processes that have a file open. */
function openBy(file: string): string[] {
	const has = (pid: string) => {
		try {
			return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === file);
		} catch {
			return false;
		}
	};
	return readdirSync("/proc")
		.filter((pid) => /^\d+$/.test(pid) && has(pid))
		.map((pid) => text(`/proc/${pid}/cmdline`) ?? pid);
}

describe("trap: what is printed", () => {
	test("on success nothing is on standard error, and the report is the last line", async () => {
		const m = machine();
		const secret = canary();
		for (const action of ["install", "dry-run", "report", "uninstall", "uninstall"]) {
			const options = { token: secret.token, canaries: [secret] };
			const { code, stdout, stderr } = await m.run(`${action} ${self}`, options);
			expect({ code, stderr }, action).toEqual({ code: 0, stderr: "" });
			expect(stdout, action).toMatch(/^crossfade (ok|absent) fp=\S+ cfg=1 cli=\S+ users=1\n$/);
		}
	});

	// Root's has a process beside it that ends what an account does not end, and looks once a second whether it is still wanted.
	test.each(shells)(
		"$name: what is left running for a moment keeps nobody waiting for the output, or for a lock of the caller",
		needs(root),
		async (shell) => {
			const m = machine();
			const output = join(scratch(), "output");
			const program = write(
				scratch(),
				"shell",
				`#!/bin/sh\nexec ${shell.part.path} ${shell.args.join(" ")} "$@" >${output} 2>&1 7>${output}.lock\n`,
				0o755,
			);
			const { code } = await m.run(self, {
				token: canary().token,
				shell: { ...shell, part: { ...shell.part, path: program }, args: [] },
			});
			expect(code).toBe(0);
			expect(text(output)).toMatch(/^crossfade ok /);
			expect([...openBy(output), ...openBy(`${output}.lock`)]).toEqual([]);
		},
	);

	const failures: [what: string, args: string, code: number, prepare: (m: EndpointMachine) => void][] = [
		["success", "", 0, () => undefined],
		["an unknown option", "--frobnicate", 2, () => undefined],
		["a wrong endpoint", "endpoint=ftp://h.example", 2, () => undefined],
		["a file that is not understood", "", 11, (m) => write(m.home, geminiFile, "{")],
		["a file that is a link", "", 11, (m) => symlinkSync("/nowhere", join(mkdir(m.home, ".codex"), "config.toml"))],
		["a folder that is a file", "", 11, (m) => write(m.home, ".claude", "")],
	];
	const mkdir = (...path: [string, string]) => {
		const folder = join(...path);
		mkdirSync(folder, { recursive: true });
		return folder;
	};
	test.each(failures)("traced with sh -x no token shows: %s", async (_what, args, code, prepare) => {
		for (const flags of [["-x"], ["-xv"]]) {
			const m = machine();
			prepare(m);
			const secret = canary();
			const outcome = await m.run(`${self} ${args}`, { token: secret.token, canaries: [secret], flags });
			expect(outcome.code).toBe(code);
			const state = { 0: "ok", 2: "error", 11: "refused" }[code];
			expect(outcome.stdout).toMatch(new RegExp(`^crossfade ${state} [^\\n]*\\n$`));
			// The shell was told to trace: what it reads before the script turns that off is there.
			if (flags[0] !== "-x") expect(outcome.stderr).toContain("#!/bin/sh");
		}
	});

	test("traced with sh -x a token that is refused shows no more than any other", async () => {
		const secret = canary();
		const refused = { token: `${secret.token}'x`, fingerprint: "" };
		for (const flags of [["-x"], ["-xv"]]) {
			const outcome = await machine().run(self, { token: refused.token, canaries: [refused, secret], flags });
			expect(outcome.code).toBe(11);
		}
	});
});

describe("trap: names that the environment has already, and a shell that exports everything", () => {
	/** Programs that say what environment they were started with. */
	const spies = () => {
		const folder = scratch();
		const seen = join(folder, "seen");
		for (const name of ["awk", "cut", "head", "ls", "sed", "tr", "wc"]) {
			write(folder, name, `#!/bin/sh\nenv >>'${seen}'\nexec ${program(name).path} "$@"\n`, 0o755);
		}
		return { folder, seen };
	};

	test.each(
		pairs(shells, [[], ["-a"]]).map(([under, flags]) => [[under.name, ...flags].join(" "), under, flags] as const),
	)("%s: no program is handed the token", async (_name, under, flags) => {
		const { folder, seen } = spies();
		const m = machine({ path: folder });
		const secret = canary();
		const env = Object.fromEntries(inheritable(endpointScript()).map((name) => [name, "inherited"]));
		for (const action of ["install", "dry-run", "report", "uninstall"]) {
			const token = action === "install" ? secret.token : "";
			const outcome = await m.run(`${action} ${self} clis=claude-code`, { shell: under, token, flags, env });
			expect(outcome, action).toMatchObject({ code: 0, stderr: "" });
		}
		expect(text(seen)).toContain("LC_ALL=C");
		expect(leaks([secret], { environments: text(seen) ?? "" })).toEqual([]);
	});

	test("the program for Claude Code's header hands nothing on either", async () => {
		const { folder, seen } = spies();
		const m = machine({ path: folder });
		const secret = canary();
		expect(await m.run(`${self} clis=claude-code helper`, { token: secret.token })).toMatchObject({ code: 0 });
		const header = join(m.home, ".claude/crossfade-header");
		const names = inheritable(readFileSync(header, "utf8")).map((name) => [name, "inherited"]);
		const env = { PATH: `${folder}:/usr/bin:/bin`, ...Object.fromEntries(names) };
		const { stdout, status } = spawnSync("sh", ["-a", header], { env, encoding: "utf8" });
		expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(secret.token) });
		expect(leaks([secret], { environments: text(seen) ?? "" })).toEqual([]);
	});
});

describe("trap: no usable home", () => {
	test("the home is missing: said, skipped, and not made", async () => {
		const m = machine();
		rmSync(m.home, { recursive: true });
		for (const action of ["", "report", "uninstall"]) {
			const outcome = await m.run(`${action} ${self}`, canary());
			expect(outcome).toMatchObject({ stdout: expect.stringMatching(/users=0 skipped=1\n$/) });
			expect(outcome.stderr).toBe("");
		}
		expect(() => statSync(m.home)).toThrow(/ENOENT/);
	});

	test.each(["", "relative", "/"])(
		"HOME is %j, and the account has no other: said, and no file is made",
		async (HOME) => {
			const m = machine();
			const cwd = join(m.root, "here");
			mkdirSync(cwd);
			// An account that the list of people does not have, as root is none of them.
			const tools = join(m.root, "../stand-ins");
			write(tools, "id", "#!/bin/sh\ncase $1 in -u) exec /usr/bin/id -u ;; *) echo somebody ;; esac\n", 0o755);
			write(tools, "getent", "#!/bin/sh\nexit 2\n", 0o755);
			const env = { HOME, CROSSFADE_TEST_PATH: `${tools}:/usr/bin:/bin` };
			expect(await m.run(self, { ...canary(), env, cwd })).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringMatching(/^crossfade absent fp=\w{12} cfg=1 cli=\S+ users=0 skipped=1\n$/),
			});
			expect(contents(m.root)).toEqual({});
		},
	);

	test.each(["xx_YY.UTF-8", "tr_TR.UTF-8", "ja_JP.SJIS"])(
		"the locale is %s: the files are the same",
		async (locale) => {
			const [plain, odd] = [machine(), machine()];
			const secret = canary();
			const samples: [string, string][] = [
				[codexFile, 'title = "Iıİi é" # ünï\n'],
				[geminiFile, '{ "tïtle": "Iıİi \\u00e9" }'],
			];
			for (const m of [plain, odd]) for (const [path, content] of samples) write(m.home, path, content);
			await plain.run(self, { token: secret.token });
			const env = { LC_ALL: locale, LANG: locale };
			expect(await odd.run(self, { token: secret.token, env })).toMatchObject({ code: 0, stderr: "" });
			for (const cli of ["claude-code", "codex", "gemini"] as const) {
				expect(text(odd.files[cli])).toBe(text(plain.files[cli]));
			}
		},
	);
});

describe("trap: links that a user placed", () => {
	test.each([claudeFile, codexFile, geminiFile])("%s is a link, or its folder is: not followed", async (path) => {
		for (const isFolder of [false, true]) {
			const m = machine();
			const elsewhere = join(m.root, "elsewhere");
			const target = write(elsewhere, path.replace(/.*\//, ""), "");
			const folder = join(m.home, path.replace(/\/.*/, ""));
			if (isFolder) symlinkSync(elsewhere, folder);
			else {
				mkdirSync(folder);
				symlinkSync(target, join(m.home, path));
			}
			expect(await m.run(self, canary())).toMatchObject({ code: 11, stderr: expect.stringContaining("symbolic link") });
			expect(contents(elsewhere)).toEqual({ [path.replace(/.*\//, "")]: "100644 " });
		}
	});
});

describe("trap: a file as left by an editor", () => {
	test.each(unreadable)("%s: unchanged, and said", async (_what, cli, path, content) => {
		const m = machine();
		const file = write(m.home, path, content);
		const before = contents(m.home);
		const { outcome } = await install(m, cli);
		expect(outcome).toMatchObject({ code: 11, stdout: expect.stringContaining(`${cli}:refused`) });
		expect(outcome.stderr).toMatch(/^error: \S+: parse error at line \d+, column \d+: [^\n]*; file unchanged\n$/);
		expect(contents(m.home)).toEqual(before);
		expect(readFileSync(file).equals(Buffer.from(content))).toBe(true);
	});

	test.each([
		["Claude Code", "claude-code", claudeFile, '\ufeff{"a": 1}\n'],
		["Codex", "codex", codexFile, "\ufeffa = 1\r\n"],
	] as const)(
		"%s reads a byte order mark: it stays where it is, once, and uninstall gives every byte back",
		async (_what, cli, path, content) => {
			const m = machine();
			write(m.home, path, content);
			for (let run = 0; run < 2; run++) {
				const { token, outcome, after, fingerprint } = await install(m, cli);
				expect(outcome).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(`${cli}:ok`) });
				expect(after.lastIndexOf("\ufeff")).toBe(0);
				expect(after).toContain(token);
				const parsed = cli === "codex" ? parseToml(after.slice(1)) : JSON.parse(after.slice(1));
				expect(parsed).toMatchObject({ a: 1 });
				const report = await m.run(`report ${self} clis=${cli}`);
				expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining(`crossfade ok fp=${fingerprint} `) });
			}
			await uninstalled(m);
			expect(text(m.files[cli])).toBe(content);
		},
	);

	test.each(readable)(
		"%s: nothing of it is lost, no line end of another kind, no byte order mark",
		async (_what, cli, path, content) => {
			const m = machine();
			write(m.home, path, content);
			const { outcome, after } = await install(m, cli);
			expect(outcome).toMatchObject({ code: 0, stderr: "" });
			expect(after.startsWith("\ufeff")).toBe(false);
			if (content.includes("\r\n")) expect(after.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
			for (const word of content.split(/[\s,]+/)) expect(after).toContain(word);
			await uninstalled(m);
			expect(text(m.files[cli])).toBe(content);
		},
	);
});

describe("trap: TOML of Codex", () => {
	test.each([
		["the table is there already", '[otel]\nenvironment = "prod"\n\n[tui]\na = 1\n'],
		["dotted keys", 'model = "m"\notel.environment = "prod"\n\n[tui]\na = 1\n'],
		["an inline table", 'otel = { environment = "prod" }\n'],
		["a bare word", '[otel]\nenvironment = "prod"\nexporter = "none"\nmetrics_exporter = "statsig"\n'],
		[
			"an exporter of another kind",
			'[otel]\nenvironment = "prod"\n[otel.exporter.otlp-grpc]\nendpoint = "http://h:4317"\n',
		],
		[
			"somebody's marker block",
			'model = "m"\n# BEGIN somebody\n[otel]\nenvironment = "prod"\nexporter = "none"\n# END somebody\n',
		],
	])("%s: one [otel], the exporters ours, and all of it back afterwards", async (_what, content) => {
		const m = machine();
		write(m.home, codexFile, content);
		const { token, outcome, after } = await install(m, "codex");
		expect(outcome).toMatchObject({ code: 0, stderr: "" });
		const exporter = (signal: string) => ({
			"otlp-http": {
				endpoint: `https://ai-events.toriihq.com/v1/${signal}`,
				protocol: "binary",
				headers: { Authorization: `Bearer ${token}` },
			},
		});
		const before = parseToml(content);
		expect(parseToml(after)).toEqual({
			...before,
			otel: {
				environment: "prod",
				log_user_prompt: false,
				trace_exporter: "none",
				tool_result: { max_bytes: 0 },
				exporter: exporter("logs"),
				metrics_exporter: exporter("metrics"),
			},
		});
		await uninstalled(m);
		expect(text(m.files.codex)).toBe(content);
	});

	test.each([
		'[otel.trace_exporter.otlp-http]\nendpoint = "http://127.0.0.1:4318/v1/traces"\nprotocol = "binary"\n',
		'[otel]\ntrace_exporter = { otlp-http = { endpoint = "http://h/v1/traces", protocol = "binary" } }\n',
		'model = "m"\n[mcp_servers.x]\ncommand = "x"\nenv = {\n  A = "1",\n  B = "2",\n}\n',
	])("an exporter for traces of the owner's, and tables of TOML 1.1, are no obstacle and stay: %j", async (content) => {
		const m = machine();
		write(m.home, codexFile, content);
		const { token, outcome, after } = await install(m, "codex");
		expect(outcome).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("codex:ok") });
		for (const line of content.split("\n")) expect(after).toContain(line);
		expect(after).toContain(`Bearer ${token}`);
		expect(await m.run(`report ${self} clis=codex`)).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("codex:ok"),
		});
		await uninstalled(m);
		expect(text(m.files.codex)).toBe(content);
	});

	test("keys at the root stay at the root, wherever the table goes", async () => {
		for (const content of ['model = "m"\n', 'model = "m"', "# only a comment\nmodel = 'm'\n[a]\nb = 1\n"]) {
			const m = machine();
			write(m.home, codexFile, content);
			const { after } = await install(m, "codex");
			expect(parseToml(after)).toMatchObject(parseToml(content));
			expect(parseToml(after)["otel"]).not.toHaveProperty("model");
		}
	});

	test("tables that Codex puts among ours, or behind a marker's END, outlive rotation and uninstall", async () => {
		const m = machine();
		write(m.home, codexFile, 'model = "m"\n# BEGIN somebody\n[a]\nb = 1\n# END somebody\n');
		const { after } = await install(m, "codex");
		// As "codex mcp add" does: before the last comment, after the last table, and in the middle of what is ours.
		const added = '\n[mcp_servers.new]\ncommand = "x"\n';
		const middle = after.indexOf("[otel.");
		expect(middle).toBeGreaterThan(0);
		const more = `${after.slice(0, middle)}[features]\nc = true\n\n${after.slice(middle)}${added}`;
		writeFileSync(m.files.codex, more.replace("# END somebody", '[mcp_servers.old]\ncommand = "y"\n# END somebody'));
		const foreign = {
			model: "m",
			a: { b: 1 },
			features: { c: true },
			mcp_servers: { new: { command: "x" }, old: { command: "y" } },
		};
		const rotated = await install(m, "codex");
		expect(rotated.outcome).toMatchObject({ code: 0, stderr: "" });
		expect(parseToml(rotated.after)).toMatchObject(foreign);
		expect(rotated.after).toContain(rotated.token);
		await uninstalled(m);
		expect(parseToml(text(m.files.codex) ?? "")).toEqual(foreign);
	});
});

describe("trap: foreign settings in the file", () => {
	test("Claude Code: resource attributes of the owner's are extended by the machine's name", async () => {
		const m = machine();
		const content = '{"env":{"OTEL_RESOURCE_ATTRIBUTES":"department=engineering,cost_center=eng-123"}}\n';
		write(m.home, claudeFile, content);
		const { outcome, after } = await install(m, "claude-code");
		expect(outcome).toMatchObject({ code: 0, stderr: "" });
		const { env } = JSON.parse(after);
		expect(env.OTEL_RESOURCE_ATTRIBUTES).toMatch(/^department=engineering,cost_center=eng-123,host\.name=/);
		const again = await install(m, "claude-code");
		expect(JSON.parse(again.after).env.OTEL_RESOURCE_ATTRIBUTES).toBe(env.OTEL_RESOURCE_ATTRIBUTES);
		expect(await m.run(`report ${self} clis=claude-code`)).toMatchObject({ code: 0 });
		await uninstalled(m);
		expect(text(m.files["claude-code"])).toBe(content);
	});

	test("Claude Code: the headers of a program of the owner's would replace ours, and come to our endpoint", async () => {
		const m = machine();
		const content =
			'{"otelHeadersHelper":"/usr/local/bin/corp","env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://corp.example"}}\n';
		write(m.home, claudeFile, content);
		const { outcome, after } = await install(m, "claude-code");
		expect(outcome).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(after)).not.toHaveProperty("otelHeadersHelper");
		writeFileSync(m.files["claude-code"], after.replace("{", '{"otelHeadersHelper":"/usr/local/bin/corp",'));
		expect(await m.run(`report ${self} clis=claude-code`)).toMatchObject({
			code: 10,
			stdout: expect.stringContaining("claude-code:drift"),
		});
		writeFileSync(m.files["claude-code"], after);
		await uninstalled(m);
		expect(text(m.files["claude-code"])).toBe(content);
	});

	test("Claude Code: per-signal variables would send our header elsewhere", async () => {
		const theirs = Object.fromEntries(
			["LOGS", "METRICS", "TRACES"].flatMap((signal) =>
				["ENDPOINT", "HEADERS", "PROTOCOL"].map((what) => [`OTEL_EXPORTER_OTLP_${signal}_${what}`, "theirs"]),
			),
		);
		const m = machine();
		const spans = { CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1", OTEL_TRACES_EXPORTER: "otlp" };
		const content = JSON.stringify(
			{ env: { ...theirs, ...spans, OTEL_EXPORTER_OTLP_HEADERS: "x=y", KEEP: "1" } },
			null,
			4,
		);
		write(m.home, claudeFile, content);
		const { token, after } = await install(m, "claude-code");
		const { env } = JSON.parse(after);
		const own = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "/v1/logs", OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "/v1/metrics" };
		for (const name of Object.keys(theirs)) if (!(name in own)) expect(env).not.toHaveProperty(name);
		for (const [name, path] of Object.entries(own)) expect(env[name]).toBe(env.OTEL_EXPORTER_OTLP_ENDPOINT + path);
		const ours = { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`, OTEL_TRACES_EXPORTER: "none" };
		expect(env).toMatchObject({ KEEP: "1", ...ours });
		await uninstalled(m);
		expect(text(m.files["claude-code"])).toBe(content);
	});

	test.each([
		["an outfile", { outfile: "/tmp/theirs" }],
		["useCollector", { useCollector: true }],
		["target gcp", { target: "gcp", useCliAuth: true }],
		["grpc", { otlpProtocol: "grpc", otlpEndpoint: "http://h.example:4317" }],
		["everything off", { enabled: false, logPrompts: true, traces: true }],
	])("Gemini CLI: files are merged by key, and %s would redirect ours", async (_what, telemetry) => {
		const m = machine();
		const content = JSON.stringify({ telemetry, ui: { theme: "t" } });
		write(m.home, geminiFile, content);
		const { token, after } = await install(m, "gemini");
		expect(JSON.parse(after)).toEqual({
			telemetry: {
				enabled: true,
				target: "local",
				otlpEndpoint: `https://ai-events.toriihq.com/${token}`,
				otlpProtocol: "http",
				logPrompts: false,
				traces: false,
				outfile: "",
				useCollector: false,
				useCliAuth: false,
			},
			ui: { theme: "t" },
		});
		await uninstalled(m);
		expect(text(m.files.gemini)).toBe(content);
	});

	test("Gemini CLI expands $NAME in every string: ours have none, and an endpoint with one is refused", async () => {
		const m = machine();
		write(m.home, geminiFile, '{"a": "$HOME ${X:-y}"}');
		const { after } = await install(m, "gemini");
		expect(after).toContain('"a": "$HOME ${X:-y}"');
		expect(JSON.stringify(JSON.parse(after).telemetry)).not.toContain("$");
		const before = contents(m.home);
		for (const endpoint of ["https://$HOST.example", "https://h.example/${TOKEN}"]) {
			expect(await m.run(`${self} endpoint=${endpoint}`, canary())).toMatchObject({ code: 2 });
		}
		expect(contents(m.home)).toEqual(before);
	});

	test(
		"a settings file that is root's, 0600, in somebody's home is not read by the CLI: as its user it is said",
		needs(program("setpriv"), root),
		async () => {
			const setpriv = program("setpriv");
			const m = machine();
			const nobody = 65_534;
			for (const path of [join(m.root, ".."), m.root, join(m.root, "var/run"), m.home]) chmodSync(path, 0o755);
			chownSync(m.home, nobody, nobody);
			const file = write(m.home, claudeFile, '{"a": 1}', 0o600);
			chownSync(join(file, ".."), nobody, nobody);
			const args = [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "sh", join(m.root, "../report.sh")];
			const { status, stdout, stderr } = spawnSync(setpriv.path, [...args, ...self.split(" "), "clis=claude-code"], {
				env: { HOME: m.home, CROSSFADE_TEST_ROOT: m.root, PATH: "/usr/bin:/bin" },
				encoding: "utf8",
			});
			expect({ status, stderr }).toEqual({ status: 11, stderr: `error: ${file}: cannot be read\n` });
			expect(stdout).toContain("claude-code:refused");
			expect(statSync(file)).toMatchObject({ uid: 0, gid: 0 });
		},
	);
});

describe("trap: a limit of 10 MB that our own settings could cross", () => {
	const limit = 10 * 1024 * 1024;
	test.each([
		["with room for ours: set, and given back", limit - 2000, 0, /^$/],
		[
			"without: refused, as it could not be given back",
			limit,
			11,
			/^error: \S+: would be larger than 10485760 bytes\n$/,
		],
		["one byte above", limit + 1, 11, /^error: \S+: is larger than 10485760 bytes\n$/],
	])("%s", async (_what, bytes, code, message) => {
		const m = machine();
		const content = `{"a": "${"x".repeat(bytes - 9)}"}`;
		expect(Buffer.byteLength(content)).toBe(bytes);
		write(m.home, geminiFile, content);
		const { outcome } = await install(m, "gemini");
		expect(outcome).toMatchObject({ code, stderr: expect.stringMatching(message) });
		if (code === 0) await uninstalled(m);
		expect(text(m.files.gemini) === content).toBe(true);
	});
});
