import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { describe, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
	.filter((name) => name.endsWith(".ts"))
	.map((name) => ({ path: `src/${name}`, text: readFileSync(join(root, "src", name), "utf8") }));

/**
 * Which rooms a room may import from: those it names and nothing else. Written from the ground up; a room stands below all that import it.
 * CONTRIBUTING tells what each is for.
 */
const ADAPTERS = ["adapters/clis", "adapters/collectors", "adapters/providers", "adapters/stores", "adapters/vehicles"];
const EFFECTS = ["effects", "effects/files", "effects/net", "effects/process", "effects/terminal"];
const ROOMS: ReadonlyMap<string, readonly string[]> = new Map([
	["base", []],
	["token", ["base"]],
	["adapters/providers", ["base"]],
	["adapters/clis", ["base", "adapters/providers"]],
	["adapters/collectors", ["base", "adapters/providers"]],
	["adapters/vehicles", ["base", "adapters/clis"]],
	// What a store holds is a secret, made where it is read.
	["adapters/stores", ["base", "token"]],
	["effects/files", ["base", "token"]],
	["effects/net", ["base"]],
	["effects/process", ["base", "token", "effects/files"]],
	["effects/terminal", ["base", "token", "effects/files"]],
	["effects", ["base", "token", "effects/files", "effects/net", "effects/process", "effects/terminal"]],
	["spec", ["base", "token", ...ADAPTERS]],
	["generate/plan", ["base", "spec", ...ADAPTERS]],
	["generate/render", ["base", "token", "spec", "generate/plan", ...ADAPTERS]],
	["generate/kit", ["base", "token", "spec", "generate/render", ...ADAPTERS, ...EFFECTS]],
	["generate/splice", ["base", "generate/render", "adapters/clis", "adapters/collectors"]],
	["generate/check", ["base", "token", "generate/plan", "generate/splice", ...ADAPTERS, ...EFFECTS]],
	["prove/otlp", ["adapters/providers"]],
	["prove/metrics", ["base", "token", "adapters/clis", "adapters/providers", "prove/otlp"]],
	// The vehicles know what the columns of their exports are called.
	["prove/evidence", ["base", "token", "spec", "adapters/providers", "adapters/vehicles", "prove/metrics", ...EFFECTS]],
	["prove/judge", ["base", "prove/evidence"]],
	["prove/probe", ["base", "token", "spec", "prove/otlp", "prove/evidence", "prove/judge", ...ADAPTERS, ...EFFECTS]],
	["prove/tap", ["base", "token", "prove/otlp", "prove/metrics", "prove/evidence", ...ADAPTERS, ...EFFECTS]],
	["prove/overlap", ["base", "spec", "prove/evidence", "prove/judge"]],
	[
		"prove/watch",
		[
			"base",
			"token",
			"spec",
			"prove/metrics",
			"prove/evidence",
			"prove/judge",
			"prove/overlap",
			"prove/probe",
			...ADAPTERS,
			...EFFECTS,
		],
	],
	["prove/report", ["base", "prove/judge", "prove/overlap"]],
	["prove/web", ["base", "token", "prove/judge", "prove/overlap", ...EFFECTS]],
	["prove/doctor", ["base", "token", "spec", "prove/probe", ...ADAPTERS, ...EFFECTS]],
	[
		"rotate",
		[
			"base",
			"token",
			"spec",
			"prove/metrics",
			"prove/evidence",
			"prove/judge",
			"prove/overlap",
			"prove/probe",
			"prove/watch",
			...ADAPTERS,
			...EFFECTS,
		],
	],
	["rehearse/sandbox", ["base", "token", "prove/otlp", ...ADAPTERS, ...EFFECTS]],
	["rehearse/demo", ["*"]],
	["api", ["*"]],
	["commands", ["*"]],
	["cli.ts", ["base", "spec", "commands", ...EFFECTS]],
	["start.ts", []],
	["index.ts", ["*"]],
]);

/** Rooms that nothing else is built on: they may import every room below them. */
const NOT_BUILT_ON = ["commands", "cli.ts", "index.ts", "start.ts"];

/** `src/prove/judge/judge.ts` is in `prove/judge`, `src/base/mask.ts` in `base`; a file directly below `src/` is a room of its own. */
function roomOf(path: string): string {
	const [, wing = "", room = "", file] = path.split("/");
	return file !== undefined && ROOMS.has(`${wing}/${room}`) ? `${wing}/${room}` : wing;
}

function mayImport(from: string, to: string): boolean {
	const allowed = ROOMS.get(from) ?? [];
	return from === to || allowed.includes(to) || (allowed.includes("*") && !NOT_BUILT_ON.includes(to));
}

/** Sets of nodes that can all reach each other, each sorted. */
function circles(edges: readonly (readonly [string, string])[]): string[][] {
	const next = new Map<string, Set<string>>();
	for (const [from, to] of edges) if (from !== to) next.set(from, (next.get(from) ?? new Set()).add(to));
	const reach = (start: string): Set<string> => {
		const seen = new Set<string>();
		const open = [start];
		for (let node = open.pop(); node !== undefined; node = open.pop()) {
			for (const to of next.get(node) ?? []) {
				if (!seen.has(to)) open.push(to);
				seen.add(to);
			}
		}
		return seen;
	};
	const reached = new Map([...next.keys()].map((node) => [node, reach(node)]));
	const groups = [...reached].flatMap(([node, seen]) =>
		seen.has(node)
			? [
					[...seen]
						.filter((other) => reached.get(other)?.has(node))
						.sort()
						.join("\n"),
				]
			: [],
	);
	return [...new Set(groups)].map((group) => group.split("\n"));
}

/** Node's own modules that compute and touch nothing. */
const pureModules = new Set(["node:path", "node:util", "node:crypto", "node:buffer"]);
/** Globals through which the world gets in. */
const worldly = new Set(
	"process fetch setTimeout setInterval setImmediate queueMicrotask performance crypto console require WebSocket".split(
		" ",
	),
);
const worldlyMembers = ["Date.now", "Math.random"];
/** start.ts reads our own files alone; cli.ts starts and ends the process. */
const mayTouchTheWorld = (path: string) =>
	path.startsWith("src/effects/") || path === "src/cli.ts" || path === "src/start.ts";

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
		// An import on use, in a function that cannot wait for one.
		CallExpression(node) {
			const name = /^process\s*\.getBuiltinModule\("([^"]*)"\)$/.exec(text.slice(node.start, node.end))?.[1];
			if (name === undefined) return;
			imports.push({ name, line: line(node.start) });
			properties.add(node.start);
		},
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

/** Every import of a source by a source, types included. */
const arrows = sources.flatMap(({ path, text }) =>
	inspect(path, text)
		.imports.filter(({ name }) => name.startsWith("."))
		.map(({ name }): [from: string, to: string] => [path, target(path, name)])
		.filter(([, to]) => to.startsWith("src/")),
);

interface Declaration {
	readonly name: string;
	readonly path: string;
	readonly isType: boolean;
	readonly isExported: boolean;
}

/** Top-level types, classes and functions of a source; what it only exports again is declared elsewhere. */
function declared(path: string, text: string): Declaration[] {
	return parseSync(path, text).program.body.flatMap((statement): Declaration[] => {
		const isExported = statement.type === "ExportNamedDeclaration";
		const node = isExported ? statement.declaration : statement;
		if (node?.type === "FunctionDeclaration" && node.id)
			return [{ name: node.id.name, path, isType: false, isExported }];
		const isType = /^(TSInterface|TSTypeAlias|TSEnum|Class)Declaration$/.test(node?.type ?? "");
		const id = isType && node && "id" in node ? node.id : undefined;
		return id && "name" in id ? [{ name: String(id.name), path, isType, isExported }] : [];
	});
}

/** Names that stand for two types, or for two functions that others can import, and where. */
function sharedNames(all: readonly Declaration[]): string[] {
	return [...new Set(all.map(({ name }) => name))].flatMap((name) => {
		const places = all.filter((each) => each.name === name && (each.isType || each.isExported));
		return places.length > 1 ? [`${name}: ${places.map(({ path }) => path).join(", ")}`] : [];
	});
}

const declarations = sources.flatMap(({ path, text }) => declared(path, text));

/** Functions of which most lines are the text or the table that they return. */
const LONG_DATA = ["fleet", "generic", "generic-windows", "intune", "intune-windows", "jamf", "kandji"].map(
	(vehicle) => `src/adapters/vehicles/${vehicle}/kit.ts guide`,
);

const functions = sources.flatMap(({ path, text }) => {
	const found: { readonly path: string; readonly name: string; readonly lines: number }[] = [];
	const note = (node: { readonly start: number; readonly end: number }, name = "") => {
		found.push({ path, name, lines: text.slice(node.start, node.end).split("\n").length });
	};
	new Visitor({
		FunctionDeclaration: (node) => note(node, node.id?.name),
		FunctionExpression: (node) => note(node),
		ArrowFunctionExpression: (node) => note(node),
	}).visit(parseSync(path, text).program);
	return found;
});

function violations(rule: (path: string, text: string) => string[]): string[] {
	return sources.flatMap(({ path, text }) => rule(path, text));
}

describe("architecture", () => {
	test("the test itself sees what it forbids", () => {
		const { imports, globals } = inspect(
			"x.ts",
			'import "node:fs"; export * from "./a.ts"; const b = import("./b.ts"); Date.now(); new Date(); fetch(""); x.fetch(); y = { process: 1 }; process.getBuiltinModule("node:os");',
		);
		expect(imports.map(({ name }) => name)).toEqual(["node:fs", "./a.ts", "./b.ts", "node:os"]);
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

	test("one file asks which system this is", () => {
		// The loader has nothing of ours to ask, and names a folder by it.
		const known = ["src/effects/files/system.ts", "src/start.ts"];
		const found = violations((path, text) =>
			!known.includes(path) && /\bplatform\(\)|process\.platform|\["platform"\]\(/.test(text) ? [path] : [],
		);
		expect(found).toEqual([]);
	});

	test("rooms import only what is below them, types too", () => {
		const found = arrows.filter(([from, to]) => !mayImport(roomOf(from), roomOf(to)));
		expect(found.map(([from, to]) => `${from} imports ${to}`)).toEqual([]);
	});

	test("the table lists exactly the existing rooms", () => {
		const rooms = new Set(sources.map(({ path }) => roomOf(path)));
		expect([...rooms].sort()).toEqual([...ROOMS.keys()].sort());
	});

	test("no circle of rooms", () => {
		expect(circles(arrows.map(([from, to]) => [roomOf(from), roomOf(to)]))).toEqual([]);
	});

	test("no circle of files", () => {
		expect(circles(arrows)).toEqual([]);
	});

	test("the search for circles sees one", () => {
		expect(
			circles([
				["a", "b"],
				["b", "c"],
				["c", "a"],
				["c", "d"],
			]),
		).toEqual([["a", "b", "c"]]);
	});

	test("one name, one meaning: types everywhere, and functions that are exported", () => {
		expect(sharedNames(declarations)).toEqual([]);
		const twice = "interface A {} export function b() {} function c() {} export type { D } from './d.ts';";
		const again = "export class A {} export function b() {} function c() {} type D = 1;";
		expect(sharedNames([...declared("x.ts", twice), ...declared("y.ts", again)])).toEqual([
			"A: x.ts, y.ts",
			"b: x.ts, y.ts",
		]);
	});

	test("no function is over 80 lines, except those that are mostly data", () => {
		const long = functions.filter(({ lines }) => lines > 80);
		expect(long.map(({ path, name }) => `${path} ${name}`).sort()).toEqual([...LONG_DATA].sort());
	});

	test("an adapter imports its own folder, its contract and base", () => {
		const found = arrows.flatMap(([from, to]) => {
			const [, kind, id] = from.match(/^src\/adapters\/([^/]+)\/([^/]+)\//) ?? [];
			if (!kind || !id || roomOf(to) === "base") return [];
			const isOwn = to.startsWith(`src/adapters/${kind}/${id}/`);
			const isContract = /^src\/adapters\/[^/]+\/[^/]+$/.test(to) && to.startsWith(`src/adapters/${kind}/`);
			return isOwn || isContract ? [] : [`${from} imports ${to}`];
		});
		expect(found).toEqual([]);
	});

	test("only the generated registry of a kind imports an adapter's folder from outside", () => {
		const folderOf = (path: string) => /^src\/adapters\/[^/]+\/[^/]+\//.exec(path)?.[0];
		const isRegistry = (path: string) => /^src\/adapters\/[^/]+\/[^/]+\.generated\.ts$/.test(path);
		const found = arrows.filter(
			([from, to]) => folderOf(to) !== undefined && folderOf(from) !== folderOf(to) && !isRegistry(from),
		);
		expect(found.map(([from, to]) => `${from} imports ${to}`)).toEqual([]);
	});

	test("pure rooms import no effects but their types", () => {
		const pure = /^src\/(base|token|adapters|spec|generate)\/|^src\/prove\/(otlp|metrics|judge|overlap|report)\//;
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

	test("no file is over 400 lines or a catch-all", () => {
		const long = violations((path, text) => (text.split("\n").length > 400 ? [path] : []));
		const drawers = sources.filter(({ path }) => /(utils?|helpers?|common|misc)\b/.test(path)).map(({ path }) => path);
		expect([...long, ...drawers]).toEqual([]);
	});
});

test("nothing stands at the top that is not of the layout", () => {
	const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
	const top = new Set(tracked.map((path) => path.split("/")[0] ?? "").filter((name) => !/^(\.|$)/.test(name)));
	const layout = ["README.md", "mdm", "package-lock.json", "package.json", "scripts", "src", "templates", "test"];
	expect([...top].sort()).toEqual([...layout, "tsconfig.json"]);
});

test.each(["package-lock.json", "test/parts/clis/package-lock.json", "test/parts/node/package-lock.json"])(
	"%s names every package that npm ci looks for, those of other systems too",
	(path) => {
		const { packages } = JSON.parse(readFileSync(join(root, path), "utf8")) as {
			packages: Record<string, { dependencies?: object; optionalDependencies?: object }>;
		};
		const missing = Object.entries(packages).flatMap(([folder, { dependencies, optionalDependencies }]) =>
			Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isNamed(packages, folder, name)),
		);
		expect(missing).toEqual([]);
	},
);

/** Whether a package is in the folder of the one that asks for it, or in one above. */
function isNamed(packages: object, folder: string, name: string): boolean {
	if (Object.hasOwn(packages, `${folder && `${folder}/`}node_modules/${name}`)) return true;
	return folder !== "" && isNamed(packages, folder.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, ""), name);
}
