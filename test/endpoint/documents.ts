import fc from "fast-check";
import { applyEdits, modify, parseTree } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import { fromBytes, type SettingsFormat, toBytes } from "./editor.ts";
import type { EditStep } from "./oracle.ts";

/** A stored value whose text a test may change as a user would. */
export const marker = "FOREIGN";

type Pick = <T>(choices: readonly T[]) => T;

/** A small generator of choices, so that one number gives a whole document. */
function picker(seed: number): Pick {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	return (choices) => {
		const choice = choices[Math.floor(next() * choices.length)];
		if (choice === undefined) throw new Error("nothing to choose from");
		return choice;
	};
}

const names = [
	"env",
	"A",
	"B",
	"C",
	"otel",
	"x",
	"a/b",
	"m~n",
	"",
	"é",
	"with space",
	'quo"te',
	"tab\tbed",
	"ключ",
	"d.o.t",
];
const texts = [
	"",
	"plain",
	marker,
	`${marker}2`,
	'q"uo\\te',
	"é😀",
	"// no comment",
	"/* none */",
	"# none",
	"a\tb",
	"line\nbreak",
	"x".repeat(700),
	"{[",
	"'",
	"'''",
	'"""',
	"\u007f",
	"https://x/y?z=1",
];

// --- JSON and JSONC ---------------------------------------------------------------------------------------------

interface JsonStyle {
	readonly pick: Pick;
	readonly eol: string;
	readonly unit: string;
	readonly layout: "lines" | "compact" | "spaced" | "wild";
	readonly comments: boolean;
}

function jsonText(seed: number, format: "json" | "jsonc"): string {
	const pick = picker(seed);
	const style: JsonStyle = {
		pick,
		eol: pick(["\n", "\n", "\n", "\r\n", "\r\n", "\r"]),
		unit: pick(["  ", "    ", "\t", " ", ""]),
		layout: pick(["lines", "lines", "compact", "spaced", "wild"]),
		comments: format === "jsonc" && pick([true, true, false]),
	};
	if (pick([...Array<boolean>(30).fill(false), true])) return pick(["", " ", "\n", "\r\n \t"]);
	const around = () => (style.layout === "wild" ? trivia(style) : "");
	return `${around()}${jsonObject(style, 0)}${around()}${pick(["", style.eol, style.eol])}`;
}

function trivia(style: JsonStyle): string {
	const { pick, eol } = style;
	const comment =
		eol === "\r" ? "/* c */" : pick(["/* c */", "/**/", `// "A": 1,${eol}`, `/* ${eol} * } */`, `//${eol}`]);
	return pick(["", "", " ", "\t", eol, `${eol}  `, `  ${eol}${eol} `, style.comments ? comment : " "]);
}

function jsonObject(style: JsonStyle, depth: number): string {
	const { pick } = style;
	const used = new Set<string>();
	const size = pick([0, 1, 2, 3, 4]);
	const members: string[] = [];
	for (let i = 0; i < size; i++) {
		const name = pick(names);
		// A key twice is legal where we do not look for it.
		if (used.has(name) && (depth < 3 || pick([true, false]))) continue;
		used.add(name);
		const gap = { lines: ": ", compact: ":", spaced: pick([": ", " : "]), wild: `${trivia(style)}:${trivia(style)}` };
		members.push(`${jsonString(style, name)}${gap[style.layout]}${jsonValue(style, depth + 1, name)}`);
	}
	return bracketed(style, depth, "{", members, "}");
}

function bracketed(style: JsonStyle, depth: number, open: string, items: readonly string[], close: string): string {
	const { pick, eol, unit, layout, comments } = style;
	if (layout === "wild") {
		const inner = items.map((item) => `${trivia(style)}${item}${trivia(style)}`).join(",");
		return `${open}${inner}${trivia(style)}${close}`;
	}
	if (layout === "compact") return `${open}${items.join(",")}${close}`;
	if (layout === "spaced") {
		const pad = pick(["", " "]);
		return `${open}${pad}${items.join(", ")}${pad}${close}`;
	}
	if (items.length === 0) return open + pick(["", "", " ", `${eol}${unit.repeat(depth)}`]) + close;
	const lines = items.map((item, index) => {
		const comma = index < items.length - 1 ? "," : "";
		const note = comments && eol !== "\r" ? pick(["", "", "", " // note", "  /* n */", ` // "env": {`]) : "";
		const above =
			comments && eol !== "\r" && pick([true, false, false]) ? `${unit.repeat(depth + 1)}// above${eol}` : "";
		return `${above}${unit.repeat(depth + 1)}${item}${comma}${note}`;
	});
	return `${open}${eol}${lines.join(eol)}${eol}${unit.repeat(depth)}${close}`;
}

function jsonValue(style: JsonStyle, depth: number, name: string): string {
	const { pick } = style;
	if ((name === "env" || name === "otel") && pick([true, true, true, false])) return jsonObject(style, depth);
	const kind = depth > 4 ? "string" : pick(["string", "string", "string", "number", "word", "object", "array"]);
	if (kind === "object") return jsonObject(style, depth);
	if (kind === "number") return pick(["0", "-0", "1", "12", "-1.5", "1e10", "1E+2", "0.1e-7", "123456789012"]);
	if (kind === "word") return pick(["true", "false", "null"]);
	if (kind === "string") return jsonString(style, pick(texts));
	const items = Array.from({ length: pick([0, 1, 2, 3]) }, () => jsonValue(style, depth + 1, ""));
	return bracketed(style, depth, "[", items, "]");
}

function jsonString({ pick }: JsonStyle, text: string): string {
	const plain = JSON.stringify(text);
	const escaped = (char: string) =>
		[...Array(char.length).keys()]
			.map((i) => `\\u${pick(["lower", "upper"]) === "lower" ? hex(char, i) : hex(char, i).toUpperCase()}`)
			.join("");
	const hex = (char: string, i: number) => char.charCodeAt(i).toString(16).padStart(4, "0");
	if (pick([true, true, true, false])) return plain;
	return `"${[...plain.slice(1, -1).matchAll(/\\.|[^\\]/gsu)].map(([char]) => (char === "/" ? pick(["/", "\\/"]) : char.startsWith("\\") || pick([true, false]) ? char : escaped(char))).join("")}"`;
}

// --- TOML -------------------------------------------------------------------------------------------------------

const paths = [
	["otel"],
	["otel", "exporter"],
	["otel", "exporter", "otlp-http"],
	["otel", "exporter", "otlp-http", "headers"],
	["a"],
	["a", "b"],
	["x", "y z"],
	["env"],
	["list"],
	["é"],
];
const keys = [
	["A"],
	["B"],
	["x"],
	["exporter"],
	["otel", "A"],
	["exporter", "otlp-http", "A"],
	["exporter", "x"],
	["a/b"],
	["m~n"],
	["with space"],
	["q", "A"],
	["env", "A"],
	["env"],
	["d.o.t"],
	[""],
	["headers", "X"],
];

/** Adds statements one by one and keeps those that the other parser takes. */
function tomlText(seed: number): string {
	const pick = picker(seed);
	const eol = pick(["\n", "\n", "\r\n"]);
	const indent = pick(["", "", "  ", "\t"]);
	let text = pick(["", "", `# head${eol}${eol}`, eol]);
	const count = pick([0, 1, 3, 6, 10, 15]);
	for (let i = 0; i < count; i++) {
		const kind = pick(["statement", "statement", "statement", "header", "header", "list", "blank"]);
		const gap = () => pick(["", "", "", " ", "\t"]);
		const name = (path: readonly string[]) => path.map((part) => tomlKey(pick, part)).join(pick([".", ".", " . "]));
		const end = `${gap()}${pick(["", "", "", "# c", "# [otel]"])}${eol}`;
		const line = {
			statement: () =>
				`${indent}${name(pick(keys))}${pick([" = ", " = ", "=", "  =\t"])}${tomlValue(pick, eol, 0)}${end}`,
			header: () => `[${gap()}${name(pick(paths))}${gap()}]${end}`,
			list: () => `[[${gap()}${name(pick([["list"], ["a", "l"], ["otel", "list"]]))}${gap()}]]${end}`,
			blank: () => pick([eol, `  # note${eol}`, `${eol}${eol}`]),
		};
		const longer = text + line[kind as keyof typeof line]();
		if (accepted(longer)) text = longer;
	}
	return pick([true, true, false]) ? text : text.replace(/[\r\n]+$/, "");
}

function accepted(text: string): boolean {
	try {
		parseToml(text, { integersAsBigInt: true });
		return true;
	} catch {
		return false;
	}
}

function tomlKey(pick: Pick, part: string): string {
	if (/^[A-Za-z0-9_-]+$/.test(part) && pick([true, true, false])) return part;
	return pick([JSON.stringify(part), part.includes("'") ? JSON.stringify(part) : `'${part}'`]);
}

function tomlValue(pick: Pick, eol: string, depth: number): string {
	const kind = pick(["string", "string", "word", "number", "date", "array", "table", "table"]);
	if (kind === "word") return pick(["true", "false", "inf", "-nan"]);
	if (kind === "number")
		return pick(["0", "+1", "-17", "1_000", "0xDEAD_beef", "0o17", "0b1", "1.5", "6.02e23", "-0.0"]);
	if (kind === "date")
		return pick([
			"1979-05-27T07:32:00Z",
			"1979-05-27 07:32:00.5-07:00",
			"1979-05-27",
			"07:32:00",
			"1979-05-27T00:32:00",
		]);
	if (kind === "string" || depth > 2) return tomlString(pick, eol);
	const size = pick([0, 1, 2, 3]);
	const items = Array.from({ length: size }, () => tomlValue(pick, eol, depth + 1));
	if (kind === "array") {
		const gap = () => pick(["", " ", `${eol}  `, ` # c, ]${eol}`]);
		return `[${items.map((item) => `${gap()}${item}${gap()}`).join(",")}${size > 0 ? pick(["", ",", `,${gap()}`]) : gap()}]`;
	}
	const pad = pick(["", " ", " "]);
	const used = new Set<string>();
	const members = items.flatMap((item) => {
		const path = pick(depth === 0 ? [["otlp-http"], ["A"], ["x", "A"], ["headers"], ["B"]] : keys);
		if (used.has(path[0] ?? "")) return [];
		used.add(path[0] ?? "");
		return [`${path.map((part) => tomlKey(pick, part)).join(".")}${pick([" = ", "="])}${item}`];
	});
	return `{${pad}${members.join(pick([", ", ",", " , "]))}${pad}}`;
}

function tomlString(pick: Pick, eol: string): string {
	const text = pick(texts);
	const basic = JSON.stringify(text).replaceAll("\u007f", "\\u007F");
	return pick([
		basic,
		basic,
		/['\n\t\u007f]/.test(text) ? basic : `'${text}'`,
		`"""${pick(["", eol])}${basic.slice(1, -1)}${pick(["", '"', '""', `\\${eol}   `])}"""`,
		/[\u007f]|'''/.test(text)
			? basic
			: `'''${pick(["", eol])}${text.replaceAll("\n", eol).replace(/'$/, "")}${pick(["", "'"])}'''`,
	]);
}

// --- plans ------------------------------------------------------------------------------------------------------

const pointers: Record<"json" | "toml", readonly string[]> = {
	json: [
		"/env/A",
		"/env/B",
		"/env/NEW",
		"/otel/x",
		"/otel/deep/er/A",
		"/A",
		"/B",
		"/new/one",
		"/new/two",
		"/a~1b",
		"/m~0n/é",
		"/",
		'/env/quo"te',
	],
	toml: [
		"/otel/A",
		"/otel/NEW",
		"/otel/exporter/otlp-http/A",
		"/otel/exporter/otlp-http/headers/X",
		"/otel/exporter/otlp-http/headers/A B",
		"/A",
		"/env/A",
		"/env/B",
		"/a/b/A",
		"/a/new",
		"/new/one",
		"/q/A",
		"/x/y z/é",
		"/list/A",
		"/a~1b",
	],
};
const drops: Record<"json" | "toml", readonly string[]> = {
	json: ["/env/C", "/env", "/x", "/otel", "/C", "/otel/deep", "/env/x/B"],
	toml: ["/otel/exporter", "/otel/B", "/otel", "/env", "/x", "/a/l", "/list", "/a/b", "/q", "/otel/exporter/x"],
};
const values = [
	"",
	"https://ingest.example/v1",
	"Bearer k.e_y~-1",
	'we"ird\\value',
	"tab\tand\u0001",
	"é😀",
	"true",
	"5",
	"a,b=c",
];

const step = (kind: "json" | "toml") =>
	fc.oneof(
		{
			weight: 5,
			arbitrary: fc.record({
				verb: fc.constant("set" as const),
				pointer: fc.constantFrom(...pointers[kind]),
				type: fc.constant("string" as const),
				value: fc.constantFrom(...values),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({
				verb: fc.constant("set" as const),
				pointer: fc.constantFrom(...pointers[kind]),
				type: fc.constant("bool" as const),
				value: fc.constantFrom("true", "false"),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({
				verb: fc.constant("set" as const),
				pointer: fc.constantFrom(...pointers[kind]),
				type: fc.constant("int" as const),
				value: fc.constantFrom("0", "1", "-5", "60000"),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({ verb: fc.constant("drop" as const), pointer: fc.constantFrom(...drops[kind]) }),
		},
	);

export interface EditorSample {
	readonly format: SettingsFormat;
	readonly text: string;
	readonly plan: readonly EditStep[];
}

const bytes = (one: EditStep): EditStep => ({
	...one,
	pointer: toBytes(one.pointer),
	...(one.value !== undefined && { value: toBytes(one.value) }),
});

/** A file and a plan for it; about half of the plans meet keys that are there. */
export function samples(format: SettingsFormat): fc.Arbitrary<EditorSample> {
	const plan = fc
		.array(step(format === "toml" ? "toml" : "json"), { minLength: 1, maxLength: 7 })
		.map((steps) => steps.filter((one, index) => isNew(one, steps.slice(0, index))).map(bytes));
	const text = fc.nat(2 ** 31 - 1).map((seed) => toBytes(format === "toml" ? tomlText(seed) : jsonText(seed, format)));
	return fc.record({ format: fc.constant(format), text, plan });
}

const isNew = (one: EditStep, earlier: readonly EditStep[]) =>
	!earlier.some(
		({ verb, pointer }) =>
			verb === one.verb &&
			(pointer === one.pointer ||
				(verb === "set" && (isInside(pointer, one.pointer) || isInside(one.pointer, pointer)))),
	);
const isInside = (pointer: string, top: string) => pointer.startsWith(`${top}/`);

/** The step as the next rotation makes it. */
export const rotated = (step: EditStep): EditStep =>
	step.verb === "set" && step.type === "string" ? { ...step, value: `${step.value} and the next one` } : step;

// --- what happens to files ----------------------------------------------------------------------------------------

/** The file after its user added a key, as the editors of the CLIs do; nothing where there is no place for it. */
export function withUserKey(format: SettingsFormat, text: string, seed: number): string | undefined {
	const pick = picker(seed);
	if (format === "toml") return withUserLine(text, pick);
	const tree = parseTree(fromBytes(text));
	const objects = (tree?.children ?? []).flatMap(({ children: [key, value] = [] }) =>
		value?.type === "object" ? [String(key?.value)] : [],
	);
	const path = [...pick([[], ...objects.map((name) => [name])]), "user-key"];
	const formattingOptions = { insertSpaces: true, tabSize: 2, eol: "\n" };
	return toBytes(applyEdits(fromBytes(text), modify(fromBytes(text), path, 1, { formattingOptions })));
}

/** A key between two statements, or a table at the end. */
function withUserLine(text: string, pick: Pick): string | undefined {
	const lines = text.split(/(?<=\n)/);
	const at = pick([...lines.keys(), lines.length]);
	const above = lines.slice(0, at).join("");
	const gap = above === "" || above.endsWith("\n") ? "" : "\n";
	const added = pick(["user-key = 1\n", at === lines.length ? "[user-table]\nuser-key = 1\n" : "user-key = 2\n"]);
	const longer = above + gap + added + lines.slice(at).join("");
	return accepted(fromBytes(above)) && accepted(fromBytes(longer)) ? longer : undefined;
}

const nasty =
	`""" ''' " ' \\ { } [ ] , ,, : = // /* */ # \ufeff 0 . - e \\u12 \\ud800 tru [otel] [[otel]] \u007f _ é \u0001 \r \r\n \n \t ${"[".repeat(250)}`.split(
		/ /,
	);

/** A text with one to three wounds. */
export function damaged(text: string, seed: number): string {
	const pick = picker(seed);
	const wounds = pick([1, 1, 2, 3]);
	let result = text;
	for (let i = 0; i < wounds; i++) {
		const at = pick([...Array(result.length + 1).keys()]);
		const to = Math.min(result.length, at + pick([0, 0, 1, 1, 5, 40]));
		const instead = pick(["", toBytes(pick(nasty)), toBytes(pick(nasty)), result.slice(at, at + 20).repeat(2)]);
		result = result.slice(0, at) + instead + result.slice(to);
	}
	return result;
}
