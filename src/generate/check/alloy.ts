import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { versionText } from "../../base/versions.ts";
import { hasComponent } from "../plan/release.ts";
import {
	type AlloyAttribute,
	type AlloyBlockNode,
	type AlloyStatement,
	type AlloyToken,
	stringValue,
} from "../splice/alloy-syntax.ts";
import { credentialFindings, isCredentialKey, urlFindings } from "./credentials.ts";
import type { ConfigFinding } from "./rules.ts";
import type { Target } from "./structure.ts";

/** All offline findings about an Alloy config. */
export function alloyFindings(statements: readonly AlloyStatement[], target: Target): ConfigFinding[] {
	const blocks = statements.filter((each) => each.kind === "block");
	const declared = blocks
		.filter(({ name }) => name === "declare" || name.startsWith("import."))
		.map(({ label }) => label ?? "");
	const ids = new Set(blocks.map(({ name, label }) => (label === undefined ? name : `${name}.${label}`)));
	return [
		...blocks.flatMap((block) => known(block, declared, target)),
		...references(statements, ids, target),
		...blocks.flatMap((block) => tokenFile(block, statements)),
		...blocks.flatMap((block) => settings(block, block)),
	];
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
		const others = Object.keys(inventory.components["components"] ?? {});
		const meant = nearest(name, [
			...others.filter((each) => hasComponent(distribution, own, "components", each)),
			...blocks,
		]);
		const what = `${title} ${versionText(own)} has no component ${shown(name)}`;
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
