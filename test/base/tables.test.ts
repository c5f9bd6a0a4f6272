import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Node, parseSync, type TSType, type TSTypeAnnotation, Visitor } from "oxc-parser";
import { expect, test } from "vitest";

/**
 * The type checker lets a table with any text as its key be asked for `constructor`, which every object has. So such tables are asked by
 * `ownEntry`. Here sources are looked at without their types: what counts is how a name is declared anywhere in them.
 */

const root = new URL("../../src", import.meta.url).pathname;
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
	.filter((name) => name.endsWith(".ts"))
	.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/** Keys that are ours alone, in tables whose type says any text. A place that is gone must be removed here. */
const OWN_KEYS: ReadonlySet<string> = new Set([
	"base/lookup.ts table[key]",
	// By the type of this one, the key is one of few.
	"api/splice-text.ts distribution.hosts[platform]",
	"generate/plan/collector.ts distribution.hosts[platform]",
	"spec/collector.ts distribution.hosts[platform]",
	"rehearse/demo/rehearsal.ts tokens[name]",
	"rehearse/demo/rehearsal.ts tokens[credential]",
	// Names of our options and of their fields.
	"commands/collector.ts options[name]",
	"commands/collector.ts options[one]",
	"commands/collector.ts options[other]",
	"generate/render/backlog.ts losses[wayOf(plan)]",
	"generate/render/platforms/kubernetes.ts (map as ConfigValues | undefined)?.[key]",
	"commands/program.ts files[option.attributeName()]",
	"prove/doctor/findings.ts environment[each]",
	"prove/judge/known.ts inventory.clis[cli]",
	"prove/judge/known.ts table[name]",
	"prove/judge/obligations/rotation.ts tokens[role]",
	"prove/judge/obligations/seen.ts lookalikes[fingerprint]",
	// Names of our settings, and of keys in documents of one form.
	"adapters/stores/fields.ts settings[setting]",
	"adapters/stores/store.ts settings[name]",
	"adapters/stores/command/index.ts settings[name]",
	"adapters/stores/github-actions/index.ts settings[name]",
	"adapters/stores/vault-kv2/client.ts settings[name]",
	"adapters/stores/vault-kv2/index.ts settings[name]",
	"adapters/stores/kubernetes-secret/client.ts cluster[key]",
	"adapters/stores/kubernetes-secret/client.ts plugin[key]",
	"adapters/stores/kubernetes-secret/client.ts config[list]",
	"adapters/stores/kubernetes-secret/index.ts metadata[name]",
	"spec/rotation.ts block[each.name]",
	"spec/rotation.ts block[key]",
	// With a word of ours in front.
	"rotate/store-steps.ts facts[`holds:${name}`]",
	"rotate/store-steps.ts facts[`proof:${name}`]",
	// Without a prototype.
	"prove/evidence/pods.ts found[name]",
	"prove/evidence/pods.ts pod.labels[name]",
	"prove/judge/known.ts found[keyOf(name)]",
]);

type Known = { readonly types: Set<string>; readonly fields: Set<string>; readonly names: Set<string> };

/** Whether a type allows any text as a key. */
function isOpen(type: TSType | TSTypeAnnotation | null | undefined, types: ReadonlySet<string>): boolean {
	switch (type?.type) {
		case "TSTypeAnnotation":
		case "TSParenthesizedType":
		case "TSTypeOperator":
			return isOpen(type.typeAnnotation, types);
		case "TSUnionType":
			return type.types.every((each) => each.type === "TSUndefinedKeyword" || isOpen(each, types));
		case "TSTypeLiteral":
			return type.members.some((member) => member.type === "TSIndexSignature");
		case "TSTypeReference": {
			const { typeName, typeArguments } = type;
			const name = typeName.type === "TSQualifiedName" ? typeName.right.name : "name" in typeName ? typeName.name : "";
			const [first] = typeArguments?.params ?? [];
			if (name === "Readonly" || name === "Partial") return isOpen(first, types);
			return name === "Record" ? first?.type === "TSStringKeyword" : types.has(name);
		}
		default:
			return false;
	}
}

const nameOf = (node: Node): string => (node.type === "Identifier" ? node.name : "");

/** What is declared to be such a table: types and fields in all sources, and names in one of them. */
function openTypes(texts: readonly string[]): Pick<Known, "types" | "fields"> {
	const [types, fields] = [new Set(["ProcessEnv"]), new Set<string>()];
	const visitor = new Visitor({
		TSTypeAliasDeclaration: ({ id, typeAnnotation }) => {
			if (isOpen(typeAnnotation, types)) types.add(id.name);
		},
		TSInterfaceDeclaration: ({ id, body }) => {
			if (body.body.some((member) => member.type === "TSIndexSignature")) types.add(id.name);
		},
		TSPropertySignature: ({ key, typeAnnotation }) => {
			if (isOpen(typeAnnotation, types)) fields.add(nameOf(key as Node));
		},
	});
	const programs = texts.map((text) => parseSync("x.ts", text).program);
	// The second time an alias of an alias is known.
	for (let round = 0; round < 2; round++) for (const program of programs) visitor.visit(program);
	return { types, fields };
}

/** Where a source asks such a table by a key that is not written there. */
function lookups(text: string, { types, fields }: Pick<Known, "types" | "fields">): string[] {
	const { program } = parseSync("x.ts", text);
	const names = new Set<string>();
	const note = (node: Node): void => {
		if (node.type === "AssignmentPattern") note(node.left);
		if (node.type === "Identifier" && isOpen(node.typeAnnotation, types)) names.add(node.name);
	};
	const parameters = ({ params }: { readonly params: readonly Node[] }) => {
		for (const each of params) note(each.type === "TSParameterProperty" ? each.parameter : each);
	};
	new Visitor({
		VariableDeclarator: ({ id }) => note(id),
		FunctionDeclaration: parameters,
		FunctionExpression: parameters,
		ArrowFunctionExpression: parameters,
		ObjectPattern: ({ properties }) => {
			for (const each of properties) {
				if (each.type === "Property" && fields.has(nameOf(each.key))) names.add(nameOf(each.value));
			}
		},
	}).visit(program);
	const found: string[] = [];
	const isTable = (node: Node): boolean => {
		if (node.type === "TSAsExpression") return isOpen(node.typeAnnotation, types);
		if (node.type === "ParenthesizedExpression" || node.type === "ChainExpression") return isTable(node.expression);
		if (node.type === "MemberExpression") return !node.computed && fields.has(nameOf(node.property));
		return names.has(nameOf(node));
	};
	new Visitor({
		MemberExpression: ({ computed, object, property, start, end }) => {
			const isNumber = property.type === "BinaryExpression" || /^(at|index)$/.test(nameOf(property));
			if (computed && property.type !== "Literal" && !isNumber && isTable(object)) found.push(text.slice(start, end));
		},
		BinaryExpression: ({ operator, left, start, end }) => {
			// A private name asks for what only its class has.
			if (operator === "in" && !/^(Literal|PrivateIdentifier)$/.test(left.type)) found.push(text.slice(start, end));
		},
	}).visit(program);
	return found;
}

test.each([
	"const table: Record<string, number> = {}; table[key]",
	"const table: Readonly<Record<string, number>> = {}; table[key ?? '']",
	"function f(table: Readonly<Record<string, string>> | undefined) { return table?.[key] }",
	"interface A { readonly b: { [key: string]: 1 } } const f = (a: A) => a.b[key]",
	"type T = Record<string, 1>; type U = Readonly<T>; const f = (a: U, { c } = d) => a[c]",
	"interface A { readonly b: Record<string, 1> } const f = ({ b }: A) => b[key]",
	"const f = (environment: NodeJS.ProcessEnv) => environment[key]",
	"(value as Record<string, unknown>)[key]",
	"key in table",
])("%s: is found", (text) => {
	expect(lookups(text, openTypes([text]))).toHaveLength(1);
});

test.each([
	"const table: Record<string, number> = {}; table['a']; ownEntry(table, key)",
	"const table: Record<'a' | 'b', number> = { a: 1, b: 2 }; table[key]",
	"const list: readonly string[] = []; list[n]",
	"const table = { a: 1 } as const; table[key]",
	"'a' in table",
])("%s: is none", (text) => {
	expect(lookups(text, openTypes([text]))).toEqual([]);
});

test("no table is asked by a key from outside that every object has", () => {
	const known = openTypes(sources.map(({ text }) => text));
	const found = new Set(sources.flatMap(({ path, text }) => lookups(text, known).map((each) => `${path} ${each}`)));
	expect([...found].filter((each) => !OWN_KEYS.has(each))).toEqual([]);
	expect([...OWN_KEYS].filter((each) => !found.has(each))).toEqual([]);
});
