import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import type { Canary } from "./canary.ts";
import { type CliRunOptions, scratch } from "./cli.ts";
import { waitFor } from "./wait.ts";

/** A folder that is all of the demo's world: it works there, and puts what is temporary there. */
export interface DemoWorld {
	readonly cwd: string;
	readonly options: CliRunOptions;
	/** The first two tokens that it draws: the old one and that of the stranger. */
	readonly canaries: readonly Canary[];
}

/** `path` is what PATH is for it, beside nothing. */
export function demoWorld({ path = "" }: { readonly path?: string } = {}): DemoWorld {
	const canaries = [randomBytes(32), randomBytes(32)].map((bytes) => {
		const token = bytes.toString("base64url");
		return { token, fingerprint: fingerprint(token) };
	});
	const draw = scratch({
		"draw.cjs": `const crypto = require("node:crypto");
const { randomBytes } = crypto;
const given = ${JSON.stringify(canaries.map(({ token }) => token))};
crypto.randomBytes = (size) => size === 32 && given.length > 0 ? Buffer.from(given.shift(), "base64url") : randomBytes(size);
`,
	});
	const cwd = scratch();
	const env = { TMPDIR: cwd, PATH: path };
	return { cwd, canaries, options: { cwd, env, canaries, nodeArgs: ["--require", join(draw, "draw.cjs")] } };
}

/** Fails where a text holds a token of a fingerprint that it names. */
export function expectNoToken(text: string): void {
	const named = new Set(text.match(/\b[0-9a-f]{12}\b/g));
	expect(named.size).toBeGreaterThan(1);
	for (const [run] of text.matchAll(/[\w.~-]{40,}/g)) {
		for (let from = 0; from <= run.length - 40; from++) {
			for (let to = from + 40; to <= Math.min(run.length, from + 60); to++) {
				expect(named, run).not.toContain(fingerprint(run.slice(from, to)));
			}
		}
	}
}

/** Fails unless, within some time, no process names the folder and nothing but these files is in it. */
export async function expectNothingLeft(cwd: string, files: readonly string[] = []): Promise<void> {
	expect(readdirSync(cwd)).toEqual(files);
	await waitFor("no process to name the folder", () => processesOf(cwd).length === 0);
}

/** The ids of processes whose command line names a folder. */
export function processesOf(folder: string): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.filter((pid) => commandLine(pid).includes(folder))
		.map(Number);
}

function commandLine(pid: string): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, "utf8");
	} catch {
		return "";
	}
}

/** What each step says: whether the old token can go, who is how far, what probes found. By its title. */
export function verdicts(output: string): Record<string, readonly string[]> {
	const parts = output.split(/^(?=[+-]\d+:\d\d {2}[A-Z ]+: )/m).slice(1);
	const telling =
		/Safe to retire the old token|retire: |senders? still|\b(OLD ONLY|MIXED|NEW SEEN|MIGRATED|SILENT|UNATTRIBUTED|ACCEPTED +\d|REJECTED +\d)\b|Credentials that are neither|with the old token, per|^ {4,}[█▇▆▅▄▃▂▁·]+$/;
	return Object.fromEntries(
		parts.flatMap((part) => {
			const title = /^\S+ {2}([A-Z ]+): /.exec(part)?.[1] ?? "";
			const lines = part.split("\n").filter((line) => telling.test(line));
			return title === "THE GATEWAY" ? [] : [[title, lines.map(timeless)]];
		}),
	);
}

/** Without what differs from run to run: how long a probe took, and what was counted, requests or records. */
function timeless(line: string): string {
	return line
		.replace(/\b\d+ ms\b/, "ms")
		.replace(/\b(Requests|Records)\b/, "Sent")
		.replaceAll(/ +/g, " ")
		.trim();
}
