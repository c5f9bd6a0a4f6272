import { spawn } from "node:child_process";
import type { TestShell } from "./shells.ts";

/**
 * Where to cut a script: each of its last bytes, each byte of its first line that runs something, each word of those after it, functions whose
 * name begins like a program, and some between.
 */
export function cuts(script: string, more: number): number[] {
	const found = new Set<number>();
	for (let at = script.length - 60; at < script.trimEnd().length; at++) found.add(at);
	const traced = script.indexOf("{ { set +xv");
	for (let at = traced; at < script.indexOf("\n", traced); at++) found.add(at);
	const first = script.slice(traced, script.indexOf("\n{\n", traced));
	for (const { index } of first.matchAll(/(?<=\S)\s/g)) found.add(traced + index);
	for (const { 0: program, index } of script.matchAll(/^(?:ex|exit|find|read|w)(?=[a-z_]*\(\))/gm))
		found.add(index + program.length);
	for (let at = 1; at < script.length; at += Math.floor(script.length / more)) found.add(at);
	return [...found].sort((a, b) => a - b);
}

/**
 * `… | sh -s -- ARGS` in a session without a terminal, with the home and the token file of a scratch folder; so would a whole script
 * find all it needs.
 */
export async function runPiped(
	shell: TestShell,
	script: string,
	cwd: string,
	{ token = true, args = [] }: { token?: boolean; args?: readonly string[] } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
	const env = { PATH: "/usr/bin:/bin", HOME: `${cwd}/home`, ...(token && { CROSSFADE_TOKEN_FILE: `${cwd}/token` }) };
	const child = spawn(shell.part.path, [...shell.args, "-s", ...(args.length > 0 ? ["--", ...args] : [])], {
		cwd,
		env,
		detached: true,
	});
	const outcome = { stdout: "", stderr: "" };
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		outcome.stdout += chunk;
	});
	child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
		outcome.stderr += chunk;
	});
	child.stdin.on("error", () => undefined);
	child.stdin.end(script);
	const code = await new Promise<number | null>((done) => child.on("close", done));
	return { code, ...outcome };
}
