import { join, resolve } from "node:path";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import { MANIFEST } from "../generate/kit/kit.ts";
import type { FoundFile, KitFinding } from "../generate/kit/verify/finding.ts";
import { verifyKit } from "../generate/kit/verify/verify.ts";
import { parseManifest } from "../spec/manifest.ts";
import type { Secret } from "../token/secret.ts";

/** Far larger than any of our files, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;
const SYNTAX_TIMEOUT_MS = 60_000;

/** The shells of macOS and Linux, which must be able to parse the scripts. */
const shells: readonly (readonly [name: string, ...args: string[]])[] = [
	["sh"],
	["dash"],
	["bash"],
	["zsh"],
	["busybox", "sh"],
];

/** `crossfade mdm verify`: prints every problem of a folder at once; exits 10 if any is an error. */
export async function verifyFolder(
	fx: Effects,
	folder: string | undefined,
	secret: Secret | undefined,
	json: boolean,
): Promise<ExitName> {
	if (folder === undefined) {
		const fix = "name the folder that crossfade mdm --out created";
		throw new CrossfadeError("usage", { what: "no folder given", where: { file: "folder" }, fix });
	}
	const files = await readFiles(fx, folder);
	const text = files.find(({ path }) => path === MANIFEST)?.text;
	if (text === undefined) {
		const fix = "name the folder that crossfade mdm --out created";
		const where = { file: join(folder, MANIFEST) };
		throw new CrossfadeError("refused", { what: "no manifest.json in this folder", where, fix });
	}
	const manifest = parseManifest(text, join(folder, MANIFEST));
	// A shell reads to the end of what is far too large, which may take hours.
	const scripts = files
		.filter(({ path, text: read }) => path.endsWith(".sh") && read !== undefined)
		.map(({ path }) => path);
	const present = shells.filter(([name]) => fx.programs.find(name) !== undefined);
	const checked = await fx.terminal.progress(
		"checking the syntax",
		Promise.all(scripts.map((path) => syntaxFindings(fx, folder, path, present))),
	);
	const findings = [...verifyKit(manifest, files, secret?.fingerprint), ...checked.flat()];
	const errors = findings.filter(({ severity }) => severity === "error").length;
	const names = present.map((words) => words.join(" "));
	const { vehicle, mode } = manifest.spec;
	const summary = { folder, vehicle: vehicle.id, mode, version: manifest.version, fingerprint: manifest.fingerprint };
	if (json) {
		const report = { ...summary, files: files.length, shells: names, findings };
		fx.terminal.print(`${JSON.stringify(report, undefined, 2)}\n`);
	} else {
		fx.terminal.print(`${shownName(folder)}: ${vehicle.title}, ${mode}, otel-crossfade ${shown(manifest.version)}\n`);
		for (const finding of findings) fx.terminal.print(findingText(finding));
		const warnings = findings.length - errors;
		const syntax = names.length === 0 ? "syntax not checked: no shell here" : `syntax under ${names.join(", ")}`;
		fx.terminal.print(
			`${files.length} files, ${syntax}: ${counted(errors, "error")}, ${counted(warnings, "warning")}\n`,
		);
	}
	return errors > 0 ? "findings" : "ok";
}

function counted(count: number, what: string): string {
	return `${count === 0 ? "no" : count} ${what}${count === 1 ? "" : "s"}`;
}

function findingText({ severity, file, rule, what, fix }: KitFinding): string {
	return `${severity}  ${shownName(file)}: ${what} (${rule})\n  fix      ${fix}\n`;
}

async function readFiles(fx: Effects, folder: string): Promise<FoundFile[]> {
	const entries = await fx.files.walk(folder);
	const ours = entries.filter(({ path }) => !path.startsWith(".git/"));
	return Promise.all(
		ours.map(async (entry) => {
			if (entry.kind !== "file" || entry.size > MAX_BYTES) return { ...entry, text: undefined };
			const bytes = await fx.files.read(`${folder}/${entry.path}`, { maxBytes: MAX_BYTES });
			return { ...entry, text: Buffer.from(bytes).toString("utf8") };
		}),
	);
}

/** A shell's messages are shown only for files that contain no token. */
async function syntaxFindings(
	fx: Effects,
	folder: string,
	path: string,
	present: readonly (readonly [string, ...string[]])[],
): Promise<KitFinding[]> {
	const found: KitFinding[] = [];
	for (const [name, ...args] of present) {
		const program = fx.programs.find(name) ?? name;
		const words = [...args, "-n", resolve(folder, path)];
		const { code, stderr } = await fx.programs.run(program, words, { timeoutMs: SYNTAX_TIMEOUT_MS });
		if (code === 0) continue;
		const said = path.includes(".secret.") ? "" : `: ${shown(stderr.trim().split("\n")[0]?.split(path).at(-1) ?? "")}`;
		found.push({
			rule: "syntax",
			severity: "error",
			file: path,
			what: `${[name, ...args].join(" ")} cannot parse it${said}`,
			fix: "generate the folder again with crossfade mdm",
		});
	}
	return found;
}
