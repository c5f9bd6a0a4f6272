// Turns a .hbs file into a module with its precompiled template, for esbuild and for vite. No template compiler runs at run time.
import { readFile } from "node:fs/promises";
import Handlebars from "handlebars";

/** Helpers that may print: each quotes for the language of the file, so a value can never break out. */
const printers = new Set(["sh", "ps", "xml", "md", "yaml", "prose", "code"]);

/** An esbuild plugin.
 * @returns {import("esbuild").Plugin}
 */
export function templates() {
	return {
		name: "templates",
		setup(build) {
			build.onLoad({ filter: /\.hbs$/ }, async ({ path }) => ({
				contents: await templateModule(path),
				loader: "js",
			}));
		},
	};
}

/** A vite plugin.
 * @returns {import("vitest/config").Plugin}
 */
export function viteTemplates() {
	return {
		name: "templates",
		async load(id) {
			return id.endsWith(".hbs") ? templateModule(id) : null;
		},
	};
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
	return `export default ${spec};\n`;
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
