import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary, filesBelow, leaks } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { listen } from "../harness/clis/loopback.ts";
import { cuts, runPiped } from "../harness/cut.ts";
import { contents } from "../harness/endpoint.ts";
import { isWhole, pairs } from "../harness/matrix.ts";
import { needs, program } from "../harness/parts.ts";
import { shells } from "../harness/shells.ts";
import { terminal, tmux } from "../harness/terminal.ts";
import { waitFor } from "../harness/wait.ts";

const curl = program("curl");

const SCRIPT = new URL("../../scripts/install.sh", import.meta.url).pathname;
const script = readFileSync(SCRIPT, "utf8");

/** A folder with the script and a home in which Codex was used. */
function workstation(): string {
	const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n' });
	copyFileSync(SCRIPT, join(cwd, "install.sh"));
	return cwd;
}

/** In a shell that outlives Ctrl-C and Ctrl-\\, says how it ended and whether the terminal shows what is typed. With EDITOR=vi ksh edits lines by itself. */
const wrapped = (cwd: string, command: string) =>
	`env EDITOR=vi HOME=${cwd}/home sh -c 'trap : INT QUIT; ${command}; echo ended with $?; stty -a | grep -o " -*echo "; exec sleep 600'`;

const ways = pairs(shells, ["a file", "a pipe"] as const);

describe("the question for the token, in a real terminal", () => {
	for (const [shell, way] of ways)
		test(
			`${shell.name}, the script from ${way}: what is typed does not show, and is the token`,
			needs(tmux, shell.part),
			async () => {
				await prompted(shell, way, (token) => {
					token.type(token.text);
					token.type("Enter");
					return {
						screen: new RegExp(`crossfade ok\\s+fp=${token.fingerprint}[^]*ended with 0\\s+echo`),
						changed: true,
					};
				});
			},
		);

	for (const [keys, name] of [
		["C-c", "Ctrl-C"],
		["C-\\", "Ctrl-\\"],
	] as const)
		for (const [shell, way] of ways)
			test(
				`${shell.name}, the script from ${way}: ${name} changes nothing and gives the terminal back`,
				needs(tmux, shell.part),
				async () => {
					await prompted(shell, way, (token) => {
						token.type(token.text.slice(0, 9));
						token.type(keys);
						return { screen: /ended with 130\s+echo/, changed: false };
					});
				},
			);

	test("crossfade install asks as well", needs(tmux), async () => {
		const cwd = workstation();
		const { token, fingerprint } = canary();
		const { screen, type } = terminal(cwd, wrapped(cwd, `${process.execPath} ${CLI} install -v`));
		await waitFor("the question", () => screen().includes("Token:"));
		expect(screen()).toContain("/.codex/config.toml");
		type(token);
		type("Enter");
		await waitFor("the end", () => screen().includes("ended with 0"));
		expect(screen()).toMatch(new RegExp(`crossfade ok\\s+fp=${fingerprint}`));
		expect(leaks([{ token, fingerprint }], { screen: screen() })).toEqual([]);
	});
});

interface Typist {
	readonly text: string;
	readonly fingerprint: string;
	type(keys: string): void;
}

async function prompted(
	shell: (typeof shells)[number],
	way: "a file" | "a pipe",
	act: (token: Typist) => { screen: RegExp; changed: boolean },
): Promise<void> {
	const cwd = workstation();
	const before = contents(join(cwd, "home"));
	const run = [shell.part.path, ...shell.args].join(" ");
	const command = way === "a file" ? `${run} install.sh` : `cat install.sh | ${run}`;
	const { screen, type } = terminal(cwd, wrapped(cwd, command));
	await waitFor("the question", () => screen().includes("(not shown)"));
	expect(screen()).toContain("/.codex/config.toml");
	const { token, fingerprint } = canary();
	const wanted = act({ text: token, fingerprint, type });
	await waitFor("the end", () => /ended with \d+\s+-?echo/.test(screen()));
	expect(screen()).toMatch(wanted.screen);
	expect(screen()).not.toContain(token.slice(0, 9));
	if (wanted.changed) {
		expect(leaks([{ token, fingerprint }], filesBelow(cwd, ["home/.codex/config.toml"]))).toEqual([]);
	} else {
		expect(contents(join(cwd, "home"))).toEqual(before);
		expect(existsSync(join(cwd, "home/.otel-crossfade"))).toBe(false);
	}
}

describe("curl | sh", needs(curl), () => {
	/** Serves the script, or so much of it before the connection breaks. */
	async function download(bytes: number, args = "") {
		const server = createServer((_request, response) => {
			response.writeHead(200, { "content-length": script.length });
			if (bytes >= script.length) response.end(script);
			else response.write(script.slice(0, bytes), () => response.destroy());
		});
		const { origin, close } = await listen(server);
		onTestFinished(close);
		const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n', token: canary().token });
		const before = contents(join(cwd, "home"));
		const env = { PATH: "/usr/bin:/bin", HOME: join(cwd, "home"), CROSSFADE_TOKEN_FILE: join(cwd, "token") };
		const child = spawn("sh", ["-c", `curl -fsS ${origin}/install.sh | sh -s -- ${args}`], { env, detached: true });
		const [stdout] = await Promise.all([text(child.stdout), text(child.stderr)]);
		return { stdout, isChanged: JSON.stringify(contents(join(cwd, "home"))) !== JSON.stringify(before) };
	}

	test("sets the CLIs, with options, and in a dry run does not", async () => {
		const { stdout, isChanged } = await download(script.length, "--clis=codex --no-host");
		expect(stdout).toMatch(/crossfade ok fp=[0-9a-f]{12} cfg=1 cli=codex:ok users=1\n$/);
		expect(isChanged).toBe(true);
		expect(await download(script.length, "--dry-run")).toMatchObject({ isChanged: false });
	});

	test.each([0.1, 0.5, 0.9, 0.999])("whose connection breaks after %d of the script does nothing", async (part) => {
		expect(await download(Math.floor(script.length * part))).toEqual({ stdout: "", isChanged: false });
	});
});

describe("a script that was cut off on its way", () => {
	for (const [nth, shell] of shells.entries())
		test(`${shell.name} does nothing with it`, needs(shell.part), async () => {
			const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n', token: canary().token });
			const before = contents(cwd);
			// In a short run each cut by one shell.
			const all = cuts(script, 200).filter((_, at) => isWhole || at % shells.length === nth);
			for (const cut of all) {
				expect(await runPiped(shell, script.slice(0, cut), cwd), `cut at ${cut}`).toMatchObject({ stdout: "" });
			}
			expect(contents(cwd)).toEqual(before);
			expect((await runPiped(shell, script, cwd)).stdout).toMatch(/crossfade ok fp=[0-9a-f]{12}/);
		});
});
