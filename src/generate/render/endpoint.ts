import plainJson from "../../../templates/awk/plain-json.awk";
import plainToml from "../../../templates/awk/plain-toml.awk";
import whole from "../../../templates/awk/whole.awk";
import wholeRecord from "../../../templates/awk/whole-record.awk";
import template from "../../../templates/sh/endpoint.sh.hbs";
import {
	type Cli,
	type Layer,
	type LayerRow,
	machineNpmRoots,
	type Os,
	userNpmRoots,
} from "../../adapters/clis/cli.ts";
import type { Action } from "../../adapters/vehicles/mode.ts";
import type { Vehicle } from "../../adapters/vehicles/vehicle.ts";
import { ownEntry } from "../../base/lookup.ts";
import { sh } from "../../base/quote.ts";
import { version } from "../../base/version.ts";
import type { EndpointScript } from "../../spec/endpoint-script.ts";
import { MAX_TOKEN_LENGTH } from "../../token/shape.ts";
import type { Artefact } from "./artefact.ts";
import { editorProgram } from "./editor.ts";
import { aboutView, forSignals, headerFacts, tokenLines } from "./endpoint-about.ts";
import { contentsOf, type HeaderFacts } from "./endpoint-header.ts";
import { editorModes, type FileFacts, ownerPrograms, shellParts } from "./endpoint-parts.ts";
import { renderPowerShell } from "./endpoint-ps1.ts";
import { demandCases, kindRows, namedCase, ofSystem, openCases, rivalCases, shortened } from "./endpoint-rivals.ts";
import { renderTemplate } from "./template.ts";

/**
 * The script that configures the CLIs of a machine, in the language of the vehicle: it has the parts for its own actions and no others. It
 * holds no token, and with the mode `embedded` the placeholder for one.
 */
export function renderEndpoint(script: EndpointScript): Artefact {
	return script.vehicle.language === "ps1" ? renderPowerShell(script) : renderSh(script);
}

function renderSh(script: EndpointScript): Artefact {
	const { vehicle, mode, action, clis, provider, os, actions = [action] } = script;
	const token = tokenLines(vehicle, mode);
	const scope = script.scope ?? vehicle.scope;
	const compact = isCompact(script, scope);
	const host = script.hostIdentity === false ? "no-host" : "host";
	const helper = script.helper ? "helper" : "no-helper";
	const headers = compact ? [] : clis.flatMap(({ id, header }) => (header ? [{ id, program: header.program }] : []));
	const daemons = clis.flatMap((cli) => daemonCase(cli, compact));
	const facts: FileFacts = {
		actions,
		os,
		isCompact: compact,
		says: vehicle.says,
		hasHeader: headers.length > 0,
		hasDaemon: daemons.length > 0,
		tokenLines: token,
	};
	const about = headerFacts(script, { actions, scope, host, helper, hasDaemon: facts.hasDaemon });
	const does = (each: Action) => actions.includes(each);
	const sets = does("install") || does("report");
	const changes = does("install") || does("uninstall");
	const view = {
		// The top.
		...aboutView(about),
		vehicle: vehicle.title,
		version,
		notes: [...vehicle.notes, ...(actions.includes("install") ? vehicle.tokenNotes : [])],
		hooks: script.hooks === true,
		// Which parts are there.
		installs: does("install"),
		reports: does("report"),
		uninstalls: does("uninstall"),
		sets,
		says: vehicle.says,
		compact,
		knowsUnknown: !compact || does("report"),
		changes,
		editor: compact ? "" : editorProgram(editorModes(facts)),
		whole: compact && sets ? whole : "",
		wholeRecord,
		plain: compact && does("report") ? plainPrograms(clis.flatMap((cli) => namedCase(cli, os).lines)) : [],
		hasDaemon: facts.hasDaemon && sets,
		selfTests: does("install") && !compact,
		restarts: does("install") && !compact,
		setsHeader: facts.hasHeader && sets,
		removesHeader: facts.hasHeader && changes,
		// Settings and vehicle.
		action,
		actions: [...actions, ...(does("install") && !compact ? ["self-test"] : [])].join(" "),
		scope,
		users: vehicle.users,
		endpoint: provider.endpoint,
		clis: clis.map(({ id }) => id).join(" "),
		systems: os.join(" "),
		os,
		saysWord: vehicle.says ? "yes" : "no",
		features: [host, helper, "no-prompts", "no-responses", "no-tools", "no-restart"].join(" "),
		longestToken: (mode === "param" ? vehicle.longestToken : undefined) ?? MAX_TOKEN_LENGTH,
		tokenHint: [vehicle.tokenHint?.[mode], "see the top of this script"].filter((hint) => hint).join(", or "),
		options: vehicle.options,
		token,
		trace: vehicle.trace ?? [":"],
		printReport: printReport(vehicle, actions),
		exits: exits(about.codes, actions),
		// The CLIs.
		...cliView(script, { compact, sets }),
		daemons,
		headers: does("install") ? headers : [],
		programs: ownerPrograms(facts),
	};
	const shell = shellParts(facts, view);
	const filled = (contents: readonly string[], help: string) =>
		withFewerComments(`${renderTemplate(template, { ...view, contents, help })}\n${shell}`, facts);
	// Neither changes the number of lines above what it speaks of: the first is made for the length of the table, the second for its lines.
	const draft = filled(contentsOf(filled([], "")), "");
	const help = vehicle.says ? helpIn(draft) : "";
	const content = filled(contentsOf(filled(contentsOf(draft), help)), help);
	return { path: `${action}.sh`, content, mode: 0o755, purpose: `${action} for ${vehicle.title}` };
}

/**
 * A program with shorter comments below its top: of those above a function or program the first sentence, of those inside it none. All of
 * them are in the install script that is not compact, which has every part.
 */
function withFewerComments(script: string, { isCompact, actions }: FileFacts): string {
	if (!isCompact && actions.includes("install")) return script;
	const top = script.indexOf("\n# ---- ");
	const code = script
		.slice(top)
		.replace(/^(?:[ \t]+# .*|# shellcheck .*|# -+)\n/gm, "")
		.replace(/(?:(?:^|(?<='))#(?: (?!-).*)?\n)+/gm, (comment) => {
			const [words = ""] = comment.split(/^#\n/m);
			const line = words.trimEnd().replaceAll("\n# ", " ");
			return `${(/^.*?[^.](?=\.(?: |$)|; )/.exec(line)?.[0] ?? line).trimEnd()}\n`;
		});
	return script.slice(0, top) + code;
}

/** The programs that know plain files, of those that these lines name. */
function plainPrograms(lines: readonly string[]): { readonly name: string; readonly text: string }[] {
	const all = { PLAIN_JSON: plainJson, PLAIN_TOML: plainToml };
	return Object.entries(all).flatMap(([name, text]) =>
		lines.some((line) => line.includes(`"$${name}"`)) ? [{ name, text }] : [],
	);
}

/** Whether it has no editor. Throws a `TypeError` where that cannot be. */
function isCompact({ compact = false, helper, vehicle }: EndpointScript, scope: "system" | "user"): boolean {
	if (compact && (scope !== "system" || helper || vehicle.says)) {
		throw new TypeError("a compact script is for an MDM, has the scope system and no header program");
	}
	return compact;
}

/** The case of a CLI's background process. */
function daemonCase({ id, program, daemon, user }: Cli, isCompact: boolean): string[] {
	if (!daemon) return [];
	const about = `needle=${sh(`${program}.* ${daemon.command}`)} variables=${sh(daemon.variables)}`;
	if (isCompact) return [`${id}) ${about} ;;`];
	const restart = sh(daemon.restart.replace(/^\S+ /, ""));
	const settings = `moved=${sh(user.variable)} below=${sh(user.below)} usual=${sh(user.folder)}`;
	return [`${id}) ${about} restart=${restart} ${settings} ;;`];
}

/** What the script contains of the CLIs. */
function cliView(
	{ clis: all, os, provider }: EndpointScript,
	file: { readonly compact: boolean; readonly sets: boolean },
) {
	const clis = all.map((cli) => forSignals(cli, provider.takes));
	return {
		usesBoth: clis.some((cli) => systemFile(cli, os, file).some((line) => line.startsWith("of_system "))),
		systemFiles: clis.map((cli) => ({ id: cli.id, lines: systemFile(cli, os, file) })),
		userFiles: clis.map((cli) => ({ id: cli.id, lines: userFile(cli, file) })),
		variables: clis.map(({ user }) => user.variable).join(" "),
		plans: clis.map(file.compact ? wholePlan : plan),
		rivals: file.compact ? [] : clis.flatMap((cli) => rivalCases(cli, os)),
		demanding: clis.filter(({ system }) => system.hasUsersKinds).map(({ id }) => id),
		demands: file.compact ? [] : clis.flatMap(demandCases),
		opens: file.compact ? [] : clis.flatMap(openCases),
		named: clis.map((cli) => namedCase(cli, os)).filter(({ lines }) => lines.length > 0),
		tokens: clis.map(tokens),
		tokenKeys: clis.map(tokenKey),
		abouts: clis.map(({ id, title, applies }) => `${id}) title=${sh(title)} when=${sh(applies)} ;;`),
		sends: clis.map(({ id, sends }) => ({ id, facts: sends })),
		commands: clis.map(({ id, program, npm }) => `${id}) program=${sh(program)} package=${sh(npm)} ;;`),
		packages: clis.map(({ id, npm }) => `${id} "$1" ${sh(npm)}`),
		machineNpmRoots: machineNpmRoots.map((root) => root.slice(1)),
		userNpmRoots,
		...machineSigns(clis),
		userSigns: clis.flatMap(userSigns).filter((sign) => !file.compact || !/^\S+ ours /.test(sign)),
	};
}

/** The comment at the top of a script, without its marks and the table of contents. */
function helpIn(script: string): string {
	const [, comment = ""] = /^#!.*\n# shellcheck.*\n((?:#.*\n)+?)#\n# Contents/.exec(script) ?? [];
	return comment.replace(/^# ?/gm, "").trimEnd();
}

/** The command that prints the report line: as the vehicle wants it for a report, alone for anything else. */
function printReport({ line: { before, after } }: Vehicle, actions: readonly Action[]): string {
	const plain = `printf '%s\\n' "$1"`;
	if (before + after === "" || !actions.includes("report")) return plain;
	const around = `printf '%s\\n' ${sh(before)}"$1"${sh(after)}`;
	return actions.length === 1 ? around : `if [ "$ACTION" = report ]; then ${around}; else ${plain}; fi`;
}

/** The vehicle's exit codes as cases of `exit_code`, by action. */
function exits(changed: HeaderFacts["codes"], actions: readonly Action[]): { action: string; cases: string[] }[] {
	return actions.flatMap((action) => {
		const own = changed.filter(([name]) => name === action);
		const results = [...new Set(own.map(([, , theirs]) => theirs))];
		const cases = results.map((result) => {
			const ours = own.filter(([, , theirs]) => theirs === result).map(([, code]) => code);
			return `${ours.join(" | ")}) return ${result} ;;`;
		});
		return cases.length === 0 ? [] : [{ action, cases }];
	});
}

/** The assignments that describe the file of the machine. */
function systemFile(
	{ system, header }: Cli,
	os: readonly Os[],
	{ compact, sets }: { readonly compact: boolean; readonly sets: boolean },
): string[] {
	const path = (name: Os) => `file=$ROOT${sh(system.file[name])}`;
	const places = new Set(os.map(path));
	return [
		`format=${system.format}`,
		...since(system),
		...(system.merged && sets
			? [`domain=${system.merged.domain} divert=${sh(system.merged.divert)} override=${sh(system.merged.override)}`]
			: []),
		...(header && !compact ? [`header_folder=$ROOT${sh(header.folder)}`] : []),
		...(places.size === 1 ? places : [ofSystem(system.file)]),
	];
}

/** The assignments that describe the file of a user. */
function userFile({ user, header }: Cli, { sets }: { readonly sets: boolean }): string[] {
	const otherwise = user.below ? "$home" : `$home/${user.folder}`;
	const folder = `"\${${user.variable}${user.takesEmpty ? "" : ":"}-${otherwise}}${user.below}"`;
	return [
		`file=${user.file} folder=${folder} format=${user.format}`,
		// The working folder of whoever starts it, which nobody knows here: a file there is refused.
		...(user.takesEmpty ? [': "${folder:=.}"'] : []),
		...since(user),
		...(user.beside && sets ? [`beside=${sh(user.beside.ending)} divert=${sh(user.beside.divert)}`] : []),
		...(header ? ["header_folder=$folder"] : []),
	];
}

function since({ since, sinceWith = {} }: Layer): string[] {
	const exceptions = Object.entries(sinceWith).map(
		([feature, first]) => `if wants ${feature}; then since=${first}; fi`,
	);
	return [`since=${since}`, ...exceptions];
}

/** The rows of both layers, at the start and at the end, and between them those that one of them has alone. */
interface Plan {
	readonly id: string;
	readonly firstRows: readonly string[];
	readonly userRows: readonly string[];
	readonly systemRows: readonly string[];
	readonly rows: readonly string[];
}

function plan(cli: Cli): Plan {
	const [user, system] = [cli.user.rows.map(row), cli.system.rows.map(row)];
	const first = countSame(user, system);
	const [restOfUser, restOfSystem] = [user.slice(first), system.slice(first)];
	const last = countSame(restOfUser.toReversed(), restOfSystem.toReversed());
	return {
		id: cli.id,
		firstRows: together(user.slice(0, first)),
		userRows: together(restOfUser.slice(0, restOfUser.length - last)),
		systemRows: together([...kindRows(cli.system), ...restOfSystem.slice(0, restOfSystem.length - last)]),
		rows: together(restOfUser.slice(restOfUser.length - last)),
	};
}

/** Lines with what is dropped one after the other in one. */
function together(rows: readonly string[]): string[] {
	const lines: string[] = [];
	for (const line of rows) {
		const last = lines.at(-1);
		if (line.startsWith("drop ") && last?.startsWith("drop ")) lines.splice(-1, 1, last + line.slice("drop".length));
		else lines.push(line);
	}
	return lines;
}

/** How many lines from the start are the same. */
function countSame(a: readonly string[], b: readonly string[]): number {
	const other = a.findIndex((line, index) => line !== b[index]);
	return other === -1 ? a.length : other;
}

/** The rows of the machine's file, for a script without a header program that drops nothing. */
function wholePlan({ id, system }: Cli): Plan {
	const rows = system.rows.filter((each) => "pointer" in each && each.when !== "helper");
	const always = rows.map((each) => row(each).replace(/ no-helper$/, ""));
	return { id, firstRows: [], userRows: [], systemRows: [], rows: always };
}

function row(row: LayerRow): string {
	if ("keep" in row) return `keep_table ${sh(row.keep)}`;
	if ("join" in row) return `join_list ${sh(row.join)}`;
	if ("drop" in row)
		return row.when ? `drop_if ${row.when} ${sh(shortened(row.drop))}` : `drop ${sh(shortened(row.drop))}`;
	const type = row.type === "string" ? "text" : `row ${row.type}`;
	const pointer = row.type === "string" ? shortened(row.pointer) : row.pointer;
	return `${type} ${sh(pointer)} ${word(row.value)}${row.when ? ` ${row.when}` : ""}`;
}

/** What the placeholders of a value are in the script. */
const variables: Readonly<Record<string, string>> = {
	"{endpoint}": "$ENDPOINT",
	"{token}": "$token",
	"{host}": "$machine_name",
	"{helper}": "$helper",
};

/** A value with placeholders as one double-quoted word. */
function word(value: string): string {
	if (/["`$\\]/.test(value)) throw new TypeError(`not a value for a double-quoted word: ${value}`);
	return `"${value.replace(/\{\w+\}/g, (name) => {
		const variable = ownEntry(variables, name);
		if (!variable) throw new TypeError(`no such placeholder: ${name}`);
		return variable;
	})}"`;
}

/** The settings that hold the token, as questions to the editor. */
function tokens({ id, system, user }: Cli): string {
	const pointers = [...system.rows, ...user.rows].flatMap((row) =>
		"pointer" in row && row.value.includes("{token}") ? [row.pointer] : [],
	);
	return `${id}) printf 'get\\t%s\\n' ${[...new Set(pointers)].map(sh).join(" ")} ;;`;
}

/** The last part of the name of the setting that holds the token in the machine's file. */
function tokenKey({ id, system }: Cli): string {
	const holder = system.rows.find((each) => "pointer" in each && each.value.endsWith("{token}"));
	if (!holder || !("pointer" in holder)) throw new TypeError(`no setting of ${id} ends with the token`);
	return `${id}) setting=${holder.pointer.replace(/^.*\//, "")} ;;`;
}

/** Where Homebrew is, by processor: https://docs.brew.sh/Installation */
const BREW = ["/opt/homebrew/", "/usr/local/"] as const;

/** What shows below both folders of Homebrew, without them, and the rest. */
function machineSigns(clis: readonly Cli[]): { readonly brewSigns: string[]; readonly machineSigns: string[] } {
	const all = clis.flatMap(({ id, signs }) =>
		signs.filter(({ path }) => path.startsWith("/")).map(({ kind, path }) => ({ start: `${id} ${kind}`, path })),
	);
	const [first, second] = BREW.map((folder) =>
		all.flatMap(({ start, path }) => (path.startsWith(folder) ? [`'${start}' '${path.slice(folder.length)}'`] : [])),
	);
	const isBoth = ({ start, path }: (typeof all)[number]) => {
		const folder = BREW.find((each) => path.startsWith(each));
		const words = folder && `'${start}' '${path.slice(folder.length)}'`;
		return words !== undefined && first?.includes(words) && second?.includes(words);
	};
	return {
		brewSigns: first?.filter((words) => second?.includes(words)) ?? [],
		machineSigns: all.filter((sign) => !isBoth(sign)).map(({ start, path }) => `${start} ${path.slice(1)}`),
	};
}

function userSigns({ id, signs, user }: Cli): string[] {
	return [
		...signs.filter(({ path }) => !path.startsWith("/")).map(({ kind, path }) => `${id} ${kind} ${path}`),
		`${id} ours ${user.folder}/${user.file}.crossfade-undo`,
	];
}
