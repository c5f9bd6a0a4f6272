import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { isInRange, versionText } from "../../base/versions.ts";
import { hasComponent, isKnownRelease } from "../plan/release.ts";
import {
	type AlloyAttribute,
	type AlloyBlockNode,
	type AlloyStatement,
	type AlloyToken,
	parseAlloy,
	stringValue,
} from "../splice/alloy-syntax.ts";
import { attributesOf, paths, tokenFile } from "./alloy-files.ts";
import { alloyId, exportsOf, hasSettings, moduleShape, settingFindings, settingsRelease } from "./alloy-settings.ts";
import { credentialFindings, isCredentialKey, urlFindings } from "./credentials.ts";
import { isProvider } from "./delivery.ts";
import { alloyPassage } from "./passing.ts";
import type { ConfigFinding } from "./rules.ts";
import { type CredentialUser, sharedCredentials } from "./shared-credentials.ts";
import { ASK_PROGRAM, type Target } from "./structure.ts";
import { readQuietly } from "./token-files.ts";

/** All offline findings about an Alloy config. */
export function alloyFindings(statements: readonly AlloyStatement[], target: Target): ConfigFinding[] {
	if (statements.length === 0) return [{ rule: "no-config", at: 0, what: "there is no block in this file" }];
	const blocks = blocksBelow(statements);
	const ours = rotatedBlocks(blocks);
	return [
		...moduleFindings(statements, target, { declared: [], ids: [] }).map((found) =>
			found.rule === "token-from-env" && ours.some(({ from, to }) => from <= found.at && found.at < to)
				? { ...found, severity: "error" as const }
				: found,
		),
		...sharedCredentials(credentialUsers(blocks)),
		...alloyPassage(blocks, ours),
	];
}

/** What the exporters of otelcol components send: the file behind an authenticator, or else the authenticator. */
function credentialUsers(blocks: readonly AlloyBlockNode[]): CredentialUser[] {
	return blocks
		.filter(({ name }) => name.startsWith("otelcol.exporter."))
		.flatMap((block) => {
			const set = attributesOf(block.body);
			const used = set.filter(({ name }) => name === "auth").flatMap(({ value }) => paths(value));
			return used.map(({ path }): CredentialUser => {
				const id = path.replace(/\.handler$/, "");
				const auth = blocks.find((each) => alloyId(each) === id);
				const sources = auth ? attributesOf(auth.body).flatMap(({ value }) => paths(value)) : [];
				const file = sources.map((each) => /^local\.file\.\w+/.exec(each.path)?.[0]).find(Boolean);
				return {
					exporter: alloyId(block),
					at: block.from,
					credential: file ?? id,
					authenticator: id,
					endpoints: textsOf(set),
				};
			});
		});
}

/** Names of components whose settings are not in our tables: what stands in them was not looked at. */
export function componentsWithoutSettings(
	statements: readonly AlloyStatement[],
	{ inventory }: Pick<Distribution, "inventory">,
): string[] {
	return blocksBelow(statements)
		.map(({ name }) => name)
		.filter((name) => ownEntry(inventory.components["components"], name) !== undefined && !hasSettings(name));
}

/** Stability levels, the lowest first. https://grafana.com/docs/alloy/latest/reference/cli/run/ */
const LEVELS = ["experimental", "public-preview"];

/** The lowest stability level that a config's components have; undefined if all are generally available. */
export function neededStability(
	statements: readonly AlloyStatement[],
	{ inventory }: Pick<Distribution, "inventory">,
): string | undefined {
	const levels = blocksBelow(statements).map(({ name }) => ownEntry(inventory.stability, name));
	return LEVELS.find((level) => levels.includes(level));
}

/** What a module sees of the modules around it. */
interface Outer {
	/** Custom components. */
	readonly declared: readonly string[];
	/** Components that it may refer to: a template of `foreach` sees them, a `declare` does not. */
	readonly ids: readonly string[];
}

/** Blocks whose body is a module of its own, with components and references that count only there. */
const MODULES = ["declare", "foreach"];

/**
 * Modules that are in other places, or in a text, and a whole config from a server. https://grafana.com/docs/alloy/latest/get-started/modules/#import-modules
 * https://grafana.com/docs/alloy/latest/reference/config-blocks/remotecfg/
 */
function importFindings(block: AlloyBlockNode, target: Target): ConfigFinding[] {
	const { name, label, from } = block;
	if (name === "remotecfg") {
		const fix = "Check what that server sends, too: it is a config of its own.";
		return [{ rule: "not-read", at: from, what: "what remotecfg fetches was not checked", fix }];
	}
	if (!name.startsWith("import.")) return [];
	const inText = name === "import.string" ? findingsInText(block, target) : undefined;
	if (inText) return inText;
	const fix = "Check the modules that it names, too: each is a file of its own.";
	return [{ rule: "not-read", at: from, what: `what ${name} ${shown(label ?? "")} brings was not checked`, fix }];
}

/** Those about the modules of a text in the file, each at its place, or where the text begins; undefined where it is not in the file as a whole. */
function findingsInText({ body }: AlloyBlockNode, target: Target): ConfigFinding[] | undefined {
	const content = body.find((each) => each.kind === "attribute" && each.name === "content");
	const [token, more] = content?.kind === "attribute" ? content.value : [];
	if (token?.kind !== "string" || more) return undefined;
	const isRaw = token.text.startsWith("`");
	const statements = readQuietly(() => parseAlloy(stringValue(token), "embedded.alloy"));
	return (
		statements &&
		moduleFindings(statements, target, { declared: [], ids: [] }).map((found) => ({
			...found,
			at: isRaw ? token.from + 1 + found.at : token.from,
		}))
	);
}

function declaredIn(statements: readonly AlloyStatement[]): string[] {
	return statements.flatMap((each) =>
		each.kind === "block" && (each.name === "declare" || each.name.startsWith("import.")) ? [each.label ?? ""] : [],
	);
}

/** The findings about a module: the file itself, the body of a `declare`, or the template of a `foreach`. */
function moduleFindings(statements: readonly AlloyStatement[], target: Target, outer: Outer): ConfigFinding[] {
	const blocks = statements.filter((each) => each.kind === "block");
	const declared = [...outer.declared, ...declaredIn(statements)];
	const ids = [...outer.ids, ...blocks.map(alloyId)];
	const own = statements.filter((each) => each.kind === "attribute" || !MODULES.includes(each.name));
	const components = own.filter((each) => each.kind === "block");
	const inner = blocks.flatMap((block): ConfigFinding[] => {
		if (block.name === "declare") return moduleFindings(block.body, target, { declared, ids: [] });
		if (block.name !== "foreach") return [];
		return block.body.flatMap((each) =>
			each.kind === "block" && each.name === "template" ? moduleFindings(each.body, target, { declared, ids }) : [],
		);
	});
	const isComponent = (name: string) =>
		ownEntry(target.distribution.inventory.components["components"], name) !== undefined;
	return [
		...moduleShape(statements, isComponent),
		...blocks.flatMap((block) => known(block, declared, target)),
		...blocks.flatMap((block) => importFindings(block, target)),
		...blocks.flatMap((block) => ofRelease(settingFindings(block), target)),
		...references(own, new Set(ids), target),
		...cycles(components),
		...components.flatMap((block) => tokenFile(block, own)),
		...components.flatMap((block) => settings(block, block)),
		...inner,
	];
}

/** Every block that is a component, also in modules. */
function blocksBelow(statements: readonly AlloyStatement[]): AlloyBlockNode[] {
	return statements.flatMap((each) =>
		each.kind === "block"
			? [each, ...([...MODULES, "template"].includes(each.name) ? blocksBelow(each.body) : [])]
			: [],
	);
}

/** Exporters to a provider of tokens that we know, and the authenticators they use: their token is certainly rotated. */
function rotatedBlocks(blocks: readonly AlloyBlockNode[]): AlloyBlockNode[] {
	const exporters = blocks.filter(
		({ name, label, body }) =>
			name.startsWith("otelcol.exporter.") && isProvider(`${name}.${label}`, textsOf(attributesOf(body))),
	);
	const used = exporters.flatMap(({ body }) => attributesOf(body).flatMap(({ value }) => paths(value)));
	return [...exporters, ...blocks.filter((block) => used.some(({ path }) => path.startsWith(`${alloyId(block)}.`)))];
}

function textsOf(attributes: readonly AlloyAttribute[]): string[] {
	return attributes.flatMap(({ name, value }) =>
		/endpoint$/.test(name) && value[0]?.kind === "string" ? [stringValue(value[0])] : [],
	);
}

/** Findings about settings: certain for the release of our tables, a warning for another, which may have other settings. */
function ofRelease(findings: readonly ConfigFinding[], { own }: Target): ConfigFinding[] {
	return versionText(own) === settingsRelease
		? [...findings]
		: findings.map((found) => ({
				...found,
				severity: "warning",
				what: `${found.what}, in Alloy ${settingsRelease}`,
				fix: ASK_PROGRAM,
			}));
}

/** A component that refers to itself, through others or not. */
function cycles(blocks: readonly AlloyBlockNode[]): ConfigFinding[] {
	const ids = blocks.map(alloyId);
	const next = blocks.map(({ body }) => {
		const used = attributesOf(body).flatMap(({ value }) => paths(value).map(({ path }) => path));
		return ids.flatMap((id, index) => (used.some((path) => path.startsWith(`${id}.`)) ? [index] : []));
	});
	const found = blocks.findIndex((_, start) => {
		const [seen, waiting] = [new Set<number>(), [...(next[start] ?? [])]];
		for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
			if (each === start) return true;
			if (seen.has(each)) continue;
			seen.add(each);
			waiting.push(...(next[each] ?? []));
		}
		return false;
	});
	const block = blocks[found];
	return block
		? [
				{
					rule: "connector-cycle",
					at: block.from,
					what: `${shown(alloyId(block))} refers to itself, through others or not`,
				},
			]
		: [];
}

function known(
	{ name, from }: AlloyBlockNode,
	declared: readonly string[],
	{ distribution, own }: Target,
): ConfigFinding[] {
	const { inventory, title } = distribution;
	const blocks = Object.keys(inventory.blocks ?? {});
	const release = `${title} ${versionText(own)}`;
	const range = ownEntry(inventory.blocks, name);
	if (range !== undefined && !isInRange(own, range) && isKnownRelease(distribution, own))
		return [{ rule: "unknown-component", at: from, what: `${release} has no block ${name}` }];
	if (range === undefined && declared.includes(name.split(".", 1)[0] ?? "")) return [];
	if (range === undefined && !hasComponent(distribution, own, "components", name)) {
		if (!isKnownRelease(distribution, own)) {
			const what = `${release} is not in our tables (${inventory.oldest} to ${inventory.newest}), which do not have ${shown(name)}`;
			return [{ rule: "unknown-component", severity: "warning", at: from, what, fix: ASK_PROGRAM }];
		}
		const others = Object.keys(inventory.components["components"] ?? {});
		const meant = nearest(name, [
			...others.filter((each) => hasComponent(distribution, own, "components", each)),
			...blocks,
		]);
		const what = `${release} has no component ${shown(name)}`;
		return [{ rule: "unknown-component", at: from, what, fix: meant && `Did you mean ${meant}?` }];
	}
	const stability = ownEntry(inventory.stability, name);
	if (!stability) return [];
	const what = `${name} is ${stability}: start Alloy with --stability.level=${stability}`;
	return [{ rule: "stability-level", at: from, what }];
}

/** `otelcol.processor.batch.default.input` must refer to an existing component. */
function references(
	statements: readonly AlloyStatement[],
	ids: ReadonlySet<string>,
	{ distribution }: Target,
): ConfigFinding[] {
	const names = Object.keys(distribution.inventory.components["components"] ?? {});
	return attributesOf(statements).flatMap(({ value }) =>
		paths(value).flatMap(({ path, at }): ConfigFinding[] => {
			const name = names.find(
				(each) =>
					path.startsWith(`${each}.`) &&
					!names.some((other) => other.length > each.length && path.startsWith(`${other}.`)),
			);
			const [label, exported] = name ? path.slice(name.length + 1).split(".") : [];
			if (!name || !label) return [];
			if (ids.has(`${name}.${label}`)) return notExported(name, label, exported, at);
			const meant = nearest(`${name}.${label}`, [...ids]);
			return [
				{
					rule: "missing-reference",
					at,
					what: `${shown(`${name}.${label}`)} is not defined`,
					fix: meant && `Did you mean ${meant}?`,
				},
			];
		}),
	);
}

/** A reference to what a component does not export; what others than those in our tables export is not known. */
function notExported(name: string, label: string, exported: string | undefined, at: number): ConfigFinding[] {
	const all = exportsOf(name);
	if (!all || exported === undefined || all.includes(exported)) return [];
	const fix = all.length > 0 ? `It exports ${all.join(", ")}.` : "It exports nothing.";
	const what = `${shown(`${name}.${label}`)} does not export ${shown(exported)}`;
	return [{ rule: "missing-reference", at, what, fix }];
}

function settings(block: AlloyBlockNode, owner: AlloyBlockNode): ConfigFinding[] {
	const id = `${owner.name}${owner.label === undefined ? "" : `.${owner.label}`}`;
	return block.body.flatMap((each): ConfigFinding[] => {
		if (each.kind === "block") {
			if (
				each.name === "sending_queue" &&
				owner.name.startsWith("otelcol.exporter.") &&
				isSet(each, "enabled", "false")
			) {
				return [{ rule: "queue-off", at: each.from, what: `the sending queue of ${shown(id)} is off` }];
			}
			if (each.name === "header") return headerBlock(each, shown(id));
			return settings(each, owner);
		}
		return attribute(each, `${shown(each.name)} of ${shown(id)}`);
	});
}

function isSet(block: AlloyBlockNode, name: string, text: string): boolean {
	return block.body.some((each) => each.kind === "attribute" && each.name === name && each.value[0]?.text === text);
}

function attribute({ name, value, from }: AlloyAttribute, place: string): ConfigFinding[] {
	if (name === "headers" || name === "http_headers") return headerFindings(value, place);
	const [first] = value;
	if (isCredentialKey(name)) return credential(value, from, place);
	const isText = value.length === 1 && first?.kind === "string";
	return isText && /endpoint|url/i.test(name) ? urlFindings(stringValue(first), first.from, place) : [];
}

/** The values of an object of headers: `{ "Authorization" = … }`. */
function headerFindings(value: readonly AlloyToken[], place: string): ConfigFinding[] {
	return value.flatMap((token, index) => {
		if (value[index + 1]?.text !== "=") return [];
		const key = token.kind === "string" ? stringValue(token) : token.text;
		if (!isCredentialKey(key)) return [];
		return credential(untilComma(value.slice(index + 2)), token.from, `${shown(key)} in ${place}`);
	});
}

/** An entry's value: up to the comma or bracket behind it, those of calls and lists in it left aside. */
function untilComma(value: readonly AlloyToken[]): readonly AlloyToken[] {
	let depth = 0;
	const end = value.findIndex(({ kind, text }) => {
		if (kind !== "mark") return false;
		if ("([{".includes(text)) depth++;
		else if (")]}".includes(text)) return depth-- === 0;
		return text === "," && depth === 0;
	});
	return value.slice(0, end === -1 ? undefined : end);
}

/** A header as a block of its own, with its name and its value as settings. */
function headerBlock({ body }: AlloyBlockNode, place: string): ConfigFinding[] {
	const set = (name: string) =>
		body.find((each): each is AlloyAttribute => each.kind === "attribute" && each.name === name);
	const [key, value] = [set("key")?.value[0], set("value")];
	const name = key?.kind === "string" ? stringValue(key) : "";
	return value && isCredentialKey(name) ? credential(value.value, value.from, `${shown(name)} of ${place}`) : [];
}

function credential(value: readonly AlloyToken[], at: number, place: string): ConfigFinding[] {
	const calls = paths(value).map(({ path }) => path);
	if (calls.some((path) => path === "sys.env" || path === "env")) {
		return [{ rule: "token-from-env", at, what: `${place} is read from an environment variable` }];
	}
	if (calls.length > 0) return [];
	return value
		.filter(({ kind }) => kind === "string")
		.flatMap((token) => credentialFindings(stringValue(token), at, place, false));
}
