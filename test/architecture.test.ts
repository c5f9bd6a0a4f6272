import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
	.filter((name) => name.endsWith(".ts"))
	.map((name) => ({ path: `src/${name}`, text: readFileSync(join(root, "src", name), "utf8") }));

/** Node's own modules that compute and touch nothing. */
const pureModules = new Set(["node:path", "node:util", "node:crypto", "node:buffer"]);
/** Globals through which the world gets in. */
const worldly = new Set(
	"process fetch setTimeout setInterval setImmediate queueMicrotask performance crypto console require WebSocket".split(
		" ",
	),
);
const worldlyMembers = ["Date.now", "Math.random"];
/** cli.ts alone starts and ends the process. */
const mayTouchTheWorld = (path: string) => path.startsWith("src/effects/") || path === "src/cli.ts";

interface Use {
	readonly name: string;
	readonly line: number;
}

function inspect(path: string, text: string): { imports: Use[]; globals: Use[] } {
	const { program, module } = parseSync(path, text);
	const line = (offset: number) => text.slice(0, offset).split("\n").length;
	const imports = [
		...module.staticImports.map((found) => ({ name: found.moduleRequest.value, line: line(found.start) })),
		...module.staticExports.flatMap((found) =>
			found.entries.flatMap(({ moduleRequest, start }) =>
				moduleRequest ? [{ name: moduleRequest.value, line: line(start) }] : [],
			),
		),
		...module.dynamicImports.map((found) => ({
			name: text.slice(found.moduleRequest.start + 1, found.moduleRequest.end - 1),
			line: line(found.start),
		})),
	];
	const globals: Use[] = [];
	const properties = new Set<number>();
	new Visitor({
		MemberExpression(node) {
			if (!node.computed) properties.add(node.property.start);
			if (node.object.type === "Identifier" && node.property.type === "Identifier") {
				const name = `${node.object.name}.${node.property.name}`;
				if (worldlyMembers.includes(name)) globals.push({ name, line: line(node.start) });
			}
		},
		Property(node) {
			if (!node.computed && !node.shorthand) properties.add(node.key.start);
		},
		TSPropertySignature(node) {
			properties.add(node.key.start);
		},
		TSMethodSignature(node) {
			properties.add(node.key.start);
		},
		MethodDefinition(node) {
			properties.add(node.key.start);
		},
		NewExpression(node) {
			const clock = node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0;
			if (clock) globals.push({ name: "new Date()", line: line(node.start) });
		},
		Identifier(node) {
			if (worldly.has(node.name) && !properties.has(node.start))
				globals.push({ name: node.name, line: line(node.start) });
		},
	}).visit(program);
	return { imports, globals };
}

/** The file a relative import names, below the root. */
function target(from: string, specifier: string): string {
	return relative(root, join(root, dirname(from), specifier));
}

function violations(rule: (path: string, text: string) => string[]): string[] {
	return sources.flatMap(({ path, text }) => rule(path, text));
}

describe("architecture", () => {
	test("the test itself sees what it forbids", () => {
		const { imports, globals } = inspect(
			"x.ts",
			'import "node:fs"; export * from "./a.ts"; const b = import("./b.ts"); Date.now(); new Date(); fetch(""); x.fetch(); y = { process: 1 };',
		);
		expect(imports.map(({ name }) => name)).toEqual(["node:fs", "./a.ts", "./b.ts"]);
		expect(globals.map(({ name }) => name).sort()).toEqual(["Date.now", "fetch", "new Date()"]);
	});

	test("only effects touch files, network, processes, clock and randomness", () => {
		const found = violations((path, text) => {
			if (mayTouchTheWorld(path)) return [];
			const { imports, globals } = inspect(path, text);
			const modules = imports.filter(({ name }) => name.startsWith("node:") && !pureModules.has(name));
			return [...modules, ...globals].map(({ name, line }) => `${path}:${line} uses ${name}`);
		});
		expect(found).toEqual([]);
	});

	test("only cli.ts ends the process", () => {
		// Looking whether a process lives ends none, and a group of processes is that of a program we started.
		const found = violations((path, text) =>
			path !== "src/cli.ts" && /process\.(exit|exitCode|abort|kill(?!\(\w+, 0\)|\(-pid))\b/.test(text) ? [path] : [],
		);
		expect(found).toEqual([]);
	});

	test("an adapter imports no other adapter and no stage", () => {
		const found = violations((path, text) => {
			const [, kind, id] = path.match(/^src\/adapters\/([^/]+)\/([^/]+)\//) ?? [];
			if (!kind || !id) return [];
			const allowed = [`src/adapters/${kind}/${id}/`, `src/adapters/${kind}/`, "src/errors.ts", "src/versions.ts"];
			return inspect(path, text)
				.imports.filter(({ name }) => name.startsWith("."))
				.map(({ name, line }) => ({ to: target(path, name), line }))
				.filter(({ to }) => !allowed.some((place) => to.startsWith(place)) || isOtherAdapter(to, kind, id))
				.map(({ to, line }) => `${path}:${line} imports ${to}`);
		});
		expect(found).toEqual([]);
	});

	test("stages know no product: they import contracts and registries, never an adapter", () => {
		const found = violations((path, text) => {
			if (path.startsWith("src/adapters/")) return [];
			return inspect(path, text)
				.imports.filter(({ name }) => name.startsWith("."))
				.map(({ name, line }) => ({ to: target(path, name), line }))
				.filter(({ to }) => /^src\/adapters\/[^/]+\/[^/]+\//.test(to))
				.map(({ to, line }) => `${path}:${line} imports ${to}`);
		});
		expect(found).toEqual([]);
	});

	test("pure stages import no effects but their types", () => {
		const pure = /^src\/(spec|plan|render|splice|check|otlp|report|evidence|judge|doctor)\//;
		const found = violations((path, text) => {
			if (!pure.test(path)) return [];
			const valueImports = [...text.matchAll(/^import (?!type )[^;]*? from "([^"]+)"/gm)];
			return valueImports
				.map(([, name]) => target(path, name ?? ""))
				.filter((to) => to.startsWith("src/effects/") || to.startsWith("src/commands/"))
				.map((to) => `${path} imports ${to}`);
		});
		expect(found).toEqual([]);
	});

	test("no file is over 400 lines, and none is a drawer for everything", () => {
		const long = violations((path, text) => (text.split("\n").length > 400 ? [path] : []));
		const drawers = sources.filter(({ path }) => /(utils?|helpers?|common|misc)\b/.test(path)).map(({ path }) => path);
		expect([...long, ...drawers]).toEqual([]);
	});
});

function isOtherAdapter(to: string, kind: string, id: string): boolean {
	const [, toKind, toId] = to.match(/^src\/adapters\/([^/]+)\/([^/]+)\//) ?? [];
	return toId !== undefined && (toKind !== kind || toId !== id);
}
