export type Labels = Readonly<Record<string, string>>;

/** One line of a metrics page: a series and its value. */
export interface Sample {
	readonly name: string;
	readonly labels: Labels;
	readonly value: number;
}

/** A metrics page: its samples, and how many lines could not be parsed. */
export interface Exposition {
	readonly samples: readonly Sample[];
	readonly badLines: number;
	/** One of these is a counter of ours. */
	readonly isOursBad?: true;
}

/** No collector writes longer lines. */
const MAX_LINE = 65_536;

const SERIES = /([A-Za-z_:][\w:]*)[ \t]*(\{)?/y;
const LABEL = /[ \t,]*([A-Za-z_]\w*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"/y;
const CLOSE = /[ \t,]*\}/y;
const VALUE =
	/[ \t]*([+-]?(?:[0-9][0-9a-fA-FxXpP.+_-]*|\.[0-9][0-9eE+-]*|Inf|NaN))(?:[ \t]+-?[0-9.]+)?(?:[ \t]+#.*)?$/y;

/**
 * Reads Prometheus' text format. Accepts any text: other lines, such as those of a login page, are only counted.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parseExposition(text: string): Exposition {
	const samples: Sample[] = [];
	let badLines = 0;
	let isOursBad = false;
	for (const raw of text.split("\n")) {
		const line = raw.trim();
		if (line === "" || line.startsWith("#")) continue;
		const sample = line.length > MAX_LINE ? undefined : parseLine(line);
		if (sample) samples.push(sample);
		else {
			badLines++;
			isOursBad ||= line.includes("crossfade");
		}
	}
	return { samples, badLines, ...(isOursBad && { isOursBad }) };
}

function parseLine(line: string): Sample | undefined {
	let at = 0;
	const next = (pattern: RegExp) => {
		pattern.lastIndex = at;
		const match = pattern.exec(line);
		if (match) at = pattern.lastIndex;
		return match;
	};
	const series = next(SERIES);
	if (!series) return undefined;
	const labels: [string, string][] = [];
	if (series[2]) {
		for (let label = next(LABEL); label; label = next(LABEL)) labels.push([label[1] ?? "", unescaped(label[2] ?? "")]);
		if (!next(CLOSE)) return undefined;
	}
	const number = next(VALUE)?.[1];
	if (number === undefined) return undefined;
	const value = numberOf(number);
	return value === undefined ? undefined : { name: series[1] ?? "", labels: Object.fromEntries(labels), value };
}

function unescaped(text: string): string {
	return text.replaceAll(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}

function numberOf(text: string): number | undefined {
	if (/Inf$/.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
	if (/NaN$/.test(text)) return Number.NaN;
	const value = Number(text);
	return Number.isNaN(value) ? undefined : value;
}
