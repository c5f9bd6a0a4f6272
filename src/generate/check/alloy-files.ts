import { shown } from "../../base/mask.ts";
import {
	type AlloyAttribute,
	type AlloyBlockNode,
	type AlloyStatement,
	type AlloyToken,
	stringValue,
} from "../splice/alloy-syntax.ts";
import { isCredentialKey } from "./credentials.ts";
import type { ConfigFinding } from "./rules.ts";
import { isCredentialOfUnit, OF_UNIT } from "./unit-credentials.ts";

/** Files used as a token must be polled often and marked as secret, and be replaced while Alloy runs. */
export function tokenFile(block: AlloyBlockNode, statements: readonly AlloyStatement[]): ConfigFinding[] {
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
	const named = set("filename")?.map(({ text }) => text) ?? [];
	if (named.some(isCredentialOfUnit)) {
		found.push({ rule: "written-once", at: block.from, what: `local.file.${block.label} ${OF_UNIT}` });
	}
	return found;
}

export function attributesOf(statements: readonly AlloyStatement[]): AlloyAttribute[] {
	return statements.flatMap((each) => (each.kind === "attribute" ? [each] : attributesOf(each.body)));
}

/** Every dotted path in an expression. */
export function paths(value: readonly AlloyToken[]): { path: string; at: number }[] {
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
