// Rebuilds a collector's inventory.json from the manifests of its release repository: for whoever maintains this package.
//
//   node scripts/inventory.mjs CHECKOUT src/adapters/collectors/contrib/inventory.json
//
// CHECKOUT is a clone of https://github.com/open-telemetry/opentelemetry-collector-releases with its tags; the manifest is the one that the
// inventory's source names. Of every release from the inventory's oldest on, a component is there if its module is in the manifest. What a
// module's component is called stands in no manifest: names, and the release in which a new one came, are those of the inventory. A module
// without a known name is told and left out: look up `type` in its metadata.yaml, add the name to the inventory, and run this again.
// Review the diff, and run `npm test`.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";

/** @typedef {Record<string, Record<string, string>>} Components by kind: name -> range of releases */
/** @typedef {{ components: Components, deprecated?: Components, oldest: string, newest: string, source: string, read: string }} Inventory */
/** @typedef {{ release: string, modules: Record<string, string[]> }} Manifest */

const KINDS = ["connectors", "exporters", "extensions", "processors", "receivers"];

/**
 * Numbers of `v0.159.0`; undefined for what is no release.
 * @param {string} tag
 */
function numbersOf(tag) {
	return /^v(\d+)\.(\d+)\.(\d+)$/.exec(tag)?.slice(1).map(Number);
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
	const [left = [], right = []] = [numbersOf(`v${a}`), numbersOf(`v${b}`)];
	return left.map((number, nth) => number - (right[nth] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/**
 * Modules whose component is not called as their folder is, nor in the inventory's table of old names.
 * @type {Record<string, string[]>}
 */
const OTHER_NAMES = {
	asapauth: ["asapclient"],
	ballast: ["memory_ballast"],
	oauth2clientauth: ["oauth2client"],
	oidcauth: ["oidc"],
	podman: ["podman_stats"],
	simpleprometheus: ["prometheus_simple"],
	storage: ["db_storage", "file_storage"],
};

/**
 * `exporter/otlphttpexporter` and `otlp_http` have this in common.
 * @param {string} name
 */
function plain(name) {
	return name.replaceAll("_", "").toLowerCase();
}

/**
 * The names that a module's component may have: the last part of its path, without its kind.
 * @param {string} module
 * @param {string} kind
 */
function namesOf(module, kind) {
	const last =
		module
			.split("/")
			.filter((part) => !/^v\d+$/.test(part))
			.at(-1) ?? "";
	const suffix = kind.slice(0, -1);
	const stem = last.endsWith(suffix) ? last.slice(0, -suffix.length) : last;
	return [plain(stem), plain(last)];
}

/**
 * A range of releases as the inventory writes it, from the releases that have it.
 * @param {Set<string>} having
 * @param {string[]} releases
 */
function rangeOf(having, releases) {
	/** @type {string[]} */
	const ranges = [];
	/** @type {number | undefined} */
	let from;
	releases.forEach((release, index) => {
		const isThere = having.has(release);
		if (isThere && from === undefined) from = index;
		if (!isThere && from !== undefined) {
			ranges.push(bounds(from === 0 ? undefined : releases[from], release));
			from = undefined;
		}
	});
	if (from !== undefined) ranges.push(bounds(from === 0 ? undefined : releases[from], undefined));
	return ranges.join(" || ");
}

/**
 * @param {string | undefined} from
 * @param {string | undefined} to
 */
function bounds(from, to) {
	return [from === undefined ? "" : `>=${from}`, to === undefined ? "" : `<${to}`].filter(Boolean).join(" ");
}

/**
 * Whether a range of the inventory has a release.
 * @param {string} range
 * @param {string} release
 */
function isIn(range, release) {
	return range.split(" || ").some((part) => {
		const from = />=(\S+)/.exec(part)?.[1];
		const to = /<(\S+)/.exec(part)?.[1];
		return (!from || compare(release, from) >= 0) && (!to || compare(release, to) < 0);
	});
}

/**
 * The new inventory, and the modules without a known name. `manifests` are the modules by kind of every release, oldest first.
 * @param {Inventory} inventory
 * @param {Manifest[]} manifests
 * @param {string} source
 * @param {string} read
 */
function rebuilt(inventory, manifests, source, read) {
	const releases = manifests.map(({ release }) => release);
	const components = { ...inventory.components };
	const unknown = new Map();
	for (const kind of KINDS) {
		const known = inventory.components[kind] ?? {};
		const aliases = inventory.deprecated?.[kind] ?? {};
		/** @type {Record<string, Set<string>>} */
		const found = {};
		for (const { release, modules } of manifests) {
			for (const module of modules[kind] ?? []) {
				const stems = namesOf(module, kind);
				const others = stems.flatMap((stem) => OTHER_NAMES[stem] ?? []);
				const own = Object.keys(known).filter((name) => stems.includes(plain(name)) || others.includes(name));
				// An old name and a new one may share no letters: the table of names joins them.
				const names = new Set(own.flatMap((name) => [name, aliases[name] ?? name, ...namedBefore(aliases, name)]));
				if (names.size === 0) unknown.set(`${kind}: ${module}`, release);
				// Which of its names a release knows says the inventory; a newer release knows those of the newest there.
				const at = compare(release, inventory.newest) > 0 ? inventory.newest : release;
				for (const name of names) {
					if (!(name in known) || (names.size > 1 && !isIn(known[name] ?? "", at))) continue;
					const having = found[name] ?? new Set();
					found[name] = having.add(release);
				}
			}
		}
		const gone = Object.keys(known).filter((name) => !(name in found));
		for (const name of gone) unknown.set(`${kind}: ${name}`, "no manifest");
		/** @type {[string, string][]} */
		const rows = Object.entries(found).map(([name, having]) => [name, rangeOf(having, releases)]);
		for (const name of gone) rows.push([name, known[name] ?? ""]);
		components[kind] = Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
	}
	const newest = releases.at(-1);
	return {
		inventory: { ...inventory, components, newest, read, source },
		unknown: [...unknown].map(([what, where]) => `${what}, last in ${where}`),
	};
}

/**
 * @param {Record<string, string>} aliases
 * @param {string} name
 */
function namedBefore(aliases, name) {
	return Object.entries(aliases).flatMap(([old, now]) => (now === name ? [old] : []));
}

/** @param {{ gomod: string }} entry */
function moduleOf({ gomod }) {
	return gomod.trim().split(/\s+/)[0];
}

/** @param {string[]} words */
function main([checkout, file]) {
	if (!checkout || !file) throw new Error("usage: node scripts/inventory.mjs CHECKOUT INVENTORY");
	/** @param {string[]} args */
	const git = (...args) => execFileSync("git", ["-C", checkout, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
	const inventory = JSON.parse(readFileSync(file, "utf8"));
	const [, repository, path] = /^(.*)\/blob\/v[\d.]+\/(.*)$/.exec(inventory.source) ?? [];
	if (!path) throw new Error(`the source of ${file} names no manifest of a release`);
	const tags = git("tag")
		.split("\n")
		.filter((tag) => numbersOf(tag) && compare(tag.slice(1), inventory.oldest) >= 0)
		.sort((a, b) => compare(a.slice(1), b.slice(1)));
	const manifests = tags.flatMap((tag) => {
		let text;
		try {
			text = git("show", `${tag}:${path}`);
		} catch {
			return [];
		}
		const sections = parse(text);
		const modules = Object.fromEntries(KINDS.map((kind) => [kind, (sections[kind] ?? []).map(moduleOf)]));
		return [{ release: tag.slice(1), modules }];
	});
	if (manifests.length === 0)
		throw new Error(`no release from ${inventory.oldest} on has ${path}; are the tags there?`);
	const newest = manifests.at(-1)?.release ?? "";
	if (compare(newest, inventory.newest) < 0)
		throw new Error(`the checkout ends at ${newest}, the inventory at ${inventory.newest}`);
	const source = `${repository}/blob/v${newest}/${path}`;
	const made = rebuilt(inventory, manifests, source, git("log", "-1", "--format=%cs", `v${newest}`).trim());
	writeFileSync(file, `${JSON.stringify(made.inventory, undefined, "\t")}\n`);
	process.stdout.write(`${file}: ${manifests.length} releases, ${inventory.oldest} to ${newest}\n`);
	for (const each of made.unknown) process.stdout.write(`  look at ${each}\n`);
}

main(process.argv.slice(2));
