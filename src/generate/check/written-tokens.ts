import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import { couldBeToken, shown } from "../../base/mask.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import type { ConfigPlace } from "../splice/locate.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { isCredentialKey, literalCredential } from "./credentials.ts";
import type { ConfigFinding } from "./rules.ts";

/** Lists and maps of environment variables: of containers, of chart values, of compose services, of task definitions. */
const VARIABLES = /^(env|extraEnvs?|environment|environments|environmentVariables)$/i;
/** Where a variable's value stands, also one that Azure does not show again. https://learn.microsoft.com/azure/container-instances/container-instances-reference-yaml */
const VALUES = ["value", "secureValue"];
/** A header in a command line or a script. */
const IN_TEXT = /\b(?:Bearer|Basic)\s+([A-Za-z0-9._~+/=-]{20,})/g;

/** Tokens that a file has around its configs: as the value of a variable, and in command lines. */
export function writtenTokens(documents: readonly Document[], places: readonly ConfigPlace[]): ConfigFinding[] {
	const configs = new Set<Node>(places.map(({ node }) => node));
	return documents.flatMap((document) => below(document.contents as Node | null, [], configs));
}

/** A variable that is set in a line: of a shell, a unit, an environment file, or for a container. */
const SET = /(?<![\w.-])([A-Za-z_][\w.-]*)=(?=("[^"\n]*"|'[^'\n]*'|[^\s"']+))/g;

/** A line of a file that has nothing but variables, to be read at the start of a service or a container. */
const VARIABLE_LINE = /^\s*((export\s+)?[A-Za-z_]\w*=.*|#.*)?$/;

/**
 * Tokens that the lines of a unit or a script have: as the value of a variable, and in headers. In an environment file a token is where it
 * belongs, and does not change in a running collector.
 */
export function writtenInLines(text: string): ConfigFinding[] {
	const isEnvironment = text.split("\n").every((line) => VARIABLE_LINE.test(line));
	let offset = 0;
	return text.split("\n").flatMap((whole) => {
		const at = offset;
		offset += whole.length + 1;
		// Comments are looked at for themselves.
		const line = whole.replace(/(^|\s)[#;].*/, "");
		const variables = [...line.matchAll(SET)].flatMap(({ 1: name = "", 2: value = "", index }) => {
			const literal = isCredentialKey(name) ? literalCredential(value.replace(/^(["'])(.*)\1$/, "$2")) : undefined;
			if (literal === undefined || !couldBeToken(literal)) return [];
			const here = found(`the variable ${shown(name)}`, literal, at + index);
			return [isEnvironment ? { ...here, rule: "token-from-env" as const } : here];
		});
		const headers = [...line.matchAll(IN_TEXT)].flatMap(({ 1: literal = "", index }) =>
			couldBeToken(literal) ? [found("this line", literal, at + index)] : [],
		);
		return variables.length > 0 ? variables : headers;
	});
}

/** A setting in a comment, as YAML, Alloy, a shell and JSON write it. */
const SETTING = /([A-Za-z_][\w.-]*)["']?\s*[:=](?=\s*["']?((?:(?:Bearer|Basic)\s+)?[A-Za-z0-9._~+/=-]{20,}))/g;
const COMMENT = /(^|[ \t])(#|\/\/|;)(.*)$/gm;

/** Tokens in comments: the collector does not read them, everybody else who has the file does. */
export function tokensInComments(text: string): ConfigFinding[] {
	return [...text.matchAll(COMMENT)].flatMap(({ 3: comment = "", index, 0: all }) => {
		const at = index + all.length - comment.length;
		const settings = [...comment.matchAll(SETTING)].flatMap(({ 1: name = "", 2: value = "" }) => {
			const literal = isCredentialKey(name) ? literalCredential(value) : undefined;
			return literal !== undefined && couldBeToken(literal) ? [literal] : [];
		});
		const headers = [...comment.matchAll(IN_TEXT)].map(([, literal = ""]) => literal).filter(couldBeToken);
		return [...new Set([...settings, ...headers])].map((literal) => found("this comment", literal, at));
	});
}

function below(node: Node | null, path: readonly string[], configs: ReadonlySet<Node>): ConfigFinding[] {
	if (!node || configs.has(node)) return [];
	const isVariable = path.some((key) => VARIABLES.test(key));
	if (isSeq(node)) return (node.items as Node[]).flatMap((item) => below(item, path, configs));
	if (isScalar(node)) {
		const text = typeof node.value === "string" ? node.value : "";
		const [, name = "", value = ""] = (isVariable && /^([\w.-]+)=(.*)$/s.exec(text)) || [];
		const variables = named(name, value, node);
		return variables.length > 0 ? variables : inText(text, node);
	}
	if (!isMap(node)) return [];
	const textOf = (key: string) => {
		const value = node.get(key);
		return typeof value === "string" ? value : "";
	};
	const key = VALUES.find((each) => textOf(each) !== "") ?? "value";
	const value = (node.get(key, true) ?? undefined) as Node | undefined;
	// A list of secrets with their values. https://learn.microsoft.com/azure/container-apps/azure-resource-manager-api-spec
	const isSecret = path.at(-1) === "secrets" && textOf("name") !== "";
	const own = value
		? [
				...(isVariable ? named(textOf("name"), textOf(key), value) : []),
				...(isSecret ? secret(textOf("name"), textOf(key), value) : []),
			]
		: [];
	const inner = node.items.flatMap((pair) => {
		const [name, item] = [keyOf(pair) ?? "?", pair.value as Node | null];
		const isText = isScalar(item) && typeof item.value === "string";
		const found = isVariable && isText ? named(name, String(item.value), item) : [];
		if (found.length > 0 || (item === value && own.length > 0)) return found;
		return below(item, [...path, name], configs);
	});
	return [...own, ...inner];
}

/** A variable with a credential's name whose value is one. */
function named(name: string, value: string, { range }: Node): ConfigFinding[] {
	const literal = isCredentialKey(name) ? literalCredential(value) : undefined;
	if (literal === undefined || !couldBeToken(literal)) return [];
	return [found(`the variable ${shown(name)}`, literal, range?.[0] ?? 0)];
}

function secret(name: string, value: string, { range }: Node): ConfigFinding[] {
	const literal = literalCredential(value);
	return literal !== undefined && couldBeToken(literal)
		? [found(`the secret ${shown(name)}`, literal, range?.[0] ?? 0)]
		: [];
}

function inText(text: string, { range }: Node): ConfigFinding[] {
	return [...text.matchAll(IN_TEXT)].flatMap(([, literal = ""]) =>
		couldBeToken(literal) ? [found("this text", literal, range?.[0] ?? 0)] : [],
	);
}

function found(place: string, literal: string, at: number): ConfigFinding {
	return { rule: "token-literal", at, what: `${place} contains a token, fp=${fingerprint(literal)}` };
}
