import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { type Canary, canary } from "../harness/canary.ts";
import { type CliRunOptions, crossfadeProcess, scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { contents } from "../harness/endpoint.ts";

/** A home in which Codex and Gemini CLI were used, as the working folder of the command. */
function home(token?: Canary): string {
	const cwd = scratch({ ".codex/config.toml": 'model = "a" # mine\n', ".gemini/installation_id": "x" });
	if (token) writeFileSync(join(cwd, "new.token"), `${token.token}\n`, { mode: 0o600 });
	return cwd;
}

const holders = ["new.token", ".codex/config.toml", ".gemini/settings.json", ".claude/crossfade-token"];
const run = (args: string, cwd: string, token: Canary, more: Partial<CliRunOptions> = {}) =>
	crossfade(args.split(" "), { cwd, canaries: [token], holders, ...more });
/** The same in a process of its own, whose children are looked at. */
const runWatched: typeof run = (args, cwd, token, more) =>
	crossfadeProcess(args.split(" "), { cwd, canaries: [token], holders, ...more });

describe("crossfade install and uninstall", () => {
	test("a token from a file, standard input or the environment, seen by no child; and back", async () => {
		const token = canary();
		const cwd = home(token);
		const before = contents(cwd);
		const { code, stdout, stderr } = await runWatched("install --token file:new.token", cwd, token);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain(`changed       ${cwd}/.codex/config.toml\n`);
		expect(stdout).not.toContain("crossfade ok fp=");
		expect(stdout.match(/\.codex\/config\.toml$/gm)).toHaveLength(2);
		expect(stdout.indexOf(`Codex CLI ?: ${cwd}/.codex`)).toBeLessThan(stdout.indexOf("changed "));
		expect(readFileSync(join(cwd, ".codex/config.toml"), "utf8")).toContain(`Bearer ${token.token}`);
		const installed = contents(cwd);
		const [stdin, env] = [{ stdin: `${token.token}\n` }, { env: { MINE: token.token } }];
		for (const [args, more] of [
			["install --token -", stdin],
			["install --token env:MINE", env],
		] as const) {
			expect(await runWatched(args, cwd, token, more)).toMatchObject({
				code: 0,
				stdout: expect.stringContaining("Already up to date."),
			});
			expect(contents(cwd)).toEqual(installed);
		}
		expect(await runWatched("uninstall", cwd, token)).toMatchObject({ code: 0, stderr: "" });
		expect(contents(cwd)).toEqual(before);
	});

	test("--json is the report line and the files, parsed", async () => {
		const token = canary();
		const cwd = home(token);
		const dry = await run("install --token file:new.token --dry-run --json", cwd, token);
		expect(JSON.parse(dry.stdout)).toMatchObject({
			schema: 1,
			dryRun: true,
			changed: [],
			wouldChange: [`${cwd}/.codex/config.toml`, `${cwd}/.gemini/settings.json`],
			exit: { name: "ok", code: 0 },
		});
		const { stdout } = await run("install --token file:new.token --json --cli codex", cwd, token);
		expect(JSON.parse(stdout)).toEqual({
			schema: 1,
			dryRun: false,
			state: "ok",
			fingerprint: token.fingerprint,
			clis: { codex: "ok" },
			users: 1,
			changed: [`${cwd}/.codex/config.toml`],
			restored: [],
			wouldChange: [],
			errors: [],
			exit: { name: "ok", code: 0 },
		});
		const gone = await run("uninstall --json", cwd, token);
		expect(JSON.parse(gone.stdout)).toMatchObject({ restored: [`${cwd}/.codex/config.toml`], exit: { code: 0 } });
	});

	test("a dry run asks for no token", async () => {
		const token = canary();
		const cwd = home();
		const before = contents(cwd);
		const dry = await run("install --dry-run", cwd, token);
		expect(dry).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`would change  ${cwd}/.codex/config.toml\n`),
		});
		expect(dry.stdout).not.toContain("\t");
		expect(contents(cwd)).toEqual(before);
	});

	test("endpoint, host identity and header program are as the flags say", async () => {
		const token = canary();
		const cwd = home(token);
		mkdirSync(join(cwd, ".claude"));
		writeFileSync(join(cwd, ".claude.json"), "{}");
		await run(
			"install --token file:new.token --endpoint https://otlp.example.com/base/ --no-host-identity --helper",
			cwd,
			token,
		);
		const claude = JSON.parse(readFileSync(join(cwd, ".claude/settings.json"), "utf8"));
		expect(claude.env).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com/base" });
		expect(claude.env).not.toHaveProperty("OTEL_RESOURCE_ATTRIBUTES");
		expect(claude.otelHeadersHelper).toBe(`/bin/sh ${cwd}/.claude/crossfade-header`);
	});

	test("the script's exit codes are ours: a file that is not understood is 11, and the others are set", async () => {
		const token = canary();
		const cwd = home(token);
		writeFileSync(join(cwd, ".codex/config.toml"), "[otel\n");
		const { code, stderr, stdout } = await run("install --token file:new.token", cwd, token);
		expect(code).toBe(exitCodes.refused[0]);
		expect(stderr).toMatch(/config\.toml: parse error at line 1, column 6: .*; file unchanged/);
		expect(stdout).toContain(`changed       ${cwd}/.gemini/settings.json`);
		expect(readFileSync(join(cwd, ".codex/config.toml"), "utf8")).toBe("[otel\n");
	});

	test.each([
		["--cli cursor", "unknown CLI"],
		["--scope everywhere", "unknown scope"],
		["--endpoint otlp.example.com", "the endpoint has no scheme"],
		["--endpoint http://otlp.example.com", "the token would cross the network in clear text"],
		["--endpoint https://a.example/v1/logs", "the endpoint is for a single signal"],
		["--provider custom", "no endpoint given"],
		["--token TOKEN", "not a token reference"],
	])("install %s: %s; nothing is changed", async (args, complaint) => {
		const token = canary();
		const cwd = home();
		const before = contents(cwd);
		const line = `install ${args.replace("TOKEN", token.token)}`;
		const { code, stderr } = await run(line, cwd, token, { seenInArguments: true });
		expect(code).toBe(exitCodes.usage[0]);
		expect(stderr).toContain(complaint);
		expect(contents(cwd)).toEqual(before);
	});

	test("install without a terminal to prompt for the token: says so, and changes nothing", async () => {
		const cwd = home();
		const before = contents(cwd);
		const { code, stderr } = await runWatched("install --token prompt", cwd, canary());
		expect({ code, stderr }).toEqual({
			code: exitCodes.refused[0],
			stderr: expect.stringContaining("cannot prompt for the token: there is no terminal"),
		});
		expect(contents(cwd)).toEqual(before);
	});

	test("--print is the script with the flags in it, and no token is asked for", async () => {
		const { stdout, code } = await crossfade([
			"install",
			"--print",
			"--endpoint",
			"https://o.example",
			"--cli",
			"codex",
		]);
		expect(code).toBe(0);
		expect(stdout).toContain("\nENDPOINT=https://o.example\nCLIS=codex\n");
	});
});
