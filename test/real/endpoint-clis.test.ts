import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { clis, mentions, PROMPT_WORD, tokensOf } from "../harness/clis/lab.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { type CliName, cliPart, cliParts, releases } from "../harness/clis/run.ts";
import { startScripted } from "../harness/clis/scripted.ts";
import { needs, root } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";

const all = (Object.keys(clis) as CliName[]).flatMap((name) =>
	Object.values(releases[name]).flatMap((version) =>
		(["user", "system"] as const).map((scope) => ({ name, version, scope })),
	),
);
const ids = { claude: "claude-code", codex: "codex", gemini: "gemini" } as const;

/** What the user's file holds before; each in the way its CLI takes. */
const before: Readonly<Record<CliName, string>> = {
	claude: '{"env": {"MINE": "1"},\r\n  "includeCoAuthoredBy": false}\n',
	codex: '# mine\nmodel_reasoning_effort = "low" # theirs\n\n[tui]\nnotifications = false',
	gemini: '{\n\t// mine\n\t"general": { "disableAutoUpdate": true },\n}\n'.replace("},\n}", "}\n}"),
};

/** Where the script writes: the machine's file where the release obeys it. */
const inUserFile = (name: CliName, version: string, scope: string) =>
	scope === "user" || (name !== "gemini" && version === releases[name].old);

/** A release that cannot be kept from sending prompts is left alone. */
const leftAlone = (name: CliName, version: string) => name === "gemini" && version === releases.gemini.old;

const needed = needs(namespaces, root, ...cliParts);

describe.each(all.filter(({ name, version }) => !leftAlone(name, version)))(
	"$name $version, scope=$scope",
	needed,
	({ name, version, scope }) => {
		test("sends as our script set it, with the new token after a rotation, nothing after uninstall", async () => {
			const { script, prompt, machine } = await startScripted(name, version);
			const [old, fresh] = [canary(), canary()];
			const { userFile, signals, promptShowsIn } = clis[name];
			machine.write(userFile, before[name]);
			const silent = (await prompt(name, { version })).requests;
			expect(silent).toEqual([]);
			const own = () => readFileSync(machine.path(userFile), "utf8");
			const original = own();

			for (const token of [old, fresh]) {
				const line = `crossfade ok fp=${token.fingerprint} cfg=1 cli=${ids[name]}:ok users=1\n`;
				const options = `scope=${scope} clis=${ids[name]}`;
				expect(await script(options, token)).toEqual({ code: 0, stdout: line, stderr: "" });
				expect(own() === original).toBe(!inUserFile(name, version, scope));
				const { requests } = await prompt(name, { version });
				expect([...new Set(requests.map(({ signal }) => signal))].sort()).toEqual(signals);
				expect(tokensOf(requests)).toEqual([token.token]);
				for (const { url, signal } of requests) {
					expect(url).toBe(`/ingest${name === "gemini" ? `/${token.token}` : ""}/v1/${signal}`);
				}
				expect(mentions(requests, PROMPT_WORD)).toEqual(promptShowsIn(version));
				// Codex names the host in logs alone.
				const naming = requests.filter(({ signal }) => name !== "codex" || signal === "logs");
				for (const { resource } of naming.flatMap(({ items }) => items)) {
					expect(resource["host.name"]).toEqual(expect.stringMatching(/./));
				}
				expect(await script(`report ${options}`)).toEqual({ code: 0, stdout: line, stderr: "" });
				expect(await script(`report ${options} expect=${old.fingerprint}`)).toMatchObject({
					code: token === old ? 0 : 10,
				});
			}

			expect(await script(`uninstall scope=${scope} clis=${ids[name]}`)).toMatchObject({ code: 0, stderr: "" });
			expect(own()).toBe(original);
			expect((await prompt(name, { version })).requests).toEqual([]);
			expect(await script(`report scope=${scope} clis=${ids[name]}`)).toMatchObject({ code: 10 });
		});
	},
);

describe.each(["user", "system"])("Gemini CLI before 0.40.1, scope=%s", needed, (scope) => {
	test("is left alone and reported as old, since it would send prompts", async () => {
		const { script, prompt } = await startScripted("gemini", releases.gemini.old);
		expect(await script(`scope=${scope} clis=gemini`, canary())).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("cli=gemini:old users=1"),
			stderr: "",
		});
		expect((await prompt("gemini", { version: releases.gemini.old })).requests).toEqual([]);
	});
});

describe("Claude Code with the option helper", needed, () => {
	test("takes up a new token while a session runs", async () => {
		const { script, prompt, machine, model, capture } = await startScripted("claude");
		const [old, fresh] = [canary(), canary()];
		const options = "scope=user clis=claude-code helper";
		await script(options, old);
		model.callShell("touch ~/asked; timeout 90 sh -c 'until [ -e ~/seen ]; do sleep 0.05; done'");
		const env = {
			CLAUDE_CODE_OTEL_HEADERS_HELPER_DEBOUNCE_MS: "200",
			OTEL_METRIC_EXPORT_INTERVAL: "200",
			OTEL_LOGS_EXPORT_INTERVAL: "200",
		};
		const session = prompt("claude", { env, args: ["--allowedTools", "Bash"] });
		await waitFor("the session to be under way", () => existsSync(machine.path("~/asked")));
		expect(await script(options, fresh)).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`fp=${fresh.fingerprint}`),
		});
		await waitFor("an export with the new token", () => tokensOf(capture.requests).includes(fresh.token));
		machine.write("~/seen", "");
		expect(tokensOf((await session).requests)).toEqual([old.token, fresh.token]);
		expect(await script(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect((await prompt("claude")).requests).toEqual([]);
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
		expect(await daemon("start")).toMatchObject({ code: 0 });
		onTestFinished(async () => {
			await daemon("stop");
			// Its updater goes on without it.
			const { pid } = JSON.parse(readFileSync(machine.path("~/.codex/app-server-daemon/daemon-updater.pid"), "utf8"));
			process.kill(pid, "SIGKILL");
		});
		expect(await sent()).toEqual([old.token]);
		expect(await script(`report ${options}`)).toMatchObject({ code: 0, stdout: expect.stringContaining("codex:ok") });
		// Ages of processes are told in whole seconds.
		await setTimeout(2_100);
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
		machine.write(file, before.gemini);
		chmodSync(machine.path(file), 0o664);
		expect(await script("scope=system clis=gemini", canary())).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("cli=gemini:error"),
			stderr: `error: ${file}: can be written by others than its owner; fix that with chmod go-w\n`,
		});
		expect(readFileSync(machine.path(file), "utf8")).toBe(before.gemini);
		chmodSync(machine.path(file), 0o644);
		const token = canary();
		expect(await script("scope=system clis=gemini", token)).toMatchObject({ code: 0, stderr: "" });
		expect(tokensOf((await prompt("gemini")).requests)).toEqual([token.token]);
	},
);
