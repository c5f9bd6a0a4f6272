import { spawn } from "node:child_process";
import {
	chmodSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { type Canary, canary } from "../harness/canary.ts";
import { type CliRunOptions, scratch } from "../harness/cli.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../harness/clis/configs.ts";
import { listen } from "../harness/clis/loopback.ts";
import { startRecorder } from "../harness/clis/recorder.ts";
import { crossfade } from "../harness/command.ts";
import { contents, releases } from "../harness/endpoint.ts";
import { startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

const npm = (name: string) => `.npm-global/lib/node_modules/${name}/package.json`;
const holders = [".codex/config.toml", ".claude/settings.json", ".gemini/settings.json", "new.token"];

/** A home with all three CLIs that send to a place with a token. */
function home(url: string, token: Canary): string {
	const cwd = scratch({
		[npm("@openai/codex")]: JSON.stringify({ name: "@openai/codex", version: "0.169.0" }),
		[npm("@anthropic-ai/claude-code")]: JSON.stringify({ version: "2.1.330" }),
		[npm("@google/gemini-cli")]: JSON.stringify({ version: "0.61.0" }),
		".codex/config.toml": codexConfig({ url, token: token.token }),
		".claude/settings.json": claudeSettings({ url, token: token.token }),
		".gemini/settings.json": geminiSettings({ url, token: token.token }, { otlpEndpoint: `${url}/${token.token}` }),
		"new.token": token.token,
	});
	for (const name of holders) chmodSync(join(cwd, name), 0o600);
	return cwd;
}
const doctor = (args: string, cwd: string, token: Canary, more: CliRunOptions = {}) =>
	crossfade(["doctor", ...args.split(" ").filter((word) => word !== "")], { cwd, canaries: [token], holders, ...more });

describe("crossfade doctor", () => {
	test("all is well: 0; nothing is changed", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		const before = contents(cwd);
		const { code, stdout, stderr } = await doctor("--token new=file:new.token", cwd, token);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout.match(new RegExp(`new fp=${token.fingerprint}`, "g"))).toHaveLength(3);
		expect(stdout).toContain("exit 0: success");
		expect(stdout.split("\n").filter((line) => line.length > 80 && line.slice(11).includes(" "))).toEqual([]);
		expect(contents(cwd)).toEqual(before);
	});

	test("the old token is 5, by flag or by fleet file; --json says the same; -v shows the last four characters", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		expect(await doctor(`--token old=fp:${token.fingerprint} --cli codex`, cwd, token)).toMatchObject({
			code: exitCodes.oldInUse[0],
		});
		writeFileSync(join(cwd, "crossfade.yaml"), `version: 1\ntokens: { old: "fp:${token.fingerprint}" }\n`);
		const { code, stdout } = await doctor("--json", cwd, token);
		expect(code).toBe(exitCodes.oldInUse[0]);
		const { clis, exit, schema } = JSON.parse(stdout);
		expect({ schema, exit }).toEqual({ schema: 1, exit: { name: "oldInUse", code: 5 } });
		for (const { id, signals } of clis) {
			if (!(id in releases)) continue;
			for (const signal of signals) {
				expect(signal).toMatchObject({ sends: true, fingerprint: token.fingerprint, token: "old" });
				expect(signal).not.toHaveProperty("hint");
			}
		}
		expect((await doctor("-v", cwd, token)).stdout).toContain(
			`fp=${token.fingerprint} (ends in ${token.token.slice(-4)})`,
		);
	});

	test("problems are 10, no CLI is 9", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		const env = { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" };
		const { code, stdout } = await doctor("--cli codex", cwd, token, { env });
		expect(code).toBe(exitCodes.findings[0]);
		expect(stdout).toContain("fix: unset OTEL_EXPORTER_OTLP_COMPRESSION before you start Codex");
		const empty = await doctor("", scratch(), token);
		expect(empty).toMatchObject({
			code: exitCodes.noEvidence[0],
			stdout: expect.stringContaining("Gemini CLI: not found"),
		});
	});

	test("after crossfade install it finds nothing, after uninstall that nothing is sent", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		for (const file of holders.slice(0, 3)) writeFileSync(join(cwd, file), "");
		const set = await crossfade(["install", "--token", "file:new.token"], { cwd, canaries: [token], holders });
		expect(set.code).toBe(0);
		expect(await doctor("--token new=file:new.token", cwd, token)).toMatchObject({ code: 0 });
		await crossfade(["uninstall"], { cwd, canaries: [token], holders });
		const after = await doctor("", cwd, token);
		expect(after.code).toBe(exitCodes.findings[0]);
		expect(after.stdout.match(/sends no telemetry/g)).toHaveLength(3);
	});

	test("--probe: each CLI's own token at its own place: accepted, then rejected", async () => {
		const provider = await startProvider(["--overlap", "24h"]);
		const token: Canary = { ...canary(), token: provider.token };
		const cwd = home(provider.url, token);
		const good = await doctor("--probe", cwd, token);
		expect(good).toMatchObject({ code: 0, stderr: "" });
		expect(good.stdout.match(/probe +\w+ ACCEPTED/g)?.length).toBeGreaterThanOrEqual(6);
		expect(await provider.records(provider.token)).toBeGreaterThanOrEqual(6);
		await provider.rotate();
		await provider.advance("25h");
		const bad = await doctor("--probe --json", cwd, token);
		expect(bad.code).toBe(exitCodes.newRejected[0]);
		const verdicts = JSON.parse(bad.stdout).clis.flatMap(({ probe }: { probe: { verdict: string }[] }) =>
			probe.map(({ verdict }) => verdict),
		);
		expect(new Set(verdicts)).toEqual(new Set(["REJECTED"]));
	});

	test("--probe: no response is 6; says what cannot be probed", async () => {
		const token = canary();
		const { origin: url, close } = await listen(createServer());
		await close();
		const cwd = home(url, token);
		expect(await doctor("--probe --cli codex", cwd, token)).toMatchObject({ code: exitCodes.unreachable[0] });
		const program = JSON.parse(claudeSettings({ url, token: token.token }));
		writeFileSync(join(cwd, ".claude/settings.json"), JSON.stringify({ ...program, otelHeadersHelper: "/opt/header" }));
		const { code, stdout } = await doctor("--probe --cli claude-code", cwd, token);
		expect(stdout).toContain("logs not probed: its token is unknown");
		// Nothing was asked, and so nothing is proven.
		expect(code).toBe(exitCodes.noEvidence[0]);
	});

	test("--probe judges the old token by the fleet's deadline", async () => {
		const provider = await startProvider(["--overlap", "24h"]);
		const token: Canary = { token: provider.token, fingerprint: fingerprint(provider.token) };
		const cwd = home(provider.url, token);
		const fleet = (deadline: string) =>
			writeFileSync(
				join(cwd, "crossfade.yaml"),
				`version: 1\ntokens: { old: "fp:${token.fingerprint}" }\noverlap: { deadline: "${deadline}" }\n`,
			);
		fleet("2020-01-01T00:00:00Z");
		const alive = await doctor("--probe --cli codex", cwd, token);
		expect(alive).toMatchObject({ code: exitCodes.oldInUse[0], stdout: expect.stringContaining("OLD STILL ALIVE") });
		await provider.rotate();
		await provider.advance("25h");
		fleet("2096-01-01T00:00:00Z");
		const dead = await doctor("--probe --cli codex", cwd, token);
		expect(dead).toMatchObject({
			code: exitCodes.oldRejectedEarly[0],
			stdout: expect.stringContaining("OLD ALREADY DEAD"),
		});
	});

	test("--probe sends what the CLI sends: a header as it is, further headers, the encoding, the URL of the signal", async () => {
		const token = canary();
		const recorder = await startRecorder("A");
		const url = `http://${recorder.host}`;
		const cwd = home(url, token);
		const env = {
			OTEL_EXPORTER_OTLP_HEADERS: `X-Scope-OrgID=one,Authorization=Bearer old,authorization=${token.token}`,
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
			OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/elsewhere?x=1`,
		};
		writeFileSync(join(cwd, ".claude/settings.json"), claudeSettings({ url, token: token.token }, env));
		const { code, stdout } = await doctor("--probe --cli claude-code", cwd, token);
		const mine = recorder.requests
			.filter(({ headers }) => headers.some(([, value]) => value === token.token))
			.map(({ target, encoding, signal, headers }) => {
				const kept = headers.filter(([name]) => /^(x-scope-orgid|authorization)$/i.test(name));
				return `${signal} ${encoding} ${target} ${kept.map(([name, value]) => `${name}=${value.replace(token.token, "TOKEN")}`)}`;
			});
		expect(mine.sort()).toEqual([
			"logs json /v1/logs X-Scope-OrgID=one,authorization=TOKEN",
			"metrics json /elsewhere X-Scope-OrgID=one,authorization=TOKEN",
		]);
		expect(stdout).toContain("the token of logs, metrics is sent without the word Bearer before it");
		expect(code).not.toBe(0);
	});

	test("--probe leaves out what it cannot imitate, and says so", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		const text = claudeSettings(
			{ url: "https://otlp.example.com", token: token.token },
			{ NODE_EXTRA_CA_CERTS: "/ca.pem" },
		);
		writeFileSync(join(cwd, ".claude/settings.json"), text);
		const { code, stdout } = await doctor("--probe --cli claude-code", cwd, token);
		expect(stdout.replace(/\s+/g, " ")).toContain(
			"logs not probed: untested: NODE_EXTRA_CA_CERTS sets a proxy or certificates, which this probe may not use as Claude Code does",
		);
		expect(code).toBe(exitCodes.noEvidence[0]);
		const { clis } = JSON.parse((await doctor("--probe --json --cli claude-code", cwd, token)).stdout);
		expect(clis).toMatchObject([{ probe: [], notProbed: [{ signal: "logs" }, { signal: "metrics" }] }]);
	});

	test("--probe leaves out what may go through a proxy that it does not use, and does not repeat its login", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		const { token: login } = canary();
		// Nothing but HTTPS_PROXY is for https to this program; Claude Code uses this one too.
		const env = { HTTP_PROXY: `http://user:${login}@127.0.0.1:9`, HTTPS_PROXY: "", https_proxy: "", NO_PROXY: "" };
		const { code, stdout } = await doctor("--probe --cli claude-code", cwd, token, { env });
		expect(stdout.replace(/\s+/g, " ")).toContain("logs not probed: untested: HTTP_PROXY sets a proxy");
		expect(stdout).not.toContain(login);
		expect(code).toBe(exitCodes.noEvidence[0]);
		// Node trusts what this names, and Codex does not.
		const node = { env: { NODE_EXTRA_CA_CERTS: "/ca.pem" } };
		const codex = await doctor("--probe --cli codex", cwd, token, node);
		expect(codex.stdout.replace(/\s+/g, " ")).toContain("logs not probed: untested: NODE_EXTRA_CA_CERTS sets a proxy");
		expect(codex.code).toBe(exitCodes.noEvidence[0]);
	});

	test("a token at another host than that of the fleet file or --endpoint is 10", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		expect(await doctor("--cli codex --endpoint https://otlp.example.com/base", cwd, token)).toMatchObject({ code: 0 });
		const other = await doctor("--cli codex --endpoint https://else.example", cwd, token);
		expect(other.stdout.replace(/\s+/g, " ")).toContain(
			"sent with logs to otlp.example.com, and is meant for else.example",
		);
		expect(other.code).toBe(exitCodes.findings[0]);
		writeFileSync(join(cwd, "crossfade.yaml"), "version: 1\nprovider: torii\n");
		expect(await doctor("--cli codex", cwd, token)).toMatchObject({ code: exitCodes.findings[0] });
	});

	test("--probe sends one made-up token to the place of all CLIs, and proves nothing where it is taken", async () => {
		const token = canary();
		const others: string[] = [];
		const { origin: url } = await listen(
			createServer((request, response) => {
				const { authorization = "", "content-type": type = "" } = request.headers;
				const isMine = authorization.includes(token.token) || request.url?.includes(token.token);
				if (!isMine) others.push(request.url ?? "");
				request
					.resume()
					.on("end", () =>
						response.writeHead(200, { "content-type": type }).end(type === "application/json" ? "{}" : undefined),
					);
			}),
		);
		const { code, stdout } = await doctor("--probe", home(url, token), token);
		expect(code).toBe(exitCodes.noEvidence[0]);
		expect(stdout).not.toContain("ACCEPTED");
		// One with a header and one in the path, whichever CLI came first.
		expect(others).toHaveLength(2);
	});

	test.each([
		["--cli cursor", "unknown CLI"],
		["--token new=TOKEN", "not a token reference"],
		["--token new=file:not-here", "cannot read it"],
	])("%s: %s", async (args, complaint) => {
		const token = canary();
		const { code, stderr, stdout } = await doctor(args.replace("TOKEN", token.token), scratch(), token, {
			seenInArguments: true,
		});
		expect([exitCodes.usage[0], exitCodes.io[0]]).toContain(code);
		expect(stderr).toContain(complaint);
		expect(stdout).toBe("");
	});

	test("a background process of Codex from before the change is found by ps; one of another home is not ours", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		const later = new Date(Date.now() + 3_600_000);
		utimesSync(join(cwd, ".codex/config.toml"), later, later);
		for (const [owner, code] of [
			[scratch(), 0],
			[cwd, exitCodes.findings[0]],
		] as const) {
			// Stands in for the daemon: its command line and its home are all that is looked at.
			const name = "/opt/codex app-server --managed-daemon";
			const daemon = spawn("bash", ["-c", `exec -a "${name}" sleep 600`], {
				env: { HOME: owner, PATH: "/usr/bin:/bin" },
			});
			onTestFinished(() => void daemon.kill("SIGKILL"));
			await waitFor("the stand-in", () => readFileSync(`/proc/${daemon.pid}/cmdline`, "utf8").startsWith("/opt/codex"));
			const { code: exit, stdout } = await doctor("--cli codex", cwd, token);
			expect({ exit, isFound: stdout.includes(`(${daemon.pid})`) }).toEqual({ exit: code, isFound: code !== 0 });
		}
	});

	test("where install would refuse, the fix says what to do first", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		writeFileSync(join(cwd, "dotfile"), '{"model":"opus"}\n');
		rmSync(join(cwd, ".claude/settings.json"), { force: true });
		symlinkSync("../dotfile", join(cwd, ".claude/settings.json"));
		writeFileSync(join(cwd, ".codex/config.toml"), '\ufeffmodel = "m"\n');
		const { stdout } = await doctor("", cwd, token);
		const words = stdout.replaceAll(/\s+/g, " ");
		expect(words).toContain(
			"fix: put a file in place of the symbolic link, which is not followed (the user's file of Claude Code); then crossfade install --cli claude-code",
		);
		// Codex reads the byte order mark, and install keeps it.
		expect(words).toContain("fix: crossfade install --cli codex");
	});

	test("an exporter for traces of the owner's needs no token", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		const exporter = '{ otlp-http = { endpoint = "http://127.0.0.1:4318/v1/traces", protocol = "binary" } }';
		const config = readFileSync(join(cwd, ".codex/config.toml"), "utf8");
		expect(config).toContain('trace_exporter = "none"');
		writeFileSync(join(cwd, ".codex/config.toml"), config.replace('"none"', exporter));
		const { code, stdout } = await doctor("--cli codex --token new=file:new.token", cwd, token);
		expect(stdout.replaceAll(/\s+/g, " ")).toContain("note traces go to 127.0.0.1:4318 without a token");
		expect(code).toBe(0);
	});

	test("a file with the token that others can read is a finding with the command that closes it", async () => {
		const token = canary();
		// A name like those that mktemp makes: the command can be copied all the same.
		const cwd = join(scratch(), "xK9mB2vQ7LwZ3nR8pT4sD6f");
		renameSync(home("https://otlp.example.com", token), cwd);
		chmodSync(join(cwd, ".codex/config.toml"), 0o644);
		const { code, stdout } = await doctor("--cli codex --token new=file:new.token", cwd, token);
		expect(code).toBe(exitCodes.findings[0]);
		expect(stdout.replaceAll(/\s+/g, " ")).toContain(`fix: chmod go= ${join(cwd, ".codex/config.toml")}`);
	});

	test("files that are folders, links to nowhere, huge or hostile are findings, never a crash", async () => {
		const token = canary();
		const cwd = home("https://otlp.example.com", token);
		for (const path of [".claude/settings.local.json", ".gemini/.env/x"])
			mkdirSync(dirname(join(cwd, path)), { recursive: true });
		mkdirSync(join(cwd, ".claude/settings.local.json"));
		writeFileSync(join(cwd, ".codex/config.toml"), Buffer.alloc(11 * 1024 * 1024, "a"));
		writeFileSync(join(cwd, ".gemini/settings.json"), `{"telemetry":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`);
		const { code, stdout, stderr } = await doctor("", cwd, token);
		// What a CLI sends with such files is not known.
		expect({ code, stderr }).toEqual({ code: exitCodes.noEvidence[0], stderr: "" });
		expect(stdout).toMatch(/is not a regular file but a\s+folder/);
		expect(stdout).toMatch(/is larger than 10 MB/);
	});
});
