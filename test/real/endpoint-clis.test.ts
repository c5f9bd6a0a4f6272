import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { lab as gemini } from "../adapters/clis/gemini.lab.ts";
import { canary } from "../harness/canary.ts";
import { mentions, PROMPT_WORD, tokensOf } from "../harness/clis/lab.ts";
import { cliPart, cliParts, installed, labOf } from "../harness/clis/labs.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { startScripted } from "../harness/clis/scripted.ts";
import { aThird } from "../harness/matrix.ts";
import { needs, root } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";

const all = installed
	.filter(({ id, version }) => !labOf(id).isLeftAlone(version))
	.flatMap(({ id, version }) => {
		const scopes = ["user", "system"] as const;
		return (version === labOf(id).releases.newest ? scopes : aThird(scopes)).map((scope) => ({ id, version, scope }));
	});

const needed = needs(root, namespaces, ...cliParts);

describe.each(all)("$id $version, scope=$scope", needed, ({ id, version, scope }) => {
	test("sends as our script set it, with the new token after a rotation, nothing after uninstall", async () => {
		const { script, prompt, machine } = await startScripted(id, version);
		const [old, fresh] = [canary(), canary()];
		const { userFile, before, signals, promptShowsIn, obeysSystem, scriptedPath, scriptedHostIn } = labOf(id);
		const inUserFile = scope === "user" || !obeysSystem(version);
		machine.write(userFile, before);
		// At its first start one brings its file into the form of its release.
		expect((await prompt(id, { version })).requests).toEqual([]);
		const own = () => readFileSync(machine.path(userFile), "utf8");
		const original = own();

		for (const token of [old, fresh]) {
			const line = `crossfade ok fp=${token.fingerprint} cfg=1 cli=${id}:ok users=1\n`;
			const options = `scope=${scope} clis=${id}`;
			expect(await script(options, token)).toEqual({ code: 0, stdout: line, stderr: "" });
			expect(own() === original).toBe(!inUserFile);
			const { requests } = await prompt(id, { version });
			expect([...new Set(requests.map(({ signal }) => signal))].sort()).toEqual(signals);
			expect(tokensOf(requests)).toEqual([token.token]);
			for (const { url, signal } of requests) expect(url).toBe(scriptedPath(signal, token.token));
			expect(mentions(requests, PROMPT_WORD)).toEqual(promptShowsIn(version));
			const naming = requests.filter(({ signal }) => scriptedHostIn.includes(signal));
			for (const { resource } of naming.flatMap(({ items }) => items)) {
				expect(resource["host.name"]).toEqual(expect.stringMatching(/./));
			}
			expect(await script(`report ${options}`)).toEqual({ code: 0, stdout: line, stderr: "" });
			expect(await script(`report ${options} expect=${old.fingerprint}`)).toMatchObject({
				code: token === old ? 0 : 10,
				stdout: expect.stringContaining(token === old ? `${id}:ok` : `${id}:`),
				stderr: "",
			});
		}

		expect(await script(`uninstall scope=${scope} clis=${id}`)).toMatchObject({ code: 0, stderr: "" });
		// With what it had before.
		expect(own()).toBe(original);
		expect((await prompt(id, { version })).requests).toEqual([]);
		expect(await script(`report scope=${scope} clis=${id}`)).toMatchObject({ code: 10 });
	});
});

describe.each(aThird(["user", "system"]))("Gemini CLI before 0.40.1, scope=%s", needed, (scope) => {
	test("is left alone and reported as old, since it would send prompts", async () => {
		const { script, prompt } = await startScripted("gemini", gemini.releases.old);
		expect(await script(`scope=${scope} clis=gemini`, canary())).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("cli=gemini:old users=1"),
			stderr: "",
		});
		expect((await prompt("gemini", { version: gemini.releases.old })).requests).toEqual([]);
	});
});

test(
	"Claude Code: an endpoint for one signal in the shell or in ~/.claude.json gets no token of ours",
	needed,
	async () => {
		const { script, prompt, machine, capture } = await startScripted("claude-code");
		const token = canary();
		machine.write(
			"~/.claude.json",
			JSON.stringify({ env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${capture.url}/elsewhere` } }),
		);
		expect(await script("scope=user clis=claude-code", token)).toMatchObject({ code: 0, stderr: "" });
		const { requests } = await prompt("claude-code", {
			env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${capture.url}/elsewhere` },
		});
		expect([...new Set(requests.map(({ url }) => url))].sort()).toEqual(["/ingest/v1/logs", "/ingest/v1/metrics"]);
		expect(tokensOf(requests)).toEqual([token.token]);
	},
);

describe("Claude Code with the option helper", needed, () => {
	test("takes up a new token while a session runs", async () => {
		const { script, prompt, machine, model, capture } = await startScripted("claude-code");
		const [old, fresh] = [canary(), canary()];
		const options = "scope=user clis=claude-code helper";
		await script(options, old);
		model.callShell("touch ~/asked; timeout 90 sh -c 'until [ -e ~/seen ]; do sleep 0.05; done'");
		const env = {
			CLAUDE_CODE_OTEL_HEADERS_HELPER_DEBOUNCE_MS: "200",
			OTEL_METRIC_EXPORT_INTERVAL: "200",
			OTEL_LOGS_EXPORT_INTERVAL: "200",
		};
		const session = prompt("claude-code", { env, args: ["--allowedTools", "Bash"] });
		await waitFor("the session to be under way", () => existsSync(machine.path("~/asked")));
		expect(await script(options, fresh)).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`fp=${fresh.fingerprint}`),
		});
		await waitFor("an export with the new token", () => tokensOf(capture.requests).includes(fresh.token));
		machine.write("~/seen", "");
		expect(tokensOf((await session).requests)).toEqual([old.token, fresh.token]);
		expect(await script(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect((await prompt("claude-code")).requests).toEqual([]);
	});
});

describe.each(["user", "system"])("Claude Code with a header program of the user's, scope=%s", needed, (scope) => {
	test("our header arrives alone, and uninstall gives the program back", async () => {
		const { script, prompt, machine } = await startScripted("claude-code");
		const program = machine.path("~/corp-headers");
		machine.write("~/corp-headers", `#!/bin/sh\necho '{"Authorization":"Bearer corporate"}'\n`);
		chmodSync(program, 0o755);
		const own = `{"otelHeadersHelper":"${program}"}\n`;
		machine.write("~/.claude/settings.json", own);
		const token = canary();
		const options = `scope=${scope} clis=claude-code`;
		expect(await script(options, token)).toMatchObject({ code: 0, stdout: expect.stringContaining("claude-code:ok") });
		expect(tokensOf((await prompt("claude-code")).requests)).toEqual([token.token]);
		expect(await script(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect(readFileSync(machine.path("~/.claude/settings.json"), "utf8")).toBe(own);
	});
});

describe("Codex's background daemon", needed, () => {
	test("keeps the old token and is reported as stale; the option restart restarts it, and it sends with the new one", async () => {
		const { script, machine, capture } = await startScripted("codex");
		const [old, fresh] = [canary(), canary()];
		const options = "scope=user clis=codex";
		const env = { OTEL_METRIC_EXPORT_INTERVAL: "500" };
		const codex = join(cliPart("codex").path, "bin/codex.js");
		const daemon = (verb: string) => machine.run([process.execPath, codex, "app-server", "daemon", verb], { env });
		const sent = async () => {
			capture.clear();
			await waitFor("metrics of the daemon", () => capture.requests.length > 0);
			return tokensOf(capture.requests);
		};
		await script(options, old);
		// Ages of processes are told in whole seconds.
		await setTimeout(5_000);
		expect(await daemon("start")).toMatchObject({ code: 0 });
		onTestFinished(async () => {
			await daemon("stop");
			// Its updater goes on without it.
			const { pid } = JSON.parse(readFileSync(machine.path("~/.codex/app-server-daemon/daemon-updater.pid"), "utf8"));
			process.kill(pid, "SIGKILL");
		});
		expect(await sent()).toEqual([old.token]);
		expect(await script(`report ${options}`)).toMatchObject({ code: 0, stdout: expect.stringContaining("codex:ok") });
		const stale = (verdict: string) => `crossfade ${verdict} fp=${fresh.fingerprint} cfg=1 cli=codex:stale users=1\n`;
		expect(await script(options, fresh)).toEqual({ code: 0, stdout: stale("drift"), stderr: "" });
		expect(await sent()).toEqual([old.token]);
		expect(await script(`report ${options}`)).toEqual({ code: 10, stdout: stale("drift"), stderr: "" });
		const line = `crossfade ok fp=${fresh.fingerprint} cfg=1 cli=codex:ok users=1\n`;
		expect(await script(`restart ${options}`, fresh, env)).toEqual({ code: 0, stdout: line, stderr: "" });
		expect(await sent()).toEqual([fresh.token]);
		expect(await script(`report ${options}`)).toEqual({ code: 0, stdout: line, stderr: "" });
	});
});

test(
	"Gemini CLI: a system file that others can write, which it would ignore, is refused and left as it is",
	needed,
	async () => {
		const { script, prompt, machine } = await startScripted("gemini");
		const file = "/etc/gemini-cli/settings.json";
		machine.write(file, gemini.before);
		chmodSync(machine.path(file), 0o664);
		expect(await script("scope=system clis=gemini", canary())).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("cli=gemini:refused"),
			stderr: `error: ${file}: can be written by others than its owner; fix that with chmod go-w\n`,
		});
		expect(readFileSync(machine.path(file), "utf8")).toBe(gemini.before);
		chmodSync(machine.path(file), 0o644);
		const token = canary();
		expect(await script("scope=system clis=gemini", token)).toMatchObject({ code: 0, stderr: "" });
		expect(tokensOf((await prompt("gemini")).requests)).toEqual([token.token]);
	},
);

test("Codex: a profile that would take data and our header elsewhere is refused", needed, async () => {
	const { script, prompt, machine, capture } = await startScripted("codex");
	const token = canary();
	expect(await script("scope=user clis=codex", token)).toMatchObject({ code: 0, stderr: "" });
	machine.write("~/.codex/work.config.toml", `[otel.exporter.otlp-http]\nendpoint = "${capture.url}/elsewhere"\n`);
	expect((await prompt("codex")).requests.filter(({ url }) => url.includes("/elsewhere"))).toEqual([]);
	// What the refusal is for: our header reaches whoever wrote this file.
	const { requests } = await prompt("codex", { args: ["--profile", "work"] });
	expect(tokensOf(requests.filter(({ url }) => url.includes("/elsewhere")))).toEqual([token.token]);
	expect(await script("scope=user clis=codex", canary())).toMatchObject({
		code: 11,
		stderr: expect.stringMatching(
			/^error: .*\/work\.config\.toml: overrides our file and could take the token elsewhere/,
		),
	});
	expect(await script("report scope=user clis=codex")).toMatchObject({
		stdout: expect.stringContaining("cli=codex:refused"),
	});
});

test(
	"Claude Code: another managed drop-in that would take data and our header elsewhere is refused; one that cannot is not",
	needed,
	async () => {
		const { script, prompt, machine, capture } = await startScripted("claude-code");
		const elsewhere = (name: string) =>
			JSON.stringify({ env: { [`OTEL_EXPORTER_OTLP_${name}`]: `${capture.url}/elsewhere` } });
		const [first, last] = ["10", "60"].map((at) => `/etc/claude-code/managed-settings.d/${at}-acme.json`) as [
			string,
			string,
		];
		const token = canary();
		machine.write(first, elsewhere("ENDPOINT"));
		expect(await script("scope=system clis=claude-code", token)).toMatchObject({ code: 0, stderr: "" });
		const { requests } = await prompt("claude-code");
		expect(requests.length).toBeGreaterThan(0);
		for (const { url } of requests) expect(url).toContain("/ingest/");
		// What the refusal is for: our header reaches whoever wrote this file.
		machine.write(last, elsewhere("LOGS_ENDPOINT"));
		const diverted = (await prompt("claude-code")).requests.filter(({ url }) => url.includes("/elsewhere"));
		expect(tokensOf(diverted)).toEqual([token.token]);
		expect(await script("scope=system clis=claude-code", canary())).toMatchObject({
			code: 11,
			stderr: `error: ${last}: overrides our file and could take the token elsewhere; remove its telemetry settings\n`,
		});
		expect(await script("report scope=system clis=claude-code")).toMatchObject({
			stdout: expect.stringContaining("cli=claude-code:refused"),
		});
	},
);
