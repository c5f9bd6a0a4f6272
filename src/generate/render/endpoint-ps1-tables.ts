import {
	type Cli,
	type Layer,
	type LayerRow,
	type Sign,
	windowsMachineNpmRoots,
	windowsUserNpmRoots,
} from "../../adapters/clis/cli.ts";
import { ps } from "../../base/quote.ts";
import { windowsRivals } from "./endpoint-ps1-rivals.ts";
import { byKind, formWords } from "./endpoint-rivals.ts";

/** Tables as PowerShell literals. A list of lists begins with a comma where it has one member, which PowerShell would take for the list. */

export const list = (words: readonly string[]): string => `@(${words.map(ps).join(", ")})`;

function lists(name: string, rows: readonly (readonly string[])[]): string[] {
	if (rows.length === 0) return [`${name} = @()`];
	const lines = rows.map(
		(row, at) => `  ${rows.length === 1 ? "," : ""}${list(row)}${at < rows.length - 1 ? "," : ""}`,
	);
	return [`${name} = @(`, ...lines, ")"];
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

/** One CLI as an entry of the script's table; without what only a script needs that sets or compares, or talks to a person, where this one does not. */
export function cliTable(cli: Cli, { sets, says }: { readonly sets: boolean; readonly says: boolean }): string[] {
	const rivals = (of: "user" | "system") => (sets ? rivalTable(cli, of) : []);
	const { id, npm, system, user, windowsSigns } = cli;
	const merged = system.merged;
	const tail = commonTail(rowsOf(system), rowsOf(user));
	const [ofMachine, ofUser] = [true, false].map((isMachine) =>
		windowsSigns.filter(({ path }) => path.startsWith("%") === isMachine),
	) as [Sign[], Sign[]];
	return [
		`${ps(id)} = @{`,
		...indented([
			"System = @{",
			...indented([
				`File = ${ps(system.file.windows)}; Closed = ${ps(system.closedSince ?? "")}`,
				...layer(system),
				...(sets && system.hasUsersKinds ? ["LikeUser = $true"] : []),
				...rivals("system"),
				merged
					? `Merged = @{ Divert = ${ps(merged.divert)}; Override = ${ps(merged.override)}; Policy = ${list([merged.policy.key, merged.policy.value, merged.policy.mergedSince])} }`
					: "Merged = $null",
			]),
			"}",
			"User = @{",
			...indented([
				`Folder = ${ps(user.folder)}; File = ${ps(user.file)}; Variable = ${ps(user.variable)}; Below = ${ps(user.below)}`,
				`Tail = ${tail}`,
				...layer(user, tail),
				...rivals("user"),
				user.beside
					? `Beside = @{ Ending = ${ps(user.beside.ending)}; Divert = ${ps(user.beside.divert)} }`
					: "Beside = $null",
			]),
			"}",
			`Tokens = ${list(tokens(cli))}`,
			...(sets ? [lasting(cli)] : []),
			...(sets ? [`Elsewhere = ${list(demandLines(cli.elsewhere ?? {}))}`] : []),
			...(sets ? [`Open = ${list(demandLines({ kinds: cli.open ?? {} }))}`] : []),
			...(says ? told(cli) : []),
			`Package = ${ps(npm)}`,
			...lists("MachineSigns", ofMachine.map(sign)),
			...lists("UserSigns", [...ofUser.map(sign), ["ours", `${user.folder}/${user.file}.crossfade-undo`]]),
		]),
		"}",
	];
}

/** Where npm's packages of all CLIs are, by the table of signs that they belong to. */
export const packageFolders: readonly string[] = [
	`MachineSigns = ${list(windowsMachineNpmRoots)}`,
	`UserSigns = ${list(windowsUserNpmRoots)}`,
];

/** What a person is told of it, and by what it is found on their PATH. */
const told = ({ title, applies, sends, program }: Cli): string[] => [
	`Title = ${ps(title)}; Program = ${ps(program)}`,
	// Without the header program that is not there on Windows.
	`When = ${ps(applies.replace(/;[^;]*--helper.*$/, ""))}`,
	`Sends = ${list(sends)}`,
];

/** Its processes that outlive sessions, by the name of the program and words of the command line. */
function lasting({ program, daemon }: Cli): string {
	if (!daemon) return "Lasting = $null";
	const { command, restart, variables } = daemon;
	return `Lasting = @{ Program = ${ps(program)}; Words = ${ps(command)}; Variables = ${ps(variables)}; Restart = ${ps(restart)} }`;
}

const sign = ({ kind, path }: Sign): string[] => [kind, path];

/** The other files that it reads: what is looked for in them, whether values must be of the layer's kinds, and path, format and hint of each. */
function rivalTable(cli: Cli, of: "user" | "system"): string[] {
	const entries = windowsRivals(cli, of).map(({ settings, hasKinds, files }) => [
		"@{",
		...indented([`Words = ${list(settings)}; HasKinds = $${hasKinds}`, ...lists("Files", files)]),
		"}",
	]);
	return ["Rivals = @(", ...indented(entries.flat()), ")"];
}

/** `tail`: how many of its last rows stand in the table of the machine, whose last ones are the same. */
function layer(each: Layer, tail = 0): string[] {
	const { format, since, sinceWith = {} } = each;
	const rows = rowsOf(each);
	return [
		`Format = ${ps(format)}; Since = ${ps(since)}`,
		...lists("SinceWith", Object.entries(sinceWith)),
		`Demands = ${list(demandLines(each))}`,
		...lists("Rows", rows.slice(0, rows.length - tail)),
	];
}

const rowsOf = ({ rows }: Layer): string[][] => together(rows.flatMap(row));

/** Rows with what is dropped one after the other in one, by blanks. */
function together(rows: readonly string[][]): string[][] {
	const found: string[][] = [];
	for (const row of rows) {
		const last = found.at(-1);
		const isMore = [row, last].every((each) => each?.[0] === "" && each[1] === "drop");
		if (isMore && last) found.splice(-1, 1, ["", "drop", `${last[2]} ${row[2]}`]);
		else found.push(row);
	}
	return found;
}

/** How many rows at the end of two tables are the same. */
function commonTail(one: readonly string[][], other: readonly string[][]): number {
	const [a, b] = [one, other].map((rows) => rows.map((each) => JSON.stringify(each)).reverse()) as [string[], string[]];
	const differs = a.findIndex((each, at) => each !== b[at]);
	return differs < 0 ? a.length : differs;
}

/**
 * What values have to be: the verb of a row and its arguments after the pointer, with all pointers that have the same, by blanks, without the
 * slash before them.
 */
function demandLines({ kinds = {}, forms = [], strict }: Pick<Layer, "kinds" | "forms" | "strict">): string[] {
	const lines = byKind(kinds).map(
		([kind, pointers]) => `kind;${pointers.map((pointer) => pointer.slice(1)).join(" ")};${kind}`,
	);
	const formed = forms.map((form) => ["form", form.pointer.slice(1), ...formWords(form)].join(";"));
	return [...lines, ...formed, ...(strict ? [`only;${strict.table.slice(1)};${strict.keys.join(" ")}`] : [])];
}

/** A row as condition, verb, pointer, type and value. Without a header program on Windows, those with it are left out. */
function row(each: LayerRow): string[][] {
	if ("keep" in each) return [["", "keep", each.keep]];
	if ("join" in each) return [["", "join", each.join]];
	if (each.when === "helper") return [];
	const when = each.when === "no-helper" ? "" : (each.when ?? "");
	return "drop" in each ? [[when, "drop", each.drop]] : [[when, "set", each.pointer, each.type, each.value]];
}

/** The settings that hold the token. */
function tokens({ system, user }: Cli): string[] {
	const pointers = [...system.rows, ...user.rows].flatMap((each) =>
		"pointer" in each && each.value.includes("{token}") ? [each.pointer] : [],
	);
	return [...new Set(pointers)];
}
