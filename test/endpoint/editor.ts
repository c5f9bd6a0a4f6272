import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EditorMode, editorProgram } from "../../src/generate/render/editor.ts";
import { scratch } from "../harness/cli.ts";
import { type Part, program, pwsh } from "../harness/parts.ts";

const driver = new URL("driver.awk", import.meta.url).pathname;
const powerShellDriver = new URL("driver.ps1", import.meta.url).pathname;
const powerShellEditor = new URL("../../templates/ps1/editor", import.meta.url).pathname;

/** A way to run an awk program. */
export interface Awk {
	readonly name: string;
	readonly part: Part;
	readonly args: readonly string[];
}

const awk = (name: string, ...args: string[]): Awk => ({ name: [name, ...args].join(" "), part: program(name), args });

/** Every awk that the editor must run under, with the same result. */
const named: readonly Awk[] = [
	awk("original-awk"),
	awk("gawk"),
	awk("gawk", "--posix"),
	awk("mawk"),
	awk("busybox", "awk"),
];

/** The same, and what the machine itself calls awk where that has no name of its own, as on a Mac. */
export const awks = named.some(({ part }) => part.missing === undefined) ? named : [awk("awk"), ...named];

export type SettingsFormat = "json" | "jsonc" | "toml";

/** Bytes are held in strings of one character per byte, so that nothing on the way can change them. */
export const toBytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
export const fromBytes = (bytes: string) => Buffer.from(bytes, "latin1").toString("utf8");

export interface EditorCase {
	readonly format: SettingsFormat;
	readonly mode: EditorMode;
	readonly text: string;
	readonly plan: readonly string[];
	/** The record of an earlier set. */
	readonly before?: readonly string[];
}

export interface EditorRun {
	readonly code: number;
	/** The new file; empty unless the exit code is 0. */
	readonly text: string;
	readonly record: readonly string[];
	readonly messages: readonly string[];
	readonly answers: readonly string[];
}

const environment = { PATH: process.env["PATH"], LC_ALL: "C" };
const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n" };
const escaped = (text: string) => text.replace(/[\\\t\r\n]/g, (char) => escapes[char] ?? char);
export const unescaped = (text: string) =>
	text.replace(/\\(.)/g, (_, char: string) => ({ t: "\t", r: "\r", n: "\n" })[char] ?? char);

/** The program with every mode, and with the driver of the tests in place of its entry. */
const manyCases = editorProgram(["get", "same", "set", "undo"], { entry: false }) + readFileSync(driver, "latin1");

const wholeProgram = editorProgram(["get", "same", "set", "undo"]);

/** Runs cases one after the other in one process of this awk. */
export async function runCases(under: Awk, cases: readonly EditorCase[]): Promise<readonly EditorRun[]> {
	const child = spawn(under.part.path, [...under.args, manyCases], { env: environment, stdio: "pipe" });
	const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
	child.stdout.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
	child.stderr.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
	child.stdin.on("error", () => undefined);
	child.stdin.end(Buffer.from(written(cases), "latin1"));
	const code = await new Promise<number | null>((done) => child.on("close", done));
	const outcomes = readOutcomes(Buffer.concat(chunks.stdout).toString("latin1"));
	const complaints = Buffer.concat(chunks.stderr).toString("latin1");
	if (code !== 0 || outcomes.length !== cases.length || complaints !== "") {
		throw new Error(`${under.name} ended with ${code} after ${outcomes.length} of ${cases.length}: ${complaints}`);
	}
	return outcomes;
}

/** Cases as the drivers read them; `verb` runs one. */
const written = (cases: readonly EditorCase[], verb = "run") =>
	cases
		.map(({ format, mode, text, plan, before = [] }) =>
			[
				`case\t${format}\t${mode}\t${escaped(text)}`,
				...before.map((line) => `before\t${line}`),
				...plan.map((line) => `plan\t${line}`),
				`${verb}\n`,
			].join("\n"),
		)
		.join("");

/** Runs a case as the script does: by the entry of the program, with the text in a file. */
export function runEntry(under: Awk, { format, mode, text, plan, before }: EditorCase): EditorRun {
	const folder = scratch();
	writeFileSync(join(folder, "file"), text, "latin1");
	if (before) writeFileSync(join(folder, "before"), before.map((line) => `${line}\n`).join(""), "latin1");
	const given = { format, mode, undo: "undo", ...(before && { before: "before" }) };
	const variables = Object.entries(given).flatMap(([name, value]) => ["-v", `${name}=${value}`]);
	const args = [...under.args, ...variables, wholeProgram, "-", "file"];
	const input = Buffer.from(plan.map((line) => `${line}\n`).join(""), "latin1");
	const options = { cwd: folder, env: environment, input, encoding: "latin1" as const };
	const { status, stdout, stderr } = spawnSync(under.part.path, args, options);
	if (status === null) throw new Error(`${under.name} did not end by itself`);
	const lines = (said: string) => said.split("\n").slice(0, -1);
	const record = join(folder, "undo");
	return {
		code: status,
		text: mode === "set" || mode === "undo" ? stdout : "",
		// The first line is its head.
		record: existsSync(record) ? lines(readFileSync(record, "latin1")).slice(1) : [],
		messages: lines(stderr),
		answers: mode === "get" ? lines(stdout) : [],
	};
}

/** Runs cases one after the other through the editor in PowerShell, in one process; by its entry where the text is a whole file. */
export async function runInPowerShell(
	cases: readonly EditorCase[],
	{ entry = false } = {},
): Promise<readonly EditorRun[]> {
	const folder = scratch();
	const [given, made] = [join(folder, "cases"), join(folder, "outcomes")];
	writeFileSync(given, written(cases, entry ? "enter" : "run"), "latin1");
	const args = ["-NoProfile", "-NonInteractive", "-File", powerShellDriver, powerShellEditor, given, made];
	const env = { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" };
	const child = spawn(pwsh.path, args, { env, stdio: ["ignore", "pipe", "pipe"] });
	const said: Buffer[] = [];
	for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk));
	const code = await new Promise<number | null>((done) => child.on("close", done));
	if (code !== 0 || said.length > 0) throw new Error(`PowerShell ended with ${code}: ${Buffer.concat(said)}`);
	const outcomes = readOutcomes(readFileSync(made, "latin1"));
	if (outcomes.length !== cases.length) throw new Error(`${outcomes.length} outcomes of ${cases.length} cases`);
	return outcomes;
}

function readOutcomes(output: string): EditorRun[] {
	const outcomes: EditorRun[] = [];
	let now = { text: "", record: [] as string[], messages: [] as string[], answers: [] as string[] };
	for (const line of output.split("\n").slice(0, -1)) {
		const [verb, rest] = [line.slice(0, line.indexOf("\t")), line.slice(line.indexOf("\t") + 1)];
		if (verb === "text") now.text = unescaped(rest);
		else if (verb === "record") now.record.push(rest);
		else if (verb === "message") now.messages.push(rest);
		else if (verb === "exit") {
			outcomes.push({ code: Number(rest), ...now });
			now = { text: "", record: [], messages: [], answers: [] };
		} else now.answers.push(line);
	}
	return outcomes;
}
