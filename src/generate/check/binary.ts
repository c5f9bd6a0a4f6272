import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { shown, shownName } from "../../base/mask.ts";
import type { RunResult } from "../../effects/process/programs.ts";
import type { ConfigFinding } from "./rules.ts";

/** The command line with which the real program validates a file, at a stability level if the config needs one; undefined if it cannot. */
export function validateArguments(
	{ validate, stabilityArgument }: Distribution,
	file: string,
	stability: string | undefined,
): string[] | undefined {
	if (!validate) return undefined;
	if (stability !== undefined && stabilityArgument !== undefined) {
		return [...validate.args, `${stabilityArgument}${stability}`, file];
	}
	const last = validate.args.at(-1) ?? "";
	return last.endsWith("=") ? [...validate.args.slice(0, -1), `${last}${file}`] : [...validate.args, file];
}

/** How many of the program's messages to show. */
const MAX_COMPLAINTS = 12;

/**
 * The real program's messages about a file, as findings with their lines. Collectors name a place as `exporters::otlp_http/NAME: …`,
 * Alloy as `file:line:column`.
 */
export function binaryFindings(result: RunResult, text: string, program: string): ConfigFinding[] {
	if (result.timedOut) return [{ rule: "binary-validate", at: 0, what: `${shownName(program)} timed out` }];
	if (result.code === 0) return [];
	const said = complaints(`${result.stderr}\n${result.stdout}`).slice(0, MAX_COMPLAINTS);
	const mute = `${shownName(program)} exited with ${result.code ?? "a signal"}`;
	return (said.length > 0 ? said : [mute]).map((line) => ({
		rule: "binary-validate",
		at: placeIn(text, line),
		what: line.replace(PLACED, ""),
	}));
}

/** A message of Alloy, with its place; an excerpt of the file and a summary follow it. */
const PLACED = /^\S+\.alloy:\d+:\d+: /;

/** A heading such as `'exporters' error reading configuration for "otlp_http/x": decoding failed due to the following error(s):`. */
const HEADING = /following error\(s\):?$/;
const NEXT_SECTION = /^'(receivers|processors|exporters|connectors|extensions|service)[.']/;
/** Lines to ignore: log lines and the program's usage. */
const CHATTER = /^\d{4}[-/]\d\d[-/]\d\d|^Usage:|^Flags:/;

/** The messages in the program's output, each on one line after the component it concerns. */
function complaints(output: string): string[] {
	let about = "";
	const found = output.split("\n").flatMap((raw) => {
		const line = raw
			.trim()
			.replace(/^Error: /, "")
			.replace(/ \(valid values: .*/, "");
		if (line === "" || CHATTER.test(line)) return [];
		if (NEXT_SECTION.test(line)) about = "";
		if (!HEADING.test(line)) return [shown(about + line)];
		const id = /for "([^"]+)"/.exec(line)?.[1];
		about = id ? `"${id}": ` : "";
		return [];
	});
	const unique = [...new Set(found)];
	const placed = unique.filter((line) => PLACED.test(line));
	return placed.length > 0 ? placed : unique;
}

/** The offset a message refers to: its line and column, or the last id of its key path found in the text. */
function placeIn(text: string, message: string): number {
	const position = /:(\d+):(\d+):/.exec(message);
	if (position) return offsetOf(text, Number(position[1]), Number(position[2]));
	const yamlLine = /\byaml: line (\d+)/.exec(message);
	if (yamlLine) return offsetOf(text, Number(yamlLine[1]), 1);
	const keys = /([\w./-]+(?:::[\w./-]+)+)/.exec(message)?.[1]?.split("::") ?? [];
	const invalid = /^"([^"]+)": .*has invalid keys: ([\w.-]+)/.exec(message)?.slice(1);
	if (invalid) return deepest(text, invalid) ?? 0;
	const quoted = [...message.matchAll(/"([\w./-]+)"/g)].map(([, word]) => word ?? "");
	return deepest(text, keys) ?? quoted.map((word) => keyOffset(text, word, 0)).find((at) => at !== undefined) ?? 0;
}

function offsetOf(text: string, line: number, column: number): number {
	const start = text
		.split("\n")
		.slice(0, line - 1)
		.join("\n").length;
	return Math.min(text.length, (line > 1 ? start + 1 : start) + column - 1);
}

/** The position of the last key of a path that can be found. */
function deepest(text: string, keys: readonly string[]): number | undefined {
	let at: number | undefined;
	for (const key of keys) at = keyOffset(text, key, at === undefined ? 0 : at + 1) ?? at;
	return at;
}

function keyOffset(text: string, key: string, from: number): number | undefined {
	const escaped = key.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
	const match = new RegExp(`^([ \\t]*(?:- )?["']?)${escaped}["']?[ \\t]*:`, "m").exec(text.slice(from));
	return match ? from + match.index + (match[1]?.length ?? 0) : undefined;
}
