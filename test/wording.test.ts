import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** `[phrase, what to write]`: wordings that made readers stop. Any case, over line breaks, without the marks of comments. */
const BANNED: readonly (readonly [RegExp, string])[] = [
	[/without more it plays/, "by default it uses"],
	[/facts depend on releases/, "output depends on the collector version"],
	[/replaces the file whole/, "replaces the file atomically"],
	[/never leads to a yes/, "never counts as safe"],
	[/strangers get 401/, "unknown tokens get 401"],
	[/could not be had/, "was not available"],
];

/** The project's own text: not what others wrote, nor what is generated from it. */
const PLACES = ["README.md", ".github"];

const texts = PLACES.flatMap(filesAt).map((path) => ({ path, text: plain(readFileSync(join(root, path), "utf8")) }));

function filesAt(path: string): string[] {
	if (!statSync(join(root, path)).isDirectory()) return [path];
	return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
		.map((name) => `${path}/${name}`)
		.filter((name) => /\.(ts|mjs|md|hbs|sh|awk|css|ps1)$/.test(name) && name !== "test/wording.test.ts");
}

/** One line, so that a phrase is found where it is wrapped; comment marks and string joints go. */
function plain(text: string): string {
	return text
		.toLowerCase()
		.replace(/\n\s*(\*|\/\/|#)?\s*/g, " ")
		.replace(/\s+/g, " ");
}

describe("no text holds a wording that made readers stop", () => {
	test("there are texts to look at", () => {
		expect(texts.length).toBeGreaterThan(PLACES.length);
	});

	test.each(BANNED)("%s, say: %s", (phrase) => {
		expect(texts.filter(({ text }) => phrase.test(text)).map(({ path }) => path)).toEqual([]);
	});
});
