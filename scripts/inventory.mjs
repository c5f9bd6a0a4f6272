// Adds the releases of a collector distribution that its inventory.json does not know yet, from checkouts of its release repository (one
// manifest for each tag) and of the repositories its components come from (one metadata.yaml for each component). It prints what changes;
// review that, then run it with --write.
//
// Example, with the three repositories cloned next to this one:
//   node scripts/inventory.mjs contrib --releases ../opentelemetry-collector-releases \
//     --source go.opentelemetry.io/collector=../opentelemetry-collector \
//     --source github.com/open-telemetry/opentelemetry-collector-contrib=../opentelemetry-collector-contrib
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "yaml";

/** Where each distribution's manifest is in its release repository. Others are not built from manifests there. */
const MANIFESTS = {
	contrib: "distributions/otelcol-contrib/manifest.yaml",
	k8s: "distributions/otelcol-k8s/manifest.yaml",
};
const REPOSITORY = "https://github.com/open-telemetry/opentelemetry-collector-releases";
const SECTIONS = ["connectors", "exporters", "extensions", "processors", "receivers"];

/**
 * @typedef {object} Inventory as in `src/adapters/collectors/distribution.ts`
 * @property {Record<string, Record<string, string>>} components
 * @property {Record<string, Record<string, string>>} deprecated
 * @property {string} newest
 * @property {string} read
 * @property {string} source
 */

/** @typedef {{ type: string, formerly?: string }} Component */

/**
 * The inventory with one more release in it: what the release has and the table does not gets `>=release`, what it no longer has gets
 * `<release`. Changes nothing that is given.
 * @param {Inventory} inventory
 * @param {string} release
 * @param {Readonly<Record<string, readonly Component[]>>} found by section
 * @returns {{ inventory: Inventory, changes: string[] }}
 */
export function withRelease(inventory, release, found) {
	/** @type {string[]} */
	const changes = [];
	const components = structuredClone(inventory.components);
	const deprecated = structuredClone(inventory.deprecated);
	for (const section of SECTIONS) {
		const table = components[section] ?? {};
		components[section] = table;
		const names = new Set(
			(found[section] ?? []).flatMap(({ type, formerly }) => [type, ...(formerly ? [formerly] : [])]),
		);
		for (const { type, formerly } of found[section] ?? []) {
			if (!formerly || deprecated[section]?.[formerly] === type) continue;
			deprecated[section] = { ...deprecated[section], [formerly]: type };
			changes.push(`${release}: ${section}.${formerly} is now called ${type}`);
		}
		for (const name of [...names].filter((each) => !isOpen(table[each])).sort()) {
			table[name] = table[name] === undefined ? `>=${release}` : `${table[name]} || >=${release}`;
			changes.push(`${release}: ${section}.${name} is new`);
		}
		for (const name of Object.keys(table).filter((each) => isOpen(table[each]) && !names.has(each))) {
			table[name] = `${table[name]} <${release}`.trim();
			changes.push(`${release}: ${section}.${name} is gone`);
		}
	}
	return { inventory: { ...inventory, components, deprecated, newest: release }, changes };
}

/** Whether a range has no end: its last part is everything, or everything from a release on. @param {string | undefined} range */
function isOpen(range) {
	return range !== undefined && !range.split(" || ").at(-1)?.includes("<");
}

/** @param {string} folder @param {readonly string[]} args */
const git = (folder, args) =>
	execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/**
 * Releases after the newest known one, the oldest first: tags like v0.160.0, without nightly ones and release candidates.
 * @param {string} folder
 * @param {string} newest
 */
function newReleases(folder, newest) {
	/** @param {string} version */
	const number = (version) => version.split(".").map(Number);
	/** @param {string} a @param {string} b */
	const order = (a, b) => number(a).reduce((sum, part, index) => sum || part - (number(b)[index] ?? 0), 0);
	return git(folder, ["tag"])
		.split("\n")
		.flatMap((tag) => /^v(\d+\.\d+\.\d+)$/.exec(tag)?.[1] ?? [])
		.filter((version) => order(version, newest) > 0)
		.sort(order);
}

/** @typedef {{ prefix: string, folder: string }} Source a prefix of module paths, and a checkout of their repository */

/**
 * Components of one release by section. Throws with every module whose metadata cannot be read.
 * @param {string} releases
 * @param {string} manifest
 * @param {string} release
 * @param {readonly Source[]} sources
 */
function componentsOf(releases, manifest, release, sources) {
	const text = parse(git(releases, ["show", `v${release}:${manifest}`]));
	/** @type {string[]} */
	const problems = [];
	/** @type {Record<string, Component[]>} */
	const found = {};
	for (const section of SECTIONS) {
		/** @type {{ gomod: string }[]} */
		const modules = text[section] ?? [];
		found[section] = modules.flatMap(({ gomod }) => {
			const [module = "", version = ""] = gomod.split(" ");
			try {
				return [componentOf(module, version, sources)];
			} catch (error) {
				problems.push(`${section}: ${gomod}: ${messageOf(error).trim().split("\n").at(-1)}`);
				return [];
			}
		});
	}
	if (problems.length > 0) throw new Error(`release ${release} cannot be read:\n  ${problems.join("\n  ")}`);
	return found;
}

/**
 * The former name stands in metadata.yaml; in some releases (core 0.144 to 0.147) only in the code.
 * @param {string} module
 * @param {string} version
 * @param {readonly Source[]} sources
 * @returns {Component}
 */
function componentOf(module, version, sources) {
	const source = sources.find(({ prefix }) => module.startsWith(`${prefix}/`));
	if (!source) throw new Error("in none of the --source repositories");
	const folder = module.slice(source.prefix.length + 1);
	const { type, deprecated_type } = parse(git(source.folder, ["show", `${version}:${folder}/metadata.yaml`]));
	if (typeof type !== "string") throw new Error("no type in metadata.yaml");
	const formerly = deprecated_type ?? aliasIn(source.folder, `${version}:${folder}/factory.go`);
	return { type, ...(formerly ? { formerly } : {}) };
}

/** @param {string} folder @param {string} file */
function aliasIn(folder, file) {
	try {
		return /WithDeprecatedTypeAlias\(component\.MustNewType\("(\w+)"\)/.exec(git(folder, ["show", file]))?.[1];
	} catch {
		return undefined;
	}
}

/** @param {unknown} value @returns {unknown} */
function sorted(value) {
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([key, each]) => [key, sorted(each)]),
	);
}

/** @param {unknown} error */
function messageOf(error) {
	return error instanceof Error ? error.message : String(error);
}

const USAGE =
	"usage: node scripts/inventory.mjs contrib|k8s --releases FOLDER --source MODULE=FOLDER [--source …] [--file FILE] [--write]";

function main() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			releases: { type: "string" },
			source: { type: "string", multiple: true, default: [] },
			file: { type: "string" },
			write: { type: "boolean", default: false },
		},
	});
	const [id = ""] = positionals;
	const manifest = new Map(Object.entries(MANIFESTS)).get(id);
	if (!manifest || !values.releases || values.source.some((each) => !each.includes("="))) throw new Error(USAGE);
	const file = values.file ?? new URL(`../src/adapters/collectors/${id}/inventory.json`, import.meta.url).pathname;
	const sources = values.source.map((each) => ({
		prefix: each.slice(0, each.indexOf("=")),
		folder: each.slice(each.indexOf("=") + 1),
	}));
	let inventory = JSON.parse(readFileSync(file, "utf8"));
	/** @type {string[]} */
	const changes = [];
	for (const release of newReleases(values.releases, inventory.newest)) {
		const step = withRelease(inventory, release, componentsOf(values.releases, manifest, release, sources));
		inventory = step.inventory;
		changes.push(`${release}:`, ...step.changes.map((change) => `  ${change.slice(release.length + 2)}`));
	}
	process.stdout.write(changes.length > 0 ? `${changes.join("\n")}\n` : `nothing newer than ${inventory.newest}\n`);
	if (!values.write || changes.length === 0) return;
	const told = {
		...inventory,
		read: new Date().toISOString().slice(0, 10),
		source: `${REPOSITORY}/blob/v${inventory.newest}/${manifest}`,
	};
	writeFileSync(file, `${JSON.stringify(sorted(told), undefined, "\t")}\n`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
	try {
		main();
	} catch (error) {
		process.stderr.write(`${messageOf(error)}\n`);
		process.exitCode = 1;
	}
}
