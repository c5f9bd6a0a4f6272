import { alloy } from "../../base/quote.ts";

/** An Alloy block: attributes (name and expression as text) and nested blocks, in that order. */
export interface AlloyBlock {
	readonly name: string;
	readonly label?: string;
	readonly attributes?: Readonly<Record<string, string>>;
	readonly blocks?: readonly AlloyBlock[];
}

/** Blocks as `alloy fmt` prints them: tabs, aligned attributes, blank lines between groups, no one-line blocks. */
export function alloyText(blocks: readonly AlloyBlock[]): string {
	return `${blocks.map((block) => blockLines(block).join("\n")).join("\n\n")}\n`;
}

function blockLines(block: AlloyBlock): string[] {
	const { name, label, attributes = {}, blocks = [] } = block;
	const width = Math.max(0, ...Object.keys(attributes).map((key) => key.length));
	const head = label === undefined ? name : `${name} ${alloy(label)}`;
	const groups = [
		Object.entries(attributes).flatMap(([key, expression]) => `${key.padEnd(width)} = ${expression}`.split("\n")),
		...blocks.map(blockLines),
	].filter((lines) => lines.length > 0);
	const body = groups.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
	if (body.length === 0) return [`${head} { }`];
	return [`${head} {`, ...body.map((line) => (line === "" ? "" : `\t${line}`)), "}"];
}

/** Labels take letters, digits and underscores. */
export function alloyLabel(name: string): string {
	return name.replaceAll("-", "_");
}
