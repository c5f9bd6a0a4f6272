import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parseExposition } from "../../src/prove/metrics/exposition.ts";
import { type Canary, canary, filesBelow, leaks } from "../harness/canary.ts";
import { codexConfig } from "../harness/clis/configs.ts";
import { crossfade } from "../harness/command.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, nodeWindows, pwshWine, wine } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";
import { openWine, type Wine } from "../harness/wine.ts";

let windows: Wine;

/** A path of Windows in which one folder is divided from the next by the sign of another system. */
const MIXED = /(?:[A-Za-z]:)?[\w.-]*\\[\w.\\-]*\/[\w.-]+/;

const CONFIG = `receivers:
  otlp:
    protocols:
      grpc:
exporters:
  debug:
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
`;

const UNSEEN = "who has access to it could not be checked";
const windowsCollector = ["collector", "-d", "contrib", "--platform", "windows"];

/** The system is Wine's, with its file system and without its access lists: no claim about a real Windows. */
describe("Windows build of Node under Wine", needs(wine, nodeWindows), () => {
	beforeAll(() => {
		windows = openWine();
		return () => windows.close();
	});

	/** Runs a command that must end with a code, print no mixed path and no token. */
	async function run(code: number, args: readonly string[], cwd: string, canaries: readonly Canary[] = []) {
		const outcome = await windows.crossfade(args, { cwd });
		expect(outcome.code, `${args.join(" ")}\n${outcome.stdout}${outcome.stderr}`).toBe(code);
		expect(outcome.stdout.replaceAll(/https?:\S+/g, "")).not.toMatch(MIXED);
		expect(outcome.stderr.replaceAll(/https?:\S+/g, "")).not.toMatch(MIXED);
		expect(leaks(canaries, { stdout: outcome.stdout, stderr: outcome.stderr })).toEqual([]);
		return outcome;
	}

	test("collector prints to standard output, and writes folders that are named in every way", async () => {
		const cwd = windows.folder("collector");
		expect((await run(0, windowsCollector, cwd)).stdout).toContain("otlp_http/torii");
		const ways = ["C:\\collector\\one", "C:/collector/two", "three/deep", "C:four", "\\\\?\\C:\\collector\\five"];
		for (const out of ways) {
			const { stdout, stderr } = await run(0, [...windowsCollector, "--out", out], cwd);
			expect(stderr).toMatch(/read .*\\RUNBOOK\.md/);
			expect(stdout).toContain("C:\\collector\\");
		}
		expect(readdirSync(cwd).sort()).toEqual(["five", "four", "one", "three", "two"]);
		const text = (name: string) => readFileSync(join(cwd, name, "config.yaml"), "utf8");
		expect(text("one")).toContain("C:\\ProgramData\\crossfade\\torii.token");
		for (const name of ["two", "three/deep", "four", "five"]) expect(text(name)).toBe(text("one"));
	});

	test("names that would be a device, a stream or another file are refused, and nothing is made", async () => {
		const cwd = windows.folder("names");
		for (const name of ["nul", "C:\\names\\con.d", "aux.", "name:stream", "com1/out"]) {
			const { stderr } = await run(11, [...windowsCollector, "--out", name], cwd);
			expect(stderr).toContain("choose another name");
		}
		expect(readdirSync(cwd)).toEqual([]);
	});

	test("collector adds to a config with CRLF, keeps every other byte, and takes it out again; check reads it", async () => {
		const before = CONFIG.replaceAll("\n", "\r\n");
		const cwd = windows.folder("into", { "config.yaml": before });
		const into = [...windowsCollector, "--into", "C:/into/config.yaml"];
		expect((await run(0, [...into, "--diff"], cwd)).stdout).toContain("+");
		const { stderr } = await run(0, [...into, "--write"], cwd);
		expect(stderr).toContain(UNSEEN);
		const after = readFileSync(join(cwd, "config.yaml"), "utf8");
		expect(after).toContain("otlp_http/torii");
		expect(after.replaceAll("\r\n", "")).not.toContain("\n");
		const [backup = ""] = readdirSync(cwd).filter((name) => name.includes(".crossfade-backup-"));
		expect(readFileSync(join(cwd, backup), "utf8")).toBe(before);
		expect((await run(0, ["check", "-d", "contrib", "config.yaml"], cwd)).stdout).toContain("0 errors");
		await run(0, [...into, "--remove", "--write"], cwd);
		expect(readFileSync(join(cwd, "config.yaml"), "utf8")).toBe(before);
	});

	test("a path longer than 260 characters", async () => {
		const cwd = windows.folder("long");
		const out = Array.from({ length: 30 }, (_, index) => `folder-number-${index}`).join("\\");
		expect(out.length).toBeGreaterThan(260);
		await run(0, [...windowsCollector, "--out", out], cwd);
		expect(existsSync(join(cwd, out.replaceAll("\\", "/"), "config.yaml"))).toBe(true);
	});

	test("a file that another program keeps open: one clear error, the file as it was, and nothing beside it", async () => {
		const cwd = windows.folder("held");
		await run(0, [...windowsCollector, "--out", "out"], cwd);
		const config = join(cwd, "out", "config.yaml");
		writeFileSync(config, "# changed\n");
		// Opened as by a program that shares it with nobody. https://docs.libuv.org/en/v1.x/fs.html#c.UV_FS_O_EXLOCK
		const hold = `const { openSync, writeFileSync } = require("node:fs");
openSync("out/config.yaml", 0x10000002); writeFileSync("held", ""); setInterval(() => {}, 1000);`;
		windows.startScript(hold, { cwd });
		await waitFor("the file to be open", () => existsSync(join(cwd, "held")));
		const { stderr } = await run(12, [...windowsCollector, "--out", "out", "--force"], cwd);
		expect(stderr).toContain("it is as it was");
		expect(stderr).toContain("no program holds open");
		expect(readFileSync(config, "utf8")).toBe("# changed\n");
		expect(readdirSync(join(cwd, "out")).sort()).toEqual(["RUNBOOK.md", "config.yaml", "rotate-torii.ps1"]);
	});

	test("mdm writes a folder, and verify does not claim what it did not look at", async () => {
		const cwd = windows.folder("kit");
		await run(0, ["mdm", "-v", "jamf", "--out", "param"], cwd);
		expect((await run(0, ["mdm", "verify", "param"], cwd)).stdout).toContain("syntax not checked");
		const token = canary();
		writeFileSync(join(cwd, "b.token"), token.token);
		const embedded = ["mdm", "-v", "intune", "--os", "windows", "--token", "file:b.token", "--out", "embedded"];
		expect((await run(0, embedded, cwd, [token])).stderr).toContain(UNSEEN);
		const { stdout } = await run(0, ["mdm", "verify", "embedded", "--token", "file:b.token"], cwd, [token]);
		expect(stdout).toContain("who can access it could not be checked");
		// Wine has a powershell.exe that does nothing, and says nothing.
		expect(stdout).toMatch(/not parsed: (?:no PowerShell here|PowerShell here did not parse it) \(syntax\)/);
		expect(stdout).toContain("no errors");
		const made = ["embedded", "linux"].map((folder) => join(cwd, folder, "crossfade.secret.intunewin"));
		const here = [...embedded.slice(0, -1), "linux"];
		chmodSync(join(cwd, "b.token"), 0o600);
		expect(await crossfade(here, { cwd })).toMatchObject({ code: 0 });
		expect(made.map((path) => readFileSync(path).equals(readFileSync(made[0] ?? "")))).toEqual([true, true]);
	});

	test("exit-codes, completion for PowerShell, help", async () => {
		const cwd = windows.folder("words");
		expect((await run(0, ["exit-codes"], cwd)).stdout).toContain("130");
		expect((await run(0, ["completion", "powershell"], cwd)).stdout).toContain("Register-ArgumentCompleter");
		expect((await run(0, ["--help"], cwd)).stdout).toContain("crossfade demo");
	});

	test("doctor reads files, the registry and profiles of Windows; what another console would have is not called ok", async () => {
		const token = canary();
		const cwd = windows.folder("doctor");
		const [user = ""] = readdirSync(join(windows.drive, "users")).filter((name) => name !== "Public");
		const home = `users/${user}`;
		windows.folder(home, {
			".codex/config.toml": codexConfig({ url: "https://otlp.example.com", token: token.token }),
			"AppData/Roaming/npm/node_modules/@openai/codex/package.json": '{"name": "@openai/codex", "version": "0.169.0"}',
		});
		const asked = async (code: number) => {
			const { stdout } = await run(code, ["doctor", "--cli", "codex", "--json"], cwd, [token]);
			const { clis } = JSON.parse(stdout);
			return clis[0];
		};
		const codex = await asked(0);
		expect(codex).toMatchObject({ release: "0.169.0", signals: [{ sent: "yes" }, { sent: "yes" }] });
		expect(codex.signals[0].fingerprint).toBe(token.fingerprint);
		const of = (id: string) => codex.layers.find((layer: { id: string }) => layer.id === id);
		expect(of("user").path).toBe(`C:\\users\\${user}\\.codex\\config.toml`);
		expect([of("user-environment").state, of("machine-environment").state]).toEqual(["read", "read"]);
		const add = `require("node:child_process").execFileSync("C:\\\\windows\\\\system32\\\\reg.exe", ["add", "HKCU\\\\Environment", "/v", "OTEL_EXPORTER_OTLP_HEADERS", "/d", "a=b", "/f"]);
require("node:fs").writeFileSync("added", ""); setInterval(() => {}, 1000);`;
		windows.startScript(add, { cwd });
		await waitFor("the variable in the registry", () => existsSync(join(cwd, "added")));
		// A new process has it from there, so that both are the same.
		expect((await asked(10)).signals[0]).toMatchObject({ sent: "yes", headers: ["authorization", "a"] });
		windows.folder(`${home}/Documents/WindowsPowerShell`, {
			"profile.ps1": "$env:OTEL_EXPORTER_OTLP_HEADERS = 'a=c'\r\n",
		});
		const named = await asked(9);
		expect(named.signals[0].sent).toBe("unknown");
		expect(named.findings).toContainEqual(
			expect.objectContaining({
				what: expect.stringContaining("names OTEL_EXPORTER_OTLP_HEADERS, and is not run here"),
			}),
		);
	});

	test("install and uninstall say that nothing was done where PowerShell did not run the script", async () => {
		const cwd = windows.folder("install");
		// Of Wine's own powershell.exe, which does nothing, nothing may be called done.
		for (const args of [["install", "--dry-run"], ["uninstall"]]) {
			const { code, stdout, stderr } = await windows.crossfade(args, { cwd });
			expect([1, 13], stderr).toContain(code);
			expect(stdout).toBe("");
			expect(stderr).toMatch(/before it said what it did|powershell\.exe not found/);
		}
	});

	test(
		"install runs the script by PowerShell, which gets the token on standard input; uninstall too",
		needs(pwshWine),
		async () => {
			const token = canary();
			const own = openWine();
			onTestFinished(own.close);
			own.putPowerShell();
			const [user = ""] = readdirSync(join(own.drive, "users")).filter((name) => name !== "Public");
			const cwd = own.folder("install");
			own.folder(`users/${user}`, { ".codex/config.toml": "# mine\r\n" });
			const before = filesBelow(join(own.drive, "users"));
			const env = { DOTNET_EnableDiagnostics: "0", DOTNET_EnableWriteXorExecute: "0", NO_COLOR: "1" };
			const args = ["install", "--token", "-", "--cli", "codex", "--json"];
			const { code, stdout, stderr } = await own.crossfade(args, { cwd, env, stdin: `${token.token}\r\n` });
			// Wine has no access list that would keep others from the file, and such a file gets no token.
			const refused = { name: "refused", code: 11 };
			expect(JSON.parse(stdout), stderr).toMatchObject({
				state: "refused",
				fingerprint: token.fingerprint,
				clis: { codex: "refused" },
				users: 1,
				changed: [],
				errors: [expect.stringMatching(/^C:\\.*\\\.codex\\config\.toml: can be read by other accounts/)],
				exit: refused,
			});
			expect(code).toBe(11);
			expect(await own.crossfade(["uninstall"], { cwd, env })).toMatchObject({
				code: 0,
				stdout: "Already up to date.\n",
			});
			expect(leaks([token], { stdout, stderr, ...filesBelow(join(own.drive, "users")) })).toEqual([]);
			expect(filesBelow(join(own.drive, "users"))).toMatchObject(before);
		},
	);

	test("init writes a fleet file with CRLF hosts beside it that report reads, and a key; rotate plans and tells its state", async () => {
		const cwd = windows.folder("fleet");
		const { stderr } = await run(0, ["init", "--rotate", "--provider", "torii"], cwd);
		expect(stderr).toContain(UNSEEN);
		expect(readFileSync(join(cwd, "crossfade.key"), "utf8")).toMatch(/^AGE-SECRET-KEY-1/);
		// Nothing answers there.
		const fleet = readFileSync(join(cwd, "crossfade.yaml"), "utf8").replace(
			/^# endpoint:.*/m,
			"endpoint: http://127.0.0.1:9",
		);
		writeFileSync(join(cwd, "crossfade.yaml"), fleet.replaceAll("\n", "\r\n"));
		expect((await run(0, ["rotate", "plan"], cwd)).stdout).toContain("C:\\fleet\\gateway.token");
		expect((await run(0, ["rotate", "status"], cwd)).stdout).toContain("never rotated");
		// As > of Windows PowerShell writes.
		writeFileSync(join(cwd, "gateway.token"), `\ufeff${canary().token}\r\n`, "utf16le");
		expect((await run(11, ["rotate", "start"], cwd)).stderr).toContain("UTF-16");
		const token = canary();
		writeFileSync(join(cwd, "gateway.token"), token.token);
		await run(18, ["rotate", "start"], cwd, [token]);
		expect((await run(0, ["rotate", "status"], cwd, [token])).stdout).toContain("rolled back");
		expect((await run(0, ["rotate", "log"], cwd, [token])).stdout).toContain("sealed the old token");
		const state = filesBelow(join(windows.drive, "users"));
		expect(Object.keys(state).filter((path) => path.endsWith(".journal"))).toHaveLength(1);
		expect(leaks([token], state)).toEqual([]);
		writeFileSync(join(cwd, "hosts.csv"), "host\r\nmac-1\r\nmac-2\r\n");
		const sides = ["--token", "old=fp:0123456789ab", "--token", "new=fp:ba9876543210"];
		const report = await run(0, ["report", ...sides, "--hosts", "hosts.csv", "--format", "json"], cwd);
		expect(report.stdout).toContain('"mac-2"');
		expect(report.stdout).not.toContain("\\r");
		const gone = ["attest", "host", "mac-2", "gone", "--because", "stolen", ...sides, "--hosts", "hosts.csv"];
		expect((await run(0, gone, cwd)).stdout).toContain("host mac-2 is gone");
	});

	test("sandbox, probe, tap, watch and report on loopback: every record counted once, no token shown", async () => {
		const cwd = windows.folder("loopback");
		const sandbox = windows.start(["sandbox", "--token-out", "old.token"], { cwd });
		const url = await sandbox.find(/(http:\/\/127\.0\.0\.1:\d+)/);
		const token = readFileSync(join(cwd, "old.token"), "utf8");
		const canaries = [{ token, fingerprint: "" }];
		const probe = ["probe", "--token", "old=file:old.token", "--provider", "torii", "--endpoint", url];
		expect((await run(0, [...probe, "--evidence", "evidence"], cwd, canaries)).stdout).toMatch(
			/bearer logs .* ACCEPTED/,
		);
		const viaVariable = await windows.crossfade([...probe.slice(0, 2), "old=env:OLD", ...probe.slice(3)], {
			cwd,
			env: { OLD: token },
		});
		expect(viaVariable).toMatchObject({ code: 0 });
		const piped = [...probe.slice(0, 2), "old=-", ...probe.slice(3)];
		expect(await windows.crossfade(piped, { cwd, stdin: `${token}\r\n` })).toMatchObject({ code: 0 });
		expect((await run(11, [...probe.slice(0, 2), "old=prompt", ...probe.slice(3)], cwd)).stderr).toContain(
			"no terminal",
		);

		const args = ["tap", "--to", url, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--evidence", "evidence"];
		const tap = windows.start(args, { cwd });
		const tapped = await tap.find(/tap {7}(http:\S+) ->/);
		const page = await tap.find(/metrics {3}(http:\S+\/metrics)/);
		const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${token}` };
		const body = Buffer.from(otlpRequest("logs", 7));
		const response = await fetch(`${tapped}/v1/logs`, { method: "POST", headers, body });
		expect(response.status).toBe(200);
		await response.arrayBuffer();
		const counted = await waitFor("the counter of the tap", async () => {
			const { samples } = parseExposition(await (await fetch(page)).text());
			const sum = samples
				.filter(({ name, labels }) => name.includes("records") && labels["signal"] === "logs")
				.reduce((total, { value }) => total + value, 0);
			return sum > 0 ? sum : undefined;
		});
		expect(counted).toBe(7);

		const sides = ["--token", "old=file:old.token", "--token", "new=fp:ba9876543210", "--gateway", `tap=${page}`];
		expect((await run(0, ["watch", "--once", ...sides], cwd, canaries)).stdout).toMatch(/old/);
		mkdirSync(join(cwd, "reports"));
		await run(0, ["report", ...sides, "--out", "reports\\overlap.html"], cwd, canaries);
		expect(readdirSync(join(cwd, "reports"))).toEqual(["overlap.html"]);
		expect(leaks(canaries, filesBelow(cwd, ["old.token"]))).toEqual([]);
	});

	test("demo rotates a token, shows every answer, and leaves its report alone", async () => {
		const cwd = windows.folder("demo");
		const { stdout, stderr } = await run(0, ["demo", "--fast", "--out", "report.html"], cwd);
		// Wine has no access lists.
		expect(stderr.split("\n").filter((line) => /^(warning|error)/.test(line) && !line.includes(UNSEEN))).toEqual([]);
		expect(stdout.match(/Safe to retire the old token: [a-z ]+/gi)?.at(-1)).toMatch(/: yes/i);
		expect(stdout).not.toMatch(/FAILED|UNKNOWN|error: /);
		expect(readdirSync(cwd)).toEqual(["report.html"]);
	});
});
