// How sources are turned into modules, for the build and for the tests alike.
import { readFile } from "node:fs/promises";
import Handlebars from "handlebars";

/** Helpers that may print: each quotes for the language of the file, so a value can never break out. */
const printers = new Set(["sh", "ps", "xml", "md", "yaml", "prose", "code"]);

/**
 * Precompiles `.hbs` files (no template compiler runs at run time) and loads `.json` tables as one string, which V8 reads faster than
 * the same data as code.
 * @returns {{ name: string, load(id: string): Promise<string | { code: string, moduleType: "js" } | null> }}
 */
export function sourcePlugin() {
	return {
		name: "sources",
		async load(id) {
			if (id.endsWith(".hbs")) return templateModule(id);
			if (!id.endsWith(".json")) return null;
			const data = JSON.stringify(JSON.parse(await readFile(id, "utf8")));
			return { code: `export default JSON.parse(${JSON.stringify(data)});\n`, moduleType: "js" };
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
