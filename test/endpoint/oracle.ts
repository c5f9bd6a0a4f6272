import { isDeepStrictEqual } from "node:util";
import { type ParseError, parse as parseJsonc } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import type { EditorSample } from "./documents.ts";
import { fromBytes, type SettingsFormat } from "./editor.ts";

/** What an independent parser makes of a file: its value, or that it refuses it. */
export type EditorValue = { readonly value: unknown } | "refused";

const readers: Record<SettingsFormat, (text: string) => unknown> = {
	json: (text) => (/^[ \t\r\n]*$/.test(text) ? {} : JSON.parse(text)),
	jsonc: (text) => {
		if (/^[ \t\r\n]*$/.test(text)) return {};
		const errors: ParseError[] = [];
		const value: unknown = parseJsonc(text, errors, { allowTrailingComma: false });
		if (errors.length > 0) throw new SyntaxError("not JSONC");
		return value;
	},
	toml: (text) => parseToml(text, { integersAsBigInt: true }),
};

export function read(format: SettingsFormat, bytes: string): EditorValue {
	try {
		return { value: normal(readers[format](fromBytes(bytes))) };
	} catch {
		return "refused";
	}
}

/** Dates as text, since they compare by identity of their fields otherwise. */
function normal(value: unknown): unknown {
	if (value instanceof Date) return `date ${value.toISOString()}`;
	if (Array.isArray(value)) return value.map(normal);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normal(inner)]));
}

export interface EditStep {
	readonly verb: "set" | "drop";
	readonly pointer: string;
	readonly type?: "string" | "bool" | "int";
	readonly value?: string;
}

export const planLine = ({ verb, pointer, type, value }: EditStep) =>
	[verb, pointer, ...(verb === "set" ? [type, value] : [])].join("\t");

type Table = { [key: string]: unknown };
const isTable = (value: unknown): value is Table =>
	typeof value === "object" && value !== null && !Array.isArray(value);
const isContainer = (value: unknown) => typeof value === "object" && value !== null;
const keysOf = (pointer: string) =>
	pointer
		.split("/")
		.slice(1)
		.map((key) => fromBytes(key).replaceAll("~1", "/").replaceAll("~0", "~"));
const encode = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");
const isBelow = (pointer: string, top: string) => pointer.startsWith(`${top}/`);

/** The value after the plan, or "refused" where the plan does not fit the file. */
export function applied(format: SettingsFormat, value: unknown, plan: readonly EditStep[]): EditorValue {
	if (!isTable(value)) return "refused";
	const result = structuredClone(value);
	const sets = plan.filter(({ verb }) => verb === "set");
	for (const { verb, pointer } of plan) if (verb === "drop") drop(result, keysOf(pointer), pointer, sets);
	for (const step of sets) {
		const keys = keysOf(step.pointer);
		let table: Table = result;
		for (const key of keys.slice(0, -1)) {
			if (!Object.hasOwn(table, key)) table[key] = {};
			const next = table[key];
			if (!isTable(next)) return "refused";
			table = next;
		}
		const last = keys.at(-1) ?? "";
		if (isContainer(table[last])) return "refused";
		table[last] = plainValue(format, step);
	}
	return { value: result };
}

function plainValue(format: SettingsFormat, { type, value = "" }: EditStep): unknown {
	if (type === "bool") return value === "true";
	if (type === "int") return format === "toml" ? BigInt(value) : Number(value);
	return fromBytes(value);
}

/** Takes out what no set of the plan leads to, at and below a pointer. */
function drop(root: Table, keys: readonly string[], pointer: string, sets: readonly EditStep[]): void {
	let table: unknown = root;
	for (const key of keys.slice(0, -1)) table = isTable(table) && Object.hasOwn(table, key) ? table[key] : undefined;
	const last = keys.at(-1) ?? "";
	if (isTable(table) && Object.hasOwn(table, last)) prune(table, last, pointer, sets);
}

function prune(table: Table, key: string, pointer: string, sets: readonly EditStep[]): void {
	const value = table[key];
	const isSet = sets.some((step) => step.pointer === pointer);
	const leadsToSet = sets.some((step) => isBelow(step.pointer, pointer));
	if (isSet ? isContainer(value) : !leadsToSet || !isTable(value)) delete table[key];
	else if (isTable(value))
		for (const inner of Object.keys(value))
			prune(value, inner, `${pointer}/${Buffer.from(encode(inner), "utf8").toString("latin1")}`, sets);
}

/** Whether two readings say the same; empty tables on the way to dropped keys come and go with their last key in TOML. */
export function same(one: unknown, two: unknown, plan: readonly EditStep[] = []): boolean {
	const drops = plan.filter(({ verb }) => verb === "drop").map(({ pointer }) => keysOf(pointer));
	return isDeepStrictEqual(withoutHusks(one, drops), withoutHusks(two, drops));
}

function withoutHusks(value: unknown, drops: readonly (readonly string[])[]): unknown {
	if (!isTable(value) || drops.length === 0) return value;
	const entries = Object.entries(value).map(([key, inner]) => {
		const inside = drops.filter(([first, ...rest]) => first === key && rest.length > 0).map(([, ...rest]) => rest);
		return [key, withoutHusks(inner, inside), inside.length > 0] as const;
	});
	return Object.fromEntries(
		entries
			.filter(([, inner, onTheWay]) => !(onTheWay && isTable(inner) && Object.keys(inner).length === 0))
			.map(([key, inner]) => [key, inner]),
	);
}

/** What is left of an edited file when the values of the plan go back to what they were; tables that were made for them go, too. */
export function withoutOurs(format: SettingsFormat, text: string, { text: original, plan }: EditorSample): unknown {
	const [now, then] = [read(format, text), read(format, original)];
	if (now === "refused" || then === "refused") throw new Error("not a file to begin with");
	for (const { pointer } of plan) restore(now.value as Table, then.value as Table, keysOf(pointer));
	return now.value;
}

function restore(now: Table, then: Table | undefined, [key = "", ...rest]: readonly string[]): void {
	const old = then && Object.hasOwn(then, key) ? then[key] : undefined;
	if (rest.length === 0 && old !== undefined) now[key] = old;
	else if (rest.length === 0) delete now[key];
	else if (isTable(now[key])) {
		restore(now[key], isTable(old) ? old : undefined, rest);
		if (old === undefined && Object.keys(now[key]).length === 0) delete now[key];
	}
}

/** What we take and the other parser refuses; why that does no harm stands with each. */
const tolerances: Record<SettingsFormat, readonly RegExp[]> = {
	json: [],
	jsonc: [],
	toml: [],
};

export const tolerated = (format: SettingsFormat, bytes: string) =>
	tolerances[format].some((pattern) => pattern.test(fromBytes(bytes)));
