import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { versionText } from "../../base/versions.ts";
import { hasComponent, isKnownRelease } from "../plan/release.ts";
import {
	type AlloyAttribute,
	type AlloyBlockNode,
	type AlloyStatement,
	type AlloyToken,
	stringValue,
} from "../splice/alloy-syntax.ts";
import { credentialFindings, isCredentialKey, urlFindings } from "./credentials.ts";
import { isProvider } from "./delivery.ts";
import type { ConfigFinding } from "./rules.ts";
import { ASK_PROGRAM, type Target } from "./structure.ts";

/** All offline findings about an Alloy config. */
export function alloyFindings(statements: readonly AlloyStatement[], target: Target): ConfigFinding[] {
	const ours = rotatedBlocks(blocksBelow(statements));
	return moduleFindings(statements, target, { declared: [], ids: [] }).map((found) =>
		found.rule === "token-from-env" && ours.some(({ from, to }) => from <= found.at && found.at < to)
			? { ...found, severity: "error" as const }
			: found,
	);
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

/** The findings about a module: the file itself, the body of a `declare`, or the template of a `foreach`. */
function moduleFindings(statements: readonly AlloyStatement[], target: Target, outer: Outer): ConfigFinding[] {
	const blocks = statements.filter((each) => each.kind === "block");
	const declared = [
		...outer.declared,
		...blocks.filter(({ name }) => name === "declare" || name.startsWith("import.")).map(({ label }) => label ?? ""),
	];
	const ids = [...outer.ids, ...blocks.map(idOf)];
	const own = statements.filter((each) => each.kind === "attribute" || !MODULES.includes(each.name));
	const components = own.filter((each) => each.kind === "block");
	const inner = blocks.flatMap((block): ConfigFinding[] => {
		if (block.name === "declare") return moduleFindings(block.body, target, { declared, ids: [] });
		if (block.name !== "foreach") return [];
		return block.body.flatMap((each) =>
			each.kind === "block" && each.name === "template" ? moduleFindings(each.body, target, { declared, ids }) : [],
		);
	});
	return [
		...blocks.flatMap((block) => known(block, declared, target)),
		...references(own, new Set(ids), target),
		...components.flatMap((block) => tokenFile(block, own)),
		...components.flatMap((block) => settings(block, block)),
		...inner,
	];
}

function idOf({ name, label }: AlloyBlockNode): string {
	return label === undefined ? name : `${name}.${label}`;
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
	return [...exporters, ...blocks.filter((block) => used.some(({ path }) => path.startsWith(`${idOf(block)}.`)))];
}

function textsOf(attributes: readonly AlloyAttribute[]): string[] {
	return attributes.flatMap(({ name, value }) =>
		/endpoint$/.test(name) && value[0]?.kind === "string" ? [stringValue(value[0])] : [],
	);
}

function known(
	{ name, from }: AlloyBlockNode,
	declared: readonly string[],
	{ distribution, own }: Target,
): ConfigFinding[] {
	const { inventory, title } = distribution;
	const blocks = Object.keys(inventory.blocks ?? {});
	const isBlock = blocks.some((each) => each === name || (each.endsWith(".*") && name.startsWith(each.slice(0, -1))));
	if (isBlock || declared.includes(name.split(".", 1)[0] ?? "")) return [];
	if (!hasComponent(distribution, own, "components", name)) {
		const release = `${title} ${versionText(own)}`;
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
			const label = name && path.slice(name.length + 1).split(".", 1)[0];
			if (!name || !label || ids.has(`${name}.${label}`)) return [];
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

/** Files used as a token must be polled often and marked as secret. */
function tokenFile(block: AlloyBlockNode, statements: readonly AlloyStatement[]): ConfigFinding[] {
	if (block.name !== "local.file" || block.label === undefined) return [];
	const content = `local.file.${block.label}.content`;
	const tokens = attributesOf(statements).filter(
		({ name, value }) => isCredentialKey(name) && paths(value).some(({ path }) => path === content),
	);
	if (tokens.length === 0) return [];
	const set = (name: string) =>
		block.body.find((each): each is AlloyAttribute => each.kind === "attribute" && each.name === name)?.value;
	const poll = set("poll_frequency")?.[0];
	const found: ConfigFinding[] = [];
	if (!poll || !/^([1-9]|10)s$|^\d+ms$/.test(stringValue(poll))) {
		found.push({
			rule: "slow-poll",
			at: block.from,
			what: `local.file.${block.label} contains a token and is polled ${poll ? `every ${shown(stringValue(poll))}` : "once a minute"}`,
		});
	}
	if (set("is_secret")?.[0]?.text !== "true") {
		found.push({
			rule: "not-secret",
			at: block.from,
			what: `local.file.${block.label} contains a token and is not marked as secret`,
		});
	}
	return found;
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
		const end = value.findIndex((each, at) => at > index && (each.text === "," || each.text === "}"));
		return credential(value.slice(index + 2, end === -1 ? undefined : end), token.from, `${shown(key)} in ${place}`);
	});
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

function attributesOf(statements: readonly AlloyStatement[]): AlloyAttribute[] {
	return statements.flatMap((each) => (each.kind === "attribute" ? [each] : attributesOf(each.body)));
}

/** Every dotted path in an expression. */
function paths(value: readonly AlloyToken[]): { path: string; at: number }[] {
	const found: { path: string; at: number }[] = [];
	for (const [index, token] of value.entries()) {
		const previous = value[index - 1];
		const continues = previous?.text === "." && value[index - 2]?.kind === "word";
		if (token.kind !== "word" || ["true", "false", "null"].includes(token.text)) continue;
		const last = found.at(-1);
		if (continues && last) last.path += `.${token.text}`;
		else if (value[index + 1]?.text !== "=") found.push({ path: token.text, at: token.from });
	}
	return found;
}
