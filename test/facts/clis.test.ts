import { existsSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lab as claude } from "../adapters/clis/claude-code.lab.ts";
import { lab as codex } from "../adapters/clis/codex.lab.ts";
import { lab as gemini } from "../adapters/clis/gemini.lab.ts";
import { canary } from "../harness/canary.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../harness/clis/configs.ts";
import { mentions, PROMPT_WORD, startLab, tokensOf } from "../harness/clis/lab.ts";
import { cliParts, installed, labOf } from "../harness/clis/labs.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { USAGE } from "../harness/clis/model.ts";
import { needs } from "../harness/parts.ts";

const needed = needs(namespaces, ...cliParts);

describe.each(installed)("$id $version with telemetry in the user's file", needed, ({ id, version }) => {
	const { userFile, config, signals, path, sendsHeader, usage, promptShowsIn } = labOf(id);

	test("sends with the token of the file, from the next run on with the one that it is changed to, and nothing when it is gone", async () => {
		const { machine, prompt, to } = await startLab();
		for (const token of [canary(), canary()]) {
			machine.write(userFile, config(to(token)));
			const { requests } = await prompt(id, { version });
			expect([...new Set(requests.map(({ signal }) => signal))].sort()).toEqual(signals);
			for (const { url, signal, headers } of requests) {
				expect(url).toBe(path(signal, token.token, version));
				expect(headers.authorization).toBe(sendsHeader ? `Bearer ${token.token}` : undefined);
			}
			expect(mentions(requests, PROMPT_WORD)).toEqual(promptShowsIn(version));
			// Nothing is waited for after its end: it flushes before.
			const [event, attribute] = usage;
			const used = requests.flatMap(({ items }) => items.filter((item) => item.name === event));
			expect(used.map(({ attributes }) => Number(attributes[attribute]))).toContain(USAGE.input);
		}
		rmSync(machine.path(userFile));
		expect((await prompt(id, { version })).requests).toEqual([]);
	});
});

describe("a system file", needed, () => {
	test.each([
		[claude.releases.newest, "managed"],
		[claude.releases.old, "user"],
	])(
		"Claude Code %s with a drop-in in managed-settings.d and a user's file: the token is that of the %s one",
		async (version, winner) => {
			const { machine, prompt, to } = await startLab();
			const [managed, user] = [canary(), canary()];
			machine.write("/etc/claude-code/managed-settings.d/50-crossfade.json", claudeSettings(to(managed)));
			machine.write("~/.claude/settings.json", claudeSettings(to(user)));
			expect(tokensOf((await prompt("claude-code", { version })).requests)).toEqual([
				winner === "managed" ? managed.token : user.token,
			]);
		},
	);

	test.each(Object.values(claude.releases))(
		"Claude Code %s: managed-settings.json wins over the user's file",
		async (version) => {
			const { machine, prompt, to } = await startLab();
			const [managed, user] = [canary(), canary()];
			machine.write("/etc/claude-code/managed-settings.json", claudeSettings(to(managed)));
			machine.write("~/.claude/settings.json", claudeSettings(to(user)));
			expect(tokensOf((await prompt("claude-code", { version })).requests)).toEqual([managed.token]);
		},
	);

	test.each([
		[codex.releases.newest, "enforced"],
		[codex.releases.old, "user"],
	])("Codex %s with requirements.toml and a user's file: the token is that of the %s one", async (version, winner) => {
		const { machine, prompt, to } = await startLab();
		const [enforced, user] = [canary(), canary()];
		machine.write("/etc/codex/requirements.toml", codexConfig(to(enforced)));
		machine.write("~/.codex/config.toml", codexConfig(to(user)));
		expect(tokensOf((await prompt("codex", { version })).requests)).toEqual([
			winner === "enforced" ? enforced.token : user.token,
		]);
	});

	test.each(Object.values(codex.releases))(
		"Codex %s: /etc/codex/config.toml is used, and the user's file wins over it",
		async (version) => {
			const { machine, prompt, to } = await startLab();
			const [system, user] = [canary(), canary()];
			machine.write("/etc/codex/config.toml", codexConfig(to(system)));
			expect(tokensOf((await prompt("codex", { version })).requests)).toEqual([system.token]);
			machine.write("~/.codex/config.toml", codexConfig(to(user)));
			expect(tokensOf((await prompt("codex", { version })).requests)).toEqual([user.token]);
		},
	);

	test.each(Object.values(gemini.releases))(
		"Gemini CLI %s: /etc/gemini-cli/settings.json wins over the user's file",
		async (version) => {
			const { machine, prompt, to } = await startLab();
			const [system, user] = [canary(), canary()];
			machine.write("/etc/gemini-cli/settings.json", geminiSettings(to(system)));
			machine.write("~/.gemini/settings.json", geminiSettings(to(user)));
			expect(tokensOf((await prompt("gemini", { version })).requests)).toEqual([system.token]);
		},
	);
});

test(
	"the machine of these tests writes nothing into the /etc of the host, and finds no host but this one",
	needed,
	async () => {
		const { machine } = await startLab();
		machine.write("/etc/codex/requirements.toml", "# here");
		const inside = await machine.run([
			"sh",
			"-c",
			"cat /etc/codex/requirements.toml && touch /etc/codex/new && wc -l </etc/passwd",
		]);
		expect(inside).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# here\d+\n$/) });
		expect(existsSync("/etc/codex/new")).toBe(false);
		expect(existsSync(machine.path("/etc/codex/new"))).toBe(true);
		const lookUp = 'fetch("https://example.com/").catch(({ cause }) => console.log(cause.code))';
		expect((await machine.run([process.execPath, "-e", lookUp])).stdout).toMatch(/^(ENOTFOUND|EAI_AGAIN)\n$/);
	},
);
