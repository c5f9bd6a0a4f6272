import type { Cli, Layer, Os, Rival } from "../../adapters/clis/cli.ts";
import type { SettingForm, SettingKinds } from "../../adapters/clis/setting-form.ts";
import { ownEntry } from "../../base/lookup.ts";
import { sh } from "../../base/quote.ts";

/** The lines of sh that look at the other files of a CLI, for one of its layers. */
export interface RivalCase {
	/** `CLI-LAYER`. */
	readonly at: string;
	readonly ofUser: boolean;
	readonly ofHome: readonly string[];
	readonly ofMachine: readonly string[];
}

/** A case for each layer of a CLI that has such files. */
export function rivalCases(cli: Cli, os: readonly Os[]): RivalCase[] {
	return (["user", "system"] as const).flatMap((of) => {
		const all = cli.rivals.filter((rival) => rival.of === of);
		if (all.length === 0) return [];
		const lines = linesIn(cli, os);
		const [ofHome, ofMachine] = [true, false].map((isOfHome) =>
			all.filter(({ path }) => (typeof path === "string") === isOfHome).flatMap(lines),
		);
		return [{ at: `${cli.id}-${of}`, ofUser: of === "user", ofHome: ofHome ?? [], ofMachine: ofMachine ?? [] }];
	});
}

/**
 * The lines for a script without an editor, which looks for names: those of the settings in the other files, and those of our own, which may
 * stand there in a form that keeps the CLI from starting. Of the rest of a file it knows what is plain. It does not ask where a person's variables put
 * the folder of a CLI.
 */
export function namedCase(cli: Cli, os: readonly Os[]): { readonly id: string; readonly lines: readonly string[] } {
	const { folder, below, rows } = cli.user;
	// A table that we write into, by its name: any key in it may be of a kind or form that keeps the CLI from starting.
	const tables = rows.flatMap((row) => ("pointer" in row ? [row.pointer.split("/", 2).join("/")] : []));
	const [before, texts] = [[] as string[], new Set<string>()];
	const places = new Map<string, string[]>();
	for (const { of, path, format, settings, text, hasKinds } of cli.rivals) {
		const pointers = [...settings, ...(hasKinds && format === "toml" ? tables : [])];
		const plain = plainIn(cli, format);
		// One that counts only with a flag is left to the scripts with the editor.
		if (of !== "system" || (pointers.length === 0 && plain === NOT_PLAIN) || String(path).includes("*")) continue;
		const names = eitherOf([...new Set(pointers.map((pointer) => pointer.split("/").at(-1) ?? ""))]);
		const inText = [...(names === "" ? [] : [names, "\\\\u00"]), ...(text === undefined ? [] : ["$text"])].join("|");
		const pattern = format === "dotenv" ? `$begin(${names})$end` : inText;
		if (text !== undefined) texts.add(`text=${sh(text)}`);
		const found = typeof path === "string" ? [placeOf(path)] : placesOf(path, os);
		before.push(...found.slice(0, -1));
		const words = `${doubleQuoted(pattern)} ${plain}`;
		places.set(words, [...(places.get(words) ?? []), ...found.slice(-1)]);
	}
	if (texts.size > 1) throw new TypeError(`several texts of ${cli.id}`);
	const lines = [...texts, ...before, ...[...places].map(([words, all]) => `names ${words} ${all.join(" ")}`)];
	const usesFolder = lines.some((line) => line.includes("$folder"));
	return { id: cli.id, lines: [...(usesFolder ? [`folder="$home"${sh(below || `/${folder}`)}`] : []), ...lines] };
}

/** A pattern with variables of the script. */
function doubleQuoted(pattern: string): string {
	if (/["`]/.test(pattern)) throw new TypeError(`not a pattern for a double-quoted word: ${pattern}`);
	return `"${pattern.replaceAll("\\", "\\\\")}"`;
}

const NOT_PLAIN = "'' ''";

/** The program that knows a plain file, and what it is given: what is known, or what of a document is not. */
function plainIn({ user, open }: Cli, format: Rival["format"]): string {
	if (format === "toml" && user.plain) return `"$PLAIN_TOML" ${sh(user.plain.flat().join("\t"))}`;
	if (format !== "jsonc") return NOT_PLAIN;
	const named = (isTable: boolean) =>
		Object.entries({ ...user.kinds, ...open }).flatMap(([pointer, kind]) =>
			(kind === "object") === isTable && !pointer.startsWith("/env/") ? [pointer.split("/").at(-1)] : [],
		);
	const [any, tables] = [named(false), named(true)];
	const odd = [
		...(any.length > 0 ? [`"(${[...new Set(any)].join("|")})":`] : []),
		...(tables.length > 0 ? [`"(${tables.join("|")})":[^{]`] : []),
	];
	return `"$PLAIN_JSON" ${sh(odd.join("|"))}`;
}

/** A pattern for any of these names, with what several of them begin with once, and those of several signals once. */
function eitherOf(names: readonly string[]): string {
	const SIGNAL = /(LOGS|METRICS|TRACES)_/;
	const families = new Map<string, string[]>();
	for (const name of names) {
		const [signal = ""] = SIGNAL.exec(name) ?? [];
		const rest = name.replace(SIGNAL, "").replace(/^((?:[A-Z]+_){2}(?:OTLP_)?)?/, "$1@");
		families.set(rest, [...(families.get(rest) ?? []), signal]);
	}
	const joined = [...families].map(([rest, signals]) => {
		const named = signals.filter((signal) => signal !== "");
		const any = named.length > 1 ? `(${named.join("|")})` : (named[0] ?? "");
		return rest.replace("@", named.length === signals.length || named.length === 0 ? any : `(${named.join("|")})?`);
	});
	const ends = new Map<string, string[]>();
	for (const name of joined) {
		const [start = ""] = /^(?:[A-Z]+_){2}/.exec(name) ?? [];
		ends.set(start, [...(ends.get(start) ?? []), name.slice(start.length)]);
	}
	return [...ends]
		.map(([start, all]) => (start === "" || all.length === 1 ? start + all.join("|") : `${start}(${all.join("|")})`))
		.join("|");
}

/** The lines for one file after the other: what is looked for in several of them stands there once, as the arguments. */
function linesIn({ id }: Cli, os: readonly Os[]): (rival: Rival) => string[] {
	let last: readonly string[] | undefined;
	let pattern: string | undefined;
	return ({ format, hint = "", path, settings, text, hasKinds }) => {
		const places = typeof path === "string" ? [placeOf(path)] : placesOf(path, os);
		if (places.length === 0) return [];
		const words = /^json/.test(format) ? settings.map(shortened) : settings;
		const inText = text === undefined ? [] : ['"$text"'];
		const asked = [...inText, ...words.map(sh), ...(hasKinds ? [id] : [])];
		const named = text === undefined || text === pattern ? [] : [`text=${sh(`=${text}`)}`];
		pattern = text ?? pattern;
		const set = setting(asked, last);
		last = asked;
		const look =
			typeof path === "string" || places.length === 1
				? `rival ${format} ${sh(hint)} ${places.at(-1)}`
				: `rival_of_system ${format} ${bySystem(path)}`;
		return [...named, ...set, `${look} "$@"`];
	};
}

/** A pointer as the script knows it: a name in capitals is a key of `env`, without what the variables of an exporter begin with. */
export function shortened(pointer: string): string {
	return pointer.replace(/^\/env\/(?:OTEL_EXPORTER_(?=OTLP_)|(?=[A-Z]))/, "");
}

/** The lines that make these words the arguments, where those of the last line are; what both end with stands there once. */
function setting(words: readonly string[], before: readonly string[] | undefined): string[] {
	if (String(words) === String(before)) return [];
	const left = (before ?? []).findIndex((_, at) => {
		const end = before?.slice(at) ?? [];
		return end.length > 2 && String(words.slice(-end.length)) === String(end);
	});
	if (left < 0) return [`set -- ${words.join(" ")}`.trimEnd()];
	const own = words.slice(0, left - (before?.length ?? 0));
	return [...(left > 0 ? [`shift ${left}`] : []), ...(own.length > 0 ? [`set -- ${own.join(" ")} "$@"`] : [])];
}

/** The place of each system as the script's function takes it. Throws a `TypeError` for one of another folder. */
function bySystem(path: Readonly<Partial<Record<Os, string>>>): string {
	const words = Object.entries({ macos: "/Library/", linux: "/etc/" }).map(([name, above]) => {
		const place = ownEntry(path, name) ?? above;
		if (!place.startsWith(above)) throw new TypeError(`a place of another folder than ${above}: ${place}`);
		return sh(place.slice(above.length));
	});
	return words.join(" ");
}

/** The place as the last word, after the line that it needs; none where it is on no system. */
function placesOf(path: Readonly<Partial<Record<Os, string>>>, os: readonly Os[]): string[] {
	const found = os.flatMap((name) => ownEntry(path, name) ?? []);
	const [first, ...others] = new Set(found);
	if (first === undefined) return [];
	if (others.length === 0) return [`"$ROOT"${sh(first)}`];
	return [ofSystem(path), '"$file"'];
}

/** The call that sets `file` to the place of the system. */
export const ofSystem = (path: Readonly<Partial<Record<Os, string>>>): string => `of_system ${bySystem(path)}`;

function placeOf(path: string): string {
	const [, start = "", rest = ""] = /^(~|\{folder\})(\/.*)$/.exec(path) ?? [];
	if (start === "") throw new TypeError(`a path of no home: ${path}`);
	return `"$${start === "~" ? "home" : "folder"}"${sh(rest)}`;
}

/** What a file has to be like for the CLI to read it, as rows of a plan. */
export function kindRows({ kinds = {}, forms = [], strict }: Pick<Layer, "kinds" | "forms" | "strict">): string[] {
	const lines = byKind(kinds).map(([kind, pointers]) => `${kind} ${byTable(pointers).join(" ")}`);
	const rows = lines.length === 0 ? [] : [...`kinds ${sh(lines.join("\n"))}`.split("\n")];
	const formed = forms.map((form) => `form ${[form.pointer, ...formWords(form)].map(sh).join(" ")}`);
	return [...rows, ...formed, ...(strict ? [`only_keys ${[strict.table, ...strict.keys].map(sh).join(" ")}`] : [])];
}

/** Pointers without the slash before them, those in one table behind its name with a slash, where that is shorter. */
function byTable(pointers: readonly string[]): string[] {
	const tables = new Map<string, string[]>();
	for (const pointer of pointers) {
		const at = pointer.lastIndexOf("/") + 1;
		const [table, name] = [pointer.slice(1, at), pointer.slice(at)];
		tables.set(table, [...(tables.get(table) ?? []), name]);
	}
	const together = [...tables].filter(([table, names]) => table !== "" && names.length > 1);
	const alone = [...tables].filter(([table, names]) => table === "" || names.length === 1);
	return [
		...alone.flatMap(([table, names]) => names.map((name) => table + name)),
		...together.flatMap(([table, names]) => [table, ...names]),
	];
}

/** Each kind, or its words, as the editor's plan has them, with all pointers that have it. */
export function byKind(kinds: SettingKinds): [kind: string, pointers: string[]][] {
	const found = new Map<string, string[]>();
	for (const [pointer, kind] of Object.entries(kinds)) {
		// Words are told from a kind by the line between them.
		const name = typeof kind === "string" ? kind : (kind.length > 1 ? kind : [...kind, ...kind]).join("|");
		found.set(name, [...(found.get(name) ?? []), pointer]);
	}
	return [...found];
}

/** The words of a form and its variants, as the editor's plan has them. */
export function formWords({ words, variants }: SettingForm): [words: string, variants: string] {
	const needs = (keys: Readonly<Record<string, readonly string[]>>) =>
		Object.entries(keys).map(([key, allowed]) => (allowed.length === 0 ? key : `${key}=${allowed.join("|")}`));
	const each = Object.entries(variants).map(([name, keys]) => `${name}:${needs(keys).join(",")}`);
	return [words.join(" "), each.join(" ")];
}

/** What every file of a person with settings of this CLI has to be like, and what besides those that we do not edit. */
export function demandCases(cli: Cli): { id: string; everywhere: string[]; elsewhere: string[] }[] {
	const [everywhere, elsewhere] = [kindRows(cli.user), cli.elsewhere ? kindRows(cli.elsewhere) : []];
	return everywhere.length === 0 ? [] : [{ id: cli.id, everywhere, elsewhere }];
}

/** The values of a person's file with others than which it is not known what comes of it. */
export function openCases({ id, open }: Cli): { id: string; rows: string[] }[] {
	return open === undefined ? [] : [{ id, rows: kindRows({ kinds: open }) }];
}
