import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Canary, canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { contents, machine, write } from "../harness/endpoint.ts";
import { needs, program } from "../harness/parts.ts";
import { shells, type TestShell } from "../harness/shells.ts";

const strace = program("strace");
const self = "scope=user users=self";

/** Every program that is started, with all its arguments and its whole environment: nothing is too short-lived to be seen. */
function traced(shell: TestShell): { shell: TestShell; started(): string } {
	const log = join(scratch(), "trace");
	const args = ["-f", "--seccomp-bpf", "-v", "-s", "65535", "-e", "trace=execve,prlimit64,setrlimit", "-o", log];
	return {
		shell: { ...shell, part: strace, args: [...args, shell.part.path, ...shell.args] },
		started: () => readFileSync(log, "latin1"),
	};
}

test("the trace would show a token in an argument or an environment", needs(strace), () => {
	const { token, fingerprint } = canary();
	const { shell, started } = traced({ name: "sh", part: program("sh"), args: ["-c"] });
	spawnSync(shell.part.path, [...shell.args, `/bin/echo ${token}`]);
	expect(leaks([{ token, fingerprint }], { started: started() })).toHaveLength(1);
});

for (const shell of shells)
	test(
		`${shell.name}: in no argument, environment, record, backup, temporary file, history; only where the CLIs read it`,
		needs(strace, shell.part),
		async () => {
			const m = machine();
			write(m.home, ".codex/config.toml", '[otel]\nexporter = "none"\n');
			write(m.home, ".gemini/settings.json", '{"telemetry": {"target": "gcp"}}\n');
			const tokens: Canary[] = [];
			const holders = (token: Canary) =>
				Object.entries({ ...contents(m.home), ...contents(m.root) })
					.filter(([, text]) => leaks([token], { text }).length > 0)
					.map(([path]) => path)
					.sort();
			const run = async (options: string, token?: Canary) => {
				const trace = traced(shell);
				if (token) tokens.push(token);
				const flags = ["-x", "-v"];
				// Flags of the shell, which strace is not.
				const args = [...trace.shell.args, ...flags];
				const outcome = await m.run(options, { ...token, canaries: tokens, shell: { ...trace.shell, args } });
				expect(outcome).toMatchObject({ code: 0 });
				const started = trace.started();
				expect(started.match(/execve\(/g)?.length ?? 0).toBeGreaterThan(20);
				expect(leaks(tokens, { started })).toEqual([]);
				// zsh looks first, and sets nothing where it is 0 already.
				expect(started).toMatch(/RLIMIT_CORE, (NULL, )?\{rlim_cur=0/);
			};
			const configs = [".claude/settings.json", ".codex/config.toml", ".gemini/settings.json"];
			const [first, second, third] = [canary(), canary(), canary()];
			await run(self, first);
			expect(holders(first)).toEqual(configs);
			await run(self, second);
			expect(holders(first)).toEqual([]);
			expect(holders(second)).toEqual(configs);
			await run(`${self} helper`, third);
			expect(holders(second)).toEqual([]);
			expect(holders(third)).toEqual([".claude/crossfade-token", ...configs.slice(1)]);
			await run(`report ${self} helper`);
			await run(`uninstall ${self} helper`);
			for (const token of tokens) expect(holders(token)).toEqual([]);
			expect(Object.keys(contents(m.home)).filter((path) => /history|core/.test(path))).toEqual([]);
		},
	);
