import stringWidth from "string-width";

const ASCII = /^[\u0020-\u007e]*$/;
const letters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** How many columns of a terminal a text takes; the codes of `painter` take none. https://www.unicode.org/reports/tr11/ */
export function columns(text: string): number {
	return ASCII.test(text) ? text.length : stringWidth(text);
}

/** A text of at most so many columns; one that was cut ends with `…`. Never cuts a letter in two. */
export function cut(text: string, width: number): string {
	if (columns(text) <= width) return text;
	if (width < 1) return "";
	let result = "";
	let used = 0;
	for (const { segment } of letters.segment(text)) {
		used += columns(segment);
		if (used > width - 1) break;
		result += segment;
	}
	return `${result}…`;
}

/** A text of exactly so many columns, at their left unless said otherwise. */
export function fill(text: string, width: number, side: "left" | "right" = "left"): string {
	const fitted = cut(text, width);
	const blanks = " ".repeat(Math.max(0, width - columns(fitted)));
	return side === "left" ? fitted + blanks : blanks + fitted;
}

/** Text broken at blanks into lines of at most so many columns. Longer words are cut, or stay whole so that they can be copied. */
export function wrap(text: string, width: number, longWords: "cut" | "whole" = "cut"): string[] {
	const lines: string[] = [];
	for (const word of text.split(" ")) {
		const last = lines.at(-1);
		if (last !== undefined && columns(last) + 1 + columns(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
		else lines.push(longWords === "cut" ? cut(word, width) : word);
	}
	return lines;
}

/** A label, and text in the columns that are left beside it; a word that is too long stays whole, so that it can be copied. */
export function hanging(label: string, text: string, width: number): string[] {
	const indent = " ".repeat(columns(label));
	return wrap(text, width - indent.length, "whole").map((line, index) =>
		`${index === 0 ? label : indent}${line}`.trimEnd(),
	);
}
