import { ownEntry } from "../../base/lookup.ts";
import { yaml } from "../../base/quote.ts";

/** Data for our YAML: plain values, and comment `lines` before an entry, by wrapping its value. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | YamlMap | Commented;
export interface YamlMap {
	readonly [key: string]: YamlValue;
}
/** A value with comment lines above its key. */
export class Commented {
	readonly lines: readonly string[];
	readonly value: YamlValue;
	constructor(lines: string | readonly string[], value: YamlValue) {
		this.lines = typeof lines === "string" ? [lines] : lines;
		this.value = value;
	}
}

/**
 * Block-style YAML with two-space indentation and scalar lists on one line. Our own small writer, because loading a YAML
 * library would double the command's start-up time; a test reads its output back with that library.
 */
export function yamlText(map: YamlMap): string {
	return `${mapLines(map).join("\n")}\n`;
}

/** The lines of a map, without indentation. `step` is the indentation of nested maps. */
function mapLines(map: YamlMap, step = 2): string[] {
	return Object.entries(map).flatMap(([key, value]) => entryLines(key, value, step));
}

/** Lists longer than this on one line get one line per item. */
const LONG_LIST = 100;

/** The lines of one entry: comments, the key, and the value after or below it. */
export function entryLines(key: string, value: YamlValue, step = 2): string[] {
	if (value instanceof Commented) {
		return [...value.lines.map((line) => (line === "" ? "" : `# ${line}`)), ...entryLines(key, value.value, step)];
	}
	if (isMap(value) && Object.keys(value).length > 0) {
		return [`${yaml(key)}:`, ...indented(mapLines(value, step), step)];
	}
	if (Array.isArray(value) && (value.some((item) => typeof item === "object") || flowText(value).length > LONG_LIST)) {
		const items = value.flatMap((item) => {
			const lines = isMap(item) ? mapLines(item, step) : [flowText(item)];
			return lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
		});
		return [`${yaml(key)}:`, ...indented(items, step)];
	}
	if (typeof value === "string" && value.includes("\n"))
		return [`${yaml(key)}: |`, ...indented(textLines(value), step)];
	return [`${yaml(key)}: ${flowText(value)}`];
}

/** The lines of a literal block scalar with default chomping; its text must not start with a blank and must end with one line break. */
function textLines(text: string): string[] {
	if (/^\s/.test(text) || !/[^\n]\n$/.test(text)) throw new TypeError("text not valid in a literal block");
	return text.slice(0, -1).split("\n");
}

/** A value on one line; with `json` every string is double-quoted, as in a file that is JSON. */
export function flowText(value: YamlValue, json = false): string {
	if (value instanceof Commented) return flowText(value.value, json);
	if (Array.isArray(value)) return `[${value.map((item) => flowText(item, json)).join(", ")}]`;
	if (isMap(value)) {
		const entries = Object.entries(value).map(([key, item]) => `${flowScalar(key, json)}: ${flowText(item, json)}`);
		return `{${entries.join(", ")}}`;
	}
	return typeof value === "string" ? flowScalar(value, json) : String(value);
}

/** In flow style braces and brackets are syntax, so a scalar that contains one is quoted. */
function flowScalar(text: string, json: boolean): string {
	return json || /[{}[\],]/.test(text) ? JSON.stringify(text) : yaml(text);
}

function indented(lines: readonly string[], step: number): string[] {
	return lines.map((line) => (line === "" ? "" : `${" ".repeat(step)}${line}`));
}

function isMap(value: YamlValue): value is YamlMap {
	return typeof value === "object" && !Array.isArray(value) && !(value instanceof Commented);
}

/** A map with a value at a path of keys. */
export function withValue(map: YamlMap, [key = "", ...rest]: readonly string[], value: YamlValue): YamlMap {
	return { ...map, [key]: rest.length === 0 ? value : withValue((ownEntry(map, key) ?? {}) as YamlMap, rest, value) };
}
