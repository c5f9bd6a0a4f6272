import { resolve } from "node:path";
import { shown } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import type { KitFinding } from "../generate/kit/verify/finding.ts";
import { LOOK_51, problems51 } from "../generate/kit/verify/lint51.ts";

const SYNTAX_TIMEOUT_MS = 60_000;
const REMEDY = "generate the folder again with crossfade mdm";

/** What the programs that run scripts made of them. A script that is in neither list was read by all of them without complaint. */
export interface Syntax {
	/** Those that were asked and answered, with their release where they tell it. */
	readonly parsers: readonly string[];
	readonly findings: readonly KitFinding[];
	/** The scripts that nobody parsed: of these nothing is known. */
	readonly notParsed: readonly { readonly file: string; readonly reason: string }[];
}

/** The shells of macOS and Linux, which must be able to parse the scripts. */
const shells: readonly (readonly [name: string, ...args: string[]])[] = [
	["sh"],
	["dash"],
	["bash"],
	["zsh"],
	["busybox", "sh"],
];

/** Asks every shell here to parse the scripts in sh, by their names below the folder. */
export async function shellSyntax(fx: Effects, folder: string, scripts: readonly string[]): Promise<Syntax> {
	const present = shells.filter(([name]) => fx.programs.find(name) !== undefined);
	const found = await Promise.all(scripts.map((path) => shellFindings(fx, folder, path, present)));
	return {
		parsers: present.map((words) => words.join(" ")),
		findings: found.flat(),
		notParsed: present.length === 0 ? scripts.map((file) => ({ file, reason: "no shell here" })) : [],
	};
}

/** A shell's messages are shown only for files that contain no token. */
async function shellFindings(
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
		found.push(unreadable(path, `${[name, ...args].join(" ")} cannot parse it${said}`));
	}
	return found;
}

/** PowerShell 7, and Windows PowerShell. */
const POWERSHELLS = ["pwsh", "powershell"];

/**
 * Parses and runs nothing. The names of the scripts come in a variable, as JSON: they are in no command. Of an error only its place and kind
 * are printed, since its text quotes the script; of what 5.1 lacks, the place, and names of commands that it has. Windows PowerShell's own parser knows
 * that best, so nothing more is asked of it. https://learn.microsoft.com/dotnet/api/system.management.automation.language.parser.parsefile
 */
const PARSE = `$ErrorActionPreference = 'Stop'
'version ' + $PSVersionTable.PSVersion
$paths = ConvertFrom-Json $env:CROSSFADE_SCRIPTS
$at = 0
foreach ($path in $paths) {
  $tokens = $null
  $wrong = $null
  try {
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$wrong)
    foreach ($each in $wrong) { 'wrong ' + $at + ' ' + $each.Extent.StartLineNumber + ' ' + $each.ErrorId }
    if (@($wrong).Count -eq 0 -and $PSVersionTable.PSVersion.Major -gt 5) {${LOOK_51}    }
    'parsed ' + $at
  } catch { 'failed ' + $at }
  $at = $at + 1
}`;

/** It does not look for a newer release, and sends nothing. https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_telemetry */
const QUIET = { POWERSHELL_UPDATECHECK: "Off", POWERSHELL_TELEMETRY_OPTOUT: "1" };

/**
 * Asks every PowerShell here to parse scripts, by their names below the folder. They must be as generated: while it parses, PowerShell loads
 * what a script of someone else names (`using module`, `Import-DscResource`).
 */
export async function powerShellSyntax(fx: Effects, folder: string, scripts: readonly string[]): Promise<Syntax> {
	const programs = POWERSHELLS.flatMap((name) => fx.programs.find(name) ?? []);
	if (scripts.length === 0) return { parsers: [], findings: [], notParsed: [] };
	const parsers: string[] = [];
	const findings: KitFinding[] = [];
	const parsed = new Set<string>();
	for (const program of programs) {
		const { stdout } = await fx.programs.run(program, ["-NoProfile", "-NonInteractive", "-Command", PARSE], {
			timeoutMs: SYNTAX_TIMEOUT_MS,
			variables: { ...QUIET, CROSSFADE_SCRIPTS: JSON.stringify(scripts.map((path) => resolve(folder, path))) },
		});
		const name = nameIn(stdout);
		const own = scripts.filter((_, index) => new RegExp(`^parsed ${index}\\r?$`, "m").test(stdout));
		if (name !== undefined && own.length > 0) parsers.push(name);
		for (const path of own) parsed.add(path);
		for (const [, index, line, kind] of stdout.matchAll(/^wrong (\d+) (\d+) (\w+)\r?$/gm)) {
			const path = scripts[Number(index)];
			if (path !== undefined) findings.push(unreadable(path, `${name} cannot parse it: ${kind} in line ${line}`));
		}
		for (const { index, line, what } of problems51(stdout)) {
			const file = scripts[index];
			if (file !== undefined)
				findings.push({ rule: "lint", severity: "error", file, what: `line ${line}: ${what}`, fix: REMEDY });
		}
	}
	const reason = programs.length === 0 ? "no PowerShell here" : "PowerShell here did not parse it";
	return {
		parsers,
		findings,
		notParsed: scripts.filter((path) => !parsed.has(path)).map((file) => ({ file, reason })),
	};
}

/** `PowerShell 7.6.9`, or Windows PowerShell, which alone has the number 5. */
function nameIn(output: string): string | undefined {
	const [, version] = /^version (\d+(?:\.\d+)*)/m.exec(output) ?? [];
	if (version === undefined) return undefined;
	return version.startsWith("5.") ? `Windows PowerShell ${version}` : `PowerShell ${version}`;
}

function unreadable(file: string, what: string): KitFinding {
	return { rule: "syntax", severity: "error", file, what, fix: REMEDY };
}
