import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;

/** `[phrase, what to write]`: wordings that made readers stop. Any case, over line breaks, without the marks of comments. */
const BANNED: readonly (readonly [RegExp, string])[] = [
	[/without more it plays/, "by default it uses"],
	[/facts depend on releases/, "output depends on the collector version"],
	[/never leads to a yes/, "never counts as safe"],
	[/strangers get 401/, "unknown tokens get 401"],
	[/(could not|can|is to) be had/, "was not available"],
	[/answer to judge/, "no usable response"],
	[/all as wanted/, "success"],
	[/say nothing but/, "print only"],
	[/explain this\b/, "show help"],
	[/replace (a|the) files? that (is|are) there/, "overwrite an existing file"],
	[/what install put in/, "what install added"],
	[/what is in the way/, "what overrides it"],
	[/who takes the data/, "destination backend"],
	[/that was ours alone/, "files we created are deleted"],
	[/(leave|left) (it|the flag|them|one of them|--[\w-]+) away/, "omit it"],
	[/exclude each other/, "cannot be combined"],
	[/edits get lost/, "manual edits will be overwritten"],
	[/is the name now of/, "was renamed"],
	[/knows? .{1,40} no more/, "no longer supports"],
	[/stands where nothing can/, "unexpected content"],
	[/settings? holds?\b/, "settings in effect"],
	[/put (it|that|this) right/, "problems found; the fix"],
	[/for your eyes only/, "contains the token; do not share"],
	[/keep the one that is there/, "back up the config"],
	[/everybody with the right/, "anyone with access"],
	[/the (port|pace|time) is not one/, "invalid port"],
	[/with something that is none/, "with an invalid value"],
	[/without wondering/, "a plain description"],
	[/else it puts/, "otherwise it installs"],
	[/takes everything of ours/, "removes everything we installed"],
];

/** Text of others, generated text, and this list. */
const SKIPPED = /^(test\/(golden|fixtures|parts)\/|test\/wording\.test\.ts|scripts\/install\.sh)/;

/** The project's own text. */
const PLACES = ["README.md", ".github", ".ci", "scripts", "src", "templates", "test"];

const texts = PLACES.flatMap(filesAt).map((path) => ({ path, text: plain(readFileSync(join(root, path), "utf8")) }));

function filesAt(path: string): string[] {
	if (!statSync(join(root, path)).isDirectory()) return [path];
	return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
		.map((name) => `${path}/${name}`)
		.filter((name) => /\.(ts|mjs|md|hbs|sh|awk|css|ps1)$/.test(name) && !SKIPPED.test(name));
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
