/** Characters that take two columns: East Asian wide and fullwidth ones, and pictures. https://www.unicode.org/reports/tr11/ */
const WIDE =
	/^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|.\ufe0f)/u;
const NO_WIDTH = /^[\p{M}\p{Cf}]+$/u;
const ASCII = /^[\u0020-\u007e]*$/;

const letters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** How many columns of a terminal a text takes. */
export function columns(text: string): number {
	if (ASCII.test(text)) return text.length;
	let sum = 0;
	for (const { segment } of letters.segment(text)) sum += letterWidth(segment);
	return sum;
}

function letterWidth(letter: string): number {
	return WIDE.test(letter) ? 2 : NO_WIDTH.test(letter) ? 0 : 1;
}

/** A text of at most so many columns; one that was cut ends with `…`. Never cuts a letter in two. */
export function cut(text: string, width: number): string {
	if (columns(text) <= width) return text;
	if (width < 1) return "";
	let result = "";
	let used = 0;
	for (const { segment } of letters.segment(text)) {
		used += letterWidth(segment);
		if (used > width - 1) break;
		result += segment;
	}
	return `${result}…`;
}

/** A text of exactly so many columns. */
export function fill(text: string, width: number): string {
	const fitted = cut(text, width);
	return fitted + " ".repeat(Math.max(0, width - columns(fitted)));
}

/** Text broken at blanks into lines of at most so many columns; longer words are cut. */
export function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	for (const word of text.split(" ")) {
		const last = lines.at(-1);
		if (last !== undefined && columns(last) + 1 + columns(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
		else lines.push(cut(word, width));
	}
	return lines;
}

const BARS = "▁▂▃▄▅▆▇█";

/** Numbers as a row of bars of at most `width` columns; a silent stretch is a row of dots, never a low bar. */
export function sparkline(values: readonly number[], width: number): string {
	const shown = squeeze(values, width);
	const most = Math.max(...shown, 1);
	const bar = (value: number) => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))] ?? "";
	return shown.map((value) => (value === 0 ? "·" : bar(value))).join("");
}

/** Fewer numbers of the same shape: each the largest of its neighbours, so that no peak is lost. */
export function squeeze(values: readonly number[], most: number): number[] {
	if (values.length <= most) return [...values];
	return Array.from({ length: most }, (_each, index) =>
		Math.max(
			...values.slice(
				Math.floor((index * values.length) / most),
				Math.max(Math.floor(((index + 1) * values.length) / most), Math.floor((index * values.length) / most) + 1),
			),
		),
	);
}
