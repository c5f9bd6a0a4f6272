// How sources are turned into modules, for the build and for the tests alike.
import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import Handlebars from "handlebars";
import { rolldown } from "rolldown";

/** Helpers that may print: each quotes for the language of the file, so a value can never break out. `part` is for programs of our own. */
const printers = new Set(["sh", "ps", "xml", "md", "yaml", "prose", "code", "part"]);

/**
 * Precompiles `.hbs` files (no template compiler runs at run time); loads `.sh`, `.awk` and `.ps1` programs as text, and `.json` tables as one
 * string, which V8 reads faster than the same data as code. An import that ends with `?text` is a text: a style sheet, or a script bundled for browsers.
 * @returns {{
 *   name: string,
 *   enforce: "pre",
 *   resolveId(source: string, importer?: string): string | null,
 *   load(id: string): Promise<string | { code: string, moduleType: "js" } | null>,
 * }}
 */
export function sourcePlugin() {
	return {
		name: "sources",
		enforce: /** @type {const} */ ("pre"),
		resolveId(source, importer) {
			if (!source.endsWith("?text") || !importer) return null;
			const { href } = new URL(source.slice(0, -"?text".length), pathToFileURL(importer));
			return `\0text:${href}:`;
		},
		async load(id) {
			if (id.startsWith("\0text:")) return textModule(fileURLToPath(id.slice("\0text:".length, -1)));
			if (id.endsWith(".hbs")) return templateModule(id);
			if (/\.(sh|awk|ps1)$/.test(id)) return textModule(id);
			if (!id.endsWith(".json")) return null;
			const data = JSON.stringify(JSON.parse(await readFile(id, "utf8")));
			return { code: `export default JSON.parse(${JSON.stringify(data)});\n`, moduleType: "js" };
		},
	};
}

const YAML = new URL("../node_modules/yaml/browser/dist/index.js", import.meta.url).pathname;

/**
 * Modules that libraries load and we have no use for, by who loads them; loading them costs every start. commander: for subcommands that are
 * programs of their own. undici: HTTP/2, which it is never asked for, and bodies as browsers have them; ours are bytes.
 */
const UNUSED = [
	{ importer: "/commander/", module: /^node:child_process$/ },
	{ importer: "/undici/", module: /\/client-h2\.js$|\/web\/fetch\/body\.js$/ },
];

/** How a program for Node is bundled: libraries as ES modules, so that only what is used gets in. */
export const nodeBundle = {
	platform: /** @type {const} */ ("node"),
	resolve: { alias: { yaml: YAML }, mainFields: ["module", "main"] },
	plugins: [sourcePlugin(), withoutUnused(), emojiOnUse()],
};

/** @returns {import("rolldown").Plugin} */
function withoutUnused() {
	const stub = "\0unused";
	return {
		name: "without-unused",
		resolveId: (source, from) =>
			UNUSED.some(({ importer, module }) => from?.includes(importer) && module.test(source)) ? { id: stub } : null,
		load: (id) => (id === stub ? "export default {};" : null),
	};
}

/**
 * string-width compiles an expression of every emoji as soon as it loads, a sixth of the start of `probe`. Only text beyond ASCII needs it.
 * @returns {import("rolldown").Plugin}
 */
function emojiOnUse() {
	const atOnce = "const rgiEmojiRegex = /^\\p{RGI_Emoji}$/v;";
	const onUse =
		"let emoji; const rgiEmojiRegex = { test: (text) => (emoji ??= RegExp(String.raw`^\\p{RGI_Emoji}$`, 'v')).test(text) };";
	return {
		name: "emoji-on-use",
		transform: (code, id) => {
			if (!id.includes("/string-width/")) return null;
			if (!code.includes(atOnce)) throw new Error(`${id} no longer has ${atOnce}`);
			// One line for one line: positions in the source stay as they are.
			return { code: code.replace(atOnce, () => onUse), map: null };
		},
	};
}

/** @param {string} path */
async function textModule(path) {
	const text = path.endsWith(".ts") ? await browserScript(path) : await readFile(path, "utf8");
	return { code: `export default ${JSON.stringify(text)};\n`, moduleType: /** @type {const} */ ("js") };
}

/**
 * A script with all that it imports, as one text that runs by itself.
 * @param {string} path
 */
async function browserScript(path) {
	const build = await rolldown({ input: path, platform: "browser" });
	const { output } = await build.generate({ format: "iife", minify: true });
	await build.close();
	return output[0].code;
}

/** @param {string} path */
async function templateModule(path) {
	const ast = Handlebars.parse(await readFile(path, "utf8"));
	new QuotingLint(path).accept(ast);
	const spec = Handlebars.precompile(ast, {
		noEscape: true,
		strict: true,
		knownHelpersOnly: true,
		preventIndent: true,
		knownHelpers: Object.fromEntries([...printers].map((name) => [name, true])),
	});
	return { code: `export default ${spec};\n`, moduleType: /** @type {const} */ ("js") };
}

/** Refuses `{{value}}`: whatever is printed goes through the helper that quotes for its place. */
class QuotingLint extends Handlebars.Visitor {
	/** @param {string} path */
	constructor(path) {
		super();
		this.path = path;
	}

	/**
	 * @override
	 * @param {hbs.AST.MustacheStatement} statement
	 */
	MustacheStatement(statement) {
		const original = "original" in statement.path ? String(statement.path.original) : "";
		if (!printers.has(original) || statement.params.length !== 1) {
			const { line, column } = statement.loc.start;
			throw new Error(
				`${this.path}:${line}:${column + 1}: {{${original}}} must be {{<${[...printers].join("|")}> value}}`,
			);
		}
	}
}
