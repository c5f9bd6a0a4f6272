import { join } from "node:path";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import { version } from "../base/version.ts";
import type { Effects } from "../effects/effects.ts";
import { MANIFEST } from "../generate/kit/kit.ts";
import type { FoundFile, KitFinding } from "../generate/kit/verify/finding.ts";
import { powerShellNames } from "../generate/kit/verify/powershell-files.ts";
import { verifyKit } from "../generate/kit/verify/verify.ts";
import { type KitManifest, parseManifest } from "../spec/manifest.ts";
import type { Secret } from "../token/secret.ts";
import { powerShellSyntax, type Syntax, shellSyntax } from "./mdm-syntax.ts";

/** Far larger than any of our files, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

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
	const problems = verifyKit(manifest, files, secret?.fingerprint);
	const syntax = await fx.terminal.progress("checking the syntax", syntaxOf(fx, folder, manifest, files, problems));
	const findings = [...problems, ...syntax.findings];
	const errors = findings.filter(({ severity }) => severity === "error").length;
	const { vehicle, mode } = manifest.spec;
	const summary = { folder, vehicle: vehicle.id, mode, version: manifest.version, fingerprint: manifest.fingerprint };
	if (json) {
		const { parsers, notParsed } = syntax;
		const report = { ...summary, files: files.length, shells: parsers, notParsed, findings };
		fx.terminal.print(`${JSON.stringify(report, undefined, 2)}\n`);
	} else {
		fx.terminal.print(`${shownName(folder)}: ${vehicle.title}, ${mode}, otel-crossfade ${shown(manifest.version)}\n`);
		for (const finding of findings) fx.terminal.print(findingText(finding));
		for (const line of notParsedLines(syntax)) fx.terminal.print(line);
		const warnings = findings.length - errors;
		const read = syntax.parsers.length === 0 ? "syntax not checked" : `syntax under ${syntax.parsers.join(", ")}`;
		fx.terminal.print(`${files.length} files, ${read}: ${counted(errors, "error")}, ${counted(warnings, "warning")}\n`);
	}
	return errors > 0 ? "findings" : "ok";
}

/** A shell reads to the end of what is far too large, which may take hours; PowerShell is given only what is as generated. */
async function syntaxOf(
	fx: Effects,
	folder: string,
	{ spec, version: madeBy }: KitManifest,
	files: readonly FoundFile[],
	problems: readonly KitFinding[],
): Promise<Syntax> {
	const names = files.filter(({ text }) => text !== undefined).map(({ path }) => path);
	const own = powerShellNames(spec).filter((path) => names.includes(path));
	const wrong = problems.filter(({ severity }) => severity === "error").map(({ file }) => file);
	const isSound = (path: string) => madeBy === version && !wrong.includes(path);
	const shell = await shellSyntax(
		fx,
		folder,
		names.filter((path) => path.endsWith(".sh")),
	);
	const powerShell = await powerShellSyntax(fx, folder, own.filter(isSound));
	const reason = madeBy === version ? "it has errors" : "another release made it";
	const others = own.filter((path) => !isSound(path)).map((file) => ({ file, reason }));
	return {
		parsers: [...(spec.vehicle.language === undefined ? shell.parsers : []), ...powerShell.parsers],
		findings: [...shell.findings, ...powerShell.findings],
		notParsed: [...shell.notParsed, ...powerShell.notParsed, ...others],
	};
}

/** One line for each reason. */
function notParsedLines({ notParsed }: Syntax): string[] {
	const reasons = [...new Set(notParsed.map(({ reason }) => reason))];
	return reasons.map((reason) => {
		const files = notParsed.filter((each) => each.reason === reason).map(({ file }) => shownName(file));
		return `unknown  ${files.join(", ")}: not parsed: ${reason} (syntax)\n`;
	});
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
			if (entry.kind !== "file" || entry.size > MAX_BYTES) return { ...entry, text: undefined, bytes: undefined };
			const bytes = await fx.files.read(`${folder}/${entry.path}`, { maxBytes: MAX_BYTES });
			return { ...entry, text: Buffer.from(bytes).toString("utf8"), bytes };
		}),
	);
}
