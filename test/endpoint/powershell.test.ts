import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { triggerWords } from "../../src/base/trigger-words.ts";
import { canary } from "../harness/canary.ts";
import { actions, contents, endpointScript, snapshot, text, write } from "../harness/endpoint.ts";
import { pairs } from "../harness/matrix.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { powerShellScript, SID, type WindowsMachine, windowsMachine } from "../harness/powershell.ts";
import { cliStates } from "../harness/states.ts";

/**
 * The script in PowerShell, run by PowerShell 7 on this system with folders that stand for those of Windows, in a session of its own, and under
 * npm run test:full in a process of its own. test/real has it under Wine.
 */

const slow = { ...needs(pwsh), timeout: 180_000 };
const ok = cliStates({ "claude-code": "ok", codex: "ok", gemini: "ok" });
/** What a person or a CLI has there, without what stays only while it runs. */
const without = (found: Record<string, string>) =>
	Object.fromEntries(Object.entries(found).filter(([path]) => !path.endsWith(".lock")));
const all = (m: WindowsMachine) => ({ ...without(contents(m.root)), ...without(contents(m.home)) });

describe("what is rendered", () => {
	const [sh, ps1] = [endpointScript("generic", { actions }), powerShellScript({ hooks: false })];
	const comment = (script: string) =>
		script
			.split(/\r?\n/)
			.filter((line) => line.startsWith("# "))
			.map((line) => line.slice(2));
	const between = (lines: readonly string[], from: string, to: RegExp) => {
		const start = lines.findIndex((line) => line.startsWith(from));
		const rest = lines.slice(start + 1);
		return rest.slice(
			0,
			rest.findIndex((line) => to.test(line)),
		);
	};
	/** What only one of the two has, with the reason. */
	const OWN = {
		sh: ["helper | no-helper", "restart"],
		codes: ["130"],
	};

	test("its options are those of the script in sh, but for those of a shell's programs", () => {
		const words = (script: string) =>
			between(comment(script), "Options, as words", /^The last line/)
				.map((line) => /^ {2}(\S.*?) {2}/.exec(line)?.[1])
				.filter((word) => word !== undefined);
		expect(words(ps1)).toEqual(words(sh).filter((word) => !OWN.sh.includes(word)));
	});

	test("its exit codes are those of the script in sh", () => {
		const codes = (script: string) => {
			const said = comment(script).join(" ");
			const list = /Exit codes: (.*?)\. /.exec(`${said} `)?.[1] ?? "";
			return list
				.split("; ")
				.map((each) => each.trim().replace(/^(\d+).*/, "$1"))
				.filter((each) => /^\d+$/.test(each));
		};
		expect(codes(ps1)).toEqual(codes(sh).filter((code) => !OWN.codes.includes(code)));
		expect(codes(ps1)).toContain("13");
	});

	test("the states of a CLI and their order are those of the script in sh", () => {
		const [, inSh = ""] = /for state in (.*?); do/.exec(sh) ?? [];
		const [, inPs1 = ""] = /\$STATES = (.*)\r\n/.exec(ps1) ?? [];
		expect(inPs1.replaceAll("'", "").split(", ")).toEqual(inSh.split(" "));
	});

	test("every setting that the script in sh writes is in its tables, but for those of the header program", () => {
		for (const { system, user } of clis) {
			for (const row of [...system.rows, ...user.rows]) {
				if (!("pointer" in row) || row.when === "helper" || /^no-(logs|metrics)$/.test(row.when ?? "")) continue;
				expect(ps1).toContain(`'set', '${row.pointer}', '${row.type}', `);
			}
		}
	});

	test("ASCII, CRLF, no byte order mark, no word that makes PowerShell log it, tracing off first, one statement", () => {
		expect(ps1).toMatch(/^[\r\n\t -~]*$/);
		expect(ps1.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
		expect(triggerWords(ps1)).toEqual([]);
		const code = ps1.split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
		expect(code.slice(0, 2)).toEqual(["Set-PSDebug -Off", "(& {"]);
		expect(code.slice(-2)).toEqual(["} $input $args", ")"]);
	});

	test("the table of contents names every section and the line it begins at", () => {
		const lines = ps1.split("\r\n");
		const listed = between(comment(ps1), "Contents, by line", /^(?! {2})/).map((line) => line.trim().split("  "));
		const found = lines.flatMap((line, at) =>
			/^# ---- .* ----$/.test(line) ? [[String(at + 1), line.slice(7, -5)]] : [],
		);
		expect(listed).toEqual(found);
	});

	test("outside text cannot leave its place, bring in a word that makes PowerShell log, or a character that is not ASCII", () => {
		const endpoint = "https://remitly.example/methods'\u2019;$(x)`";
		const script = powerShellScript({ provider: { title: "Pr\u00f6vider of Properties", endpoint, takes: ["logs"] } });
		expect(script).toMatch(/^[\r\n\t -~]*$/);
		expect(triggerWords(script)).toEqual([]);
	});

	test("a file has the parts for its own actions only", () => {
		const uninstall = powerShellScript({ action: "uninstall", actions: ["uninstall"], hooks: false });
		for (const name of ["Get-Token", "Edit-Target", "Compare-Target", "Test-Endpoint", "Get-Identity"]) {
			const start = new RegExp(`^function ${name}\\b`, "m");
			expect(ps1).toMatch(start);
			expect(uninstall).not.toMatch(start);
		}
		expect(uninstall).not.toContain("TOKEN@");
	});

	test.each(actions)("%s: a file has every function that it calls", (action) => {
		const functions = (script: string) => [...script.matchAll(/^function ([\w-]+)/gm)].map(([, name = ""]) => name);
		const known = new Set(functions(ps1));
		for (const mode of ["param", "embedded"] as const) {
			const script = powerShellScript({ action, actions: [action], mode, hooks: false });
			const has = new Set(functions(script));
			const code = script.replace(/^ *#.*$/gm, "").replace(/^function [\w-]+/gm, "");
			const called = new Set(code.replace(/'(?:[^'\r\n]|'')*'/g, "''").match(/\b(?:[A-Z]\w+-[A-Z]\w+|Ed[A-Z]\w+)/g));
			expect([...called].filter((name) => known.has(name) && !has.has(name))).toEqual([]);
		}
	});

	test.each([
		["compact", { compact: true }],
		["a header program", { helper: true }],
	])("what it has no parts for is refused: %s", (_what, changes) => {
		expect(() => powerShellScript(changes)).toThrow(TypeError);
	});
});

describe("the machine's files", slow, () => {
	test("install, again, rotate, report, uninstall: what was there before comes back, byte for byte", async () => {
		const m = windowsMachine();
		const mine = {
			codex: "# mine\r\n[features]\r\na = true\r\n",
			gemini: '// mine\r\n{\r\n\t"a": 1 // too\r\n}\r\n',
		};
		write(m.root, "ProgramData/OpenAI/Codex/requirements.toml", mine.codex);
		write(m.root, "ProgramData/gemini-cli/settings.json", mine.gemini);
		const before = all(m);
		const [old, next] = [canary(), canary()];
		const canaries = [old, next];
		for (const secret of [old, next]) {
			const line = `crossfade ok fp=${secret.fingerprint} cfg=1 cli=${ok} users=1\n`;
			const done = await m.run("", { token: secret.token, canaries });
			expect(done).toEqual({ code: 0, stderr: "", stdout: line });
			const files = snapshot(m.root);
			expect(await m.run("", { token: secret.token, canaries })).toEqual(done);
			expect(without(snapshot(m.root))).toEqual(without(files));
			expect(await m.run("report", { canaries })).toEqual(done);
			expect(await m.run(`report expect=${old.fingerprint}`, { canaries })).toMatchObject({
				code: secret === old ? 0 : 10,
			});
		}
		const { token } = next;
		const claude = JSON.parse(text(m.machineFiles["claude-code"]) ?? "");
		expect(claude.env).toMatchObject({
			OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`,
			OTEL_EXPORTER_OTLP_ENDPOINT: "https://ai-events.toriihq.com",
			OTEL_RESOURCE_ATTRIBUTES: expect.stringMatching(/^host\.name=[^,]+,host\.id=0f0f-id$/),
		});
		expect(claude.otelHeadersHelper).toBe("");
		const codex = text(m.machineFiles.codex) ?? "";
		expect(parseToml(codex)).toMatchObject({ features: { a: true }, otel: { trace_exporter: "none" } });
		expect(codex.replaceAll("\r\n", "")).not.toContain("\n");
		expect(text(m.machineFiles.gemini)).toContain(`"otlpEndpoint": "https://ai-events.toriihq.com/${token}"`);
		const left = Object.entries(all(m)).filter(([path]) => /crossfade-(undo|backup)/.test(path));
		expect(left.filter(([path]) => path.includes("backup"))).toHaveLength(2);
		for (const [path, content] of left) expect(content, path).not.toMatch(new RegExp(`${old.token}|${token}`));
		expect(await m.run("uninstall", { canaries })).toMatchObject({ code: 0, stderr: "" });
		expect(all(m)).toEqual(before);
		// The folders that were made for us are gone, too.
		expect(existsSync(join(m.root, "ProgramFiles/ClaudeCode"))).toBe(false);
	});

	test("what it makes is for administrators to write and everybody to read; records and backups are theirs alone", async () => {
		const m = windowsMachine({ versions: { codex: "" } });
		write(m.root, "ProgramData/gemini-cli/settings.json", '{"a": 1}');
		expect(await m.run("", { token: canary().token })).toMatchObject({ code: 0, stderr: "" });
		const lists = Object.fromEntries(
			readFileSync(m.lists, "utf8")
				.trim()
				.split("\n")
				.map((line) =>
					line
						.replace(m.root, "")
						.replace(/\d{8}-\d{6}/, "TIME")
						.split("\t"),
				),
		);
		const owned = (access: string) => `O:S-1-5-18G:S-1-5-18D:P${access}`;
		const open = owned("(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)");
		const closed = owned("(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;S-1-5-32-544)");
		const claude = "/ProgramFiles/ClaudeCode/managed-settings.d/50-crossfade.json";
		expect(lists).toEqual({
			"/ProgramFiles/ClaudeCode": open,
			"/ProgramFiles/ClaudeCode/managed-settings.d": open,
			[claude]: owned("(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)"),
			[`${claude}.crossfade-undo`]: closed,
			"/ProgramData/gemini-cli/settings.json.crossfade-undo": closed,
			"/ProgramData/gemini-cli/settings.json.crossfade-backup-TIME": closed,
		});
	});

	const unsafe: [what: string, path: string, sddl: string, message: string][] = [
		[
			"a file that users can write",
			"ProgramData/gemini-cli/settings.json",
			"O:BAG:SYD:(A;;FA;;;BA)(A;;0x1301bf;;;BU)",
			"can be written by others than administrators",
		],
		[
			"a file of a user's",
			"ProgramData/gemini-cli/settings.json",
			`O:${SID}G:SYD:(A;;FA;;;BA)`,
			"can be written by others than administrators",
		],
		[
			"a folder of a user's",
			"ProgramData/gemini-cli",
			`O:${SID}G:SYD:(A;;FA;;;BA)`,
			"in which others than administrators can replace files",
		],
	];
	const rows = pairs(unsafe, ["install", "report"]).map(([one, action]) => [...one, action] as const);
	test.each(rows)("%s is refused, and nothing is written", async (_what, path, sddl, message, action) => {
		const m = windowsMachine({ versions: { codex: "", "claude-code": "" } });
		write(m.root, "ProgramData/gemini-cli/settings.json", '{"a": 1}');
		writeFileSync(m.lists, `${join(m.root, path)}\t${sddl}\n`);
		const before = all(m);
		expect(await m.run(action, { token: canary().token })).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("gemini:refused"),
			stderr: expect.stringContaining(message),
		});
		expect(all(m)).toEqual(before);
	});

	test("Claude Code: a folder whose files all count is refused where users can add one", async () => {
		const m = windowsMachine({ versions: { codex: "", gemini: "" } });
		const folder = join(m.root, "ProgramFiles/ClaudeCode/managed-settings.d");
		mkdirSync(folder, { recursive: true });
		writeFileSync(m.lists, `${folder}\tO:BAG:SYD:(A;;FA;;;BA)(A;CI;DC;;;BU)\n`);
		expect(await m.run("", { token: canary().token })).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("can replace"),
		});
	});

	const policies: [what: string, policy: string, version: string, isRefused: boolean][] = [
		["without telemetry, merged since 2.1.223", '{"env":{"A":"b"}}', "2.1.330", false],
		["without telemetry, before", '{"env":{"A":"b"}}', "2.1.222", true],
		["with an endpoint", '{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://x"}}', "2.1.330", true],
	];
	test.each(policies)("Claude Code: a policy in the registry %s", async (_what, policy, version, isRefused) => {
		const m = windowsMachine({ versions: { "claude-code": version, codex: "", gemini: "" } });
		const env = { CROSSFADE_TEST_POLICY: policy };
		const { stdout, stderr } = await m.run("", { token: canary().token, env });
		expect(stdout).toContain(isRefused ? "claude-code:refused" : "claude-code:ok");
		if (isRefused) expect(stderr).toMatch(/^error: HKLM\\SOFTWARE\\Policies\\ClaudeCode: overrides our file/);
		else expect(stderr).toBe("");
	});

	test.each([
		["managed-settings.json", '{"env":{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT":"https://x"}}', true],
		["managed-settings.json", '{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://x"}}', false],
		["managed-settings.d/60-x.json", '{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://x"}}', true],
		["managed-settings.d/40-x.json", '{"env":{"OTEL_EXPORTER_OTLP_ENDPOINT":"https://x"}}', false],
	])("Claude Code: %s with %s", async (name, content, isRefused) => {
		const m = windowsMachine({ versions: { codex: "", gemini: "" } });
		write(m.root, `ProgramFiles/ClaudeCode/${name}`, content);
		const { stdout } = await m.run("", { token: canary().token });
		expect(stdout).toContain(isRefused ? "claude-code:refused" : "claude-code:ok");
	});

	test("Gemini CLI does not read its file below a folder in which everybody can make files: since 0.60.0 each user's is set there", async () => {
		for (const [release, isUser] of [
			["0.59.0", false],
			["0.60.0", true],
		] as const) {
			const m = windowsMachine({ versions: { codex: "", "claude-code": "", gemini: release } });
			// As Windows makes it. https://learn.microsoft.com/windows/win32/secauthz/ace-strings
			const list =
				"O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;DCLCRPCR;;;BU)";
			writeFileSync(m.lists, `${join(m.root, "ProgramData")}\t${list}\n`);
			const secret = canary();
			const run = await m.run("", { token: secret.token });
			expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("gemini:ok") });
			expect(existsSync(m.machineFiles.gemini)).toBe(!isUser);
			expect(text(m.files.gemini)?.includes(secret.token) ?? false).toBe(isUser);
			expect(await m.run("report")).toMatchObject({ code: 0, stdout: run.stdout });
			expect(await m.run("uninstall")).toMatchObject({ code: 0, stderr: "" });
			expect([m.machineFiles.gemini, m.files.gemini].filter(existsSync)).toEqual([]);
		}
	});

	test("a release that does not obey the machine's file gets a user's; a too old one is old", async () => {
		const m = windowsMachine({ versions: { "claude-code": "2.1.80", codex: "", gemini: "0.39.0" } });
		const secret = canary();
		expect(await m.run("", { token: secret.token })).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("claude-code:ok,codex:absent,gemini:old"),
		});
		expect(text(m.files["claude-code"])).toContain(secret.token);
		expect(existsSync(m.machineFiles["claude-code"])).toBe(false);
	});
});
