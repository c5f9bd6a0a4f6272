// Writes the registries of the adapters from their folders: src/adapters/<kind>/*.generated.ts.
// `npm run build` does it first, so that an adapter is registered by being there.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of an adapter, and the list its export goes into.
 * @typedef {object} Part
 * @property {string} file its name, the same in every folder of the kind
 * @property {boolean} [optional] whether a folder may do without it
 * @property {string} [exports] the name it exports, the same in every folder of the kind; a file without one is the folder's own business
 * @property {string} [type] of what it exports, and where the type is, relative to the kind's folder
 * @property {string} [from]
 * @property {string} [list] what the list is called
 * @property {string} [into] the file that the list is written to
 * @property {boolean} [table] a table by id in place of a list
 * @property {boolean} [lazy] a table of functions that load it
 */

/** What a folder of each kind holds, and nothing else. @type {Readonly<Record<string, readonly Part[]>>} */
export const kinds = {
	clis: [
		{
			file: "index.ts",
			exports: "cli",
			type: "Cli",
			from: "./cli.ts",
			list: "clis",
			into: "registry.generated.ts",
		},
		{
			file: "layers.ts",
			exports: "layering",
			type: "CliLayering",
			from: "./layering.ts",
			list: "layerings",
			into: "layers.generated.ts",
		},
		{
			file: "emits.ts",
			exports: "form",
			type: "TelemetryForm",
			from: "./form.ts",
			list: "forms",
			into: "emits.generated.ts",
		},
		// What prints the header, for a CLI whose settings can name a program for it.
		{ file: "header.sh", optional: true },
		{ file: "exporters.ts", optional: true },
		// What deeper values must be for it to start.
		{ file: "values.ts", optional: true },
	],
	collectors: [
		{
			file: "index.ts",
			exports: "distribution",
			type: "Distribution | BuildBehind",
			from: "./distribution.ts",
			list: "distributions",
			into: "registry.generated.ts",
			lazy: true,
		},
		{ file: "inventory.json", optional: true },
	],
	providers: [
		{
			file: "index.ts",
			exports: "provider",
			type: "Provider | TokenIssuer",
			from: "./provider.ts",
			list: "issuers",
			into: "registry.generated.ts",
		},
		{
			file: "sandbox.ts",
			optional: true,
			exports: "sandbox",
			type: "SandboxProvider",
			from: "./sandbox.ts",
			list: "sandboxProviders",
			into: "sandbox.generated.ts",
		},
		{
			file: "rotate.ts",
			exports: "rotation",
			type: "ProviderRotation",
			from: "./rotation.ts",
			list: "rotations",
			into: "rotations.generated.ts",
		},
	],
	stores: [
		{
			file: "index.ts",
			exports: "store",
			type: "StoreKind",
			from: "./store.ts",
			list: "storeKinds",
			into: "registry.generated.ts",
		},
		// How it is spoken to, and how its documents are written, where that is more than a few lines.
		{ file: "client.ts", optional: true },
		{ file: "format.ts", optional: true },
	],
	vehicles: [
		{
			file: "index.ts",
			exports: "vehicle",
			type: "Vehicle",
			from: "./vehicle.ts",
			list: "vehicles",
			into: "registry.generated.ts",
		},
		{
			file: "kit.ts",
			optional: true,
			exports: "kit",
			type: "Kit",
			from: "./kit.ts",
			list: "kits",
			into: "kit.generated.ts",
			table: true,
		},
		// A file of a form of its own that the vendor takes.
		{ file: "package.ts", optional: true },
	],
};

/**
 * Every generated file by its path below `src/adapters`. Throws an error that names a folder with a file too few or too many.
 * @param {string} adapters path of `src/adapters`
 * @returns {Record<string, string>}
 */
export function registries(adapters) {
	const folders = readdirSync(adapters, { withFileTypes: true }).filter((entry) => entry.isDirectory());
	return Object.assign({}, ...folders.map(({ name }) => kindFiles(adapters, name)));
}

/**
 * @param {string} adapters
 * @param {string} kind
 */
function kindFiles(adapters, kind) {
	const parts = kinds[kind];
	if (!parts)
		throw new Error(`src/adapters/${kind}: there is no such kind; kinds are ${Object.keys(kinds).join(", ")}`);
	const found = readdirSync(join(adapters, kind), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map(({ name: id }) => ({ id, ...adapter(join(adapters, kind, id), `src/adapters/${kind}/${id}`, parts) }))
		.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
	/** @type {Record<string, string>} */
	const files = {};
	for (const part of parts) {
		if (part.into)
			files[`${kind}/${part.into}`] = listOf(
				part,
				found.filter(({ has }) => has.includes(part.file)),
			);
	}
	return files;
}

/**
 * Looks a folder over: which of the kind's files it has, and its place in the lists.
 * @param {string} folder
 * @param {string} shown
 * @param {readonly Part[]} parts
 */
function adapter(folder, shown, parts) {
	const has = readdirSync(folder);
	const names = parts.map(({ file }) => file);
	const missing = parts.filter(({ file, optional }) => !optional && !has.includes(file)).map(({ file }) => file);
	const extra = has.filter((name) => !names.includes(name));
	if (missing.length > 0)
		throw new Error(`${shown}: ${missing.join(", ")} is missing; a folder of this kind holds ${names.join(", ")}`);
	if (extra.length > 0)
		throw new Error(
			`${shown}: ${extra.join(", ")} does not belong there; a folder of this kind holds ${names.join(", ")}`,
		);
	const order = /^\torder: (\d+),$/m.exec(readFileSync(join(folder, "index.ts"), "utf8"))?.[1];
	if (!order)
		throw new Error(
			`${shown}/index.ts: no line "order: <number>,"; it is the adapter's place in lists, the lowest first`,
		);
	return { has, order: Number(order) };
}

/**
 * @param {Part} part
 * @param {readonly { id: string }[]} found in the order of the list
 */
function listOf({ file, exports, type, from, list, table, lazy }, found) {
	const head = "// Generated by scripts/registries.mjs from the folders next to it; `npm run build` updates it.\n";
	const types = `import type { ${String(type).split(" | ").join(", ")} } from "${from}";\n`;
	if (lazy) {
		const rows = found.map(({ id }) => `\t"${id}": () => import("./${id}/${file}"),\n`);
		return `${head}${types}\nexport const ${list}: Readonly<Record<string, () => Promise<{ ${exports}: ${type} }>>> = {\n${rows.join("")}};\n`;
	}
	const name = (/** @type {string} */ id) => id.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
	const imports = found.map(({ id }) => `import { ${exports} as ${name(id)} } from "./${id}/${file}";\n`).sort();
	if (table) {
		const rows = found.map(({ id }) => `\t"${id}": ${name(id)},\n`);
		return `${head}${types}${imports.join("")}\nexport const ${list}: Readonly<Record<string, ${type}>> = {\n${rows.join("")}};\n`;
	}
	const rows = found.map(({ id }) => `\t${name(id)},\n`);
	const one = String(type).includes("|") ? `(${type})` : type;
	const some = found.length === 0 ? `readonly ${one}[]` : `readonly [${type}, ...${one}[]]`;
	return `${head}${types}${imports.join("")}\nexport const ${list}: ${some} = [\n${rows.join("")}];\n`;
}

/**
 * The names of registries that are not as the folders say, or that no folder asks for any more.
 * @param {string} adapters
 */
function stale(adapters) {
	const files = registries(adapters);
	const there = readdirSync(adapters, { recursive: true, encoding: "utf8" }).filter((name) =>
		name.endsWith(".generated.ts"),
	);
	const isFresh = (/** @type {string} */ name) =>
		there.includes(name) && readFileSync(join(adapters, name), "utf8") === files[name];
	return { files, names: [...new Set([...there, ...Object.keys(files)])].filter((name) => !isFresh(name)) };
}

/**
 * Writes what is stale, and removes what no folder asks for any more.
 * @param {string} adapters
 */
export function writeRegistries(adapters) {
	const { files, names } = stale(adapters);
	for (const name of names) {
		const text = files[name];
		if (text === undefined) rmSync(join(adapters, name));
		else writeFileSync(join(adapters, name), text);
	}
}

/**
 * Throws an error that names what is stale.
 * @param {string} adapters
 */
export function checkRegistries(adapters) {
	const { names } = stale(adapters);
	if (names.length > 0)
		throw new Error(`${names.join(", ")}: not what the folders say; run npm run build and commit it`);
}
