import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { vehicles } from "../../src/adapters/vehicles/registry.ts";
import { editorProgram } from "../../src/generate/render/editor.ts";
import type { EndpointScript } from "../../src/spec/endpoint-script.ts";
import { actions, endpointScript } from "../harness/endpoint.ts";

/** A file has the functions that it calls, and no others. */

interface Functions {
	/** What calls what; "" is the program outside of all functions. */
	readonly calls: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Leaves out what a shell takes for text: comments, single quotes, and what is in double quotes but for substitutions. */
function shellCode(script: string): string {
	let out = "";
	/** The innermost is the last: in double quotes, or in a substitution with so many open parentheses. */
	const inside: ("text" | number)[] = [];
	for (let at = 0; at < script.length; at++) {
		const char = script[at] ?? "";
		const place = inside.at(-1);
		if (char === "\\") at++;
		else if (char === '"') {
			if (place === "text") inside.pop();
			else inside.push("text");
		} else if (script.startsWith("$(", at)) {
			inside.push(1);
			out += " $(";
			at++;
		} else if (place === "text") continue;
		else if (char === "'") at = script.indexOf("'", at + 1);
		else if (char === "#" && /\s/.test(script[at - 1] ?? " ")) at = script.indexOf("\n", at) - 1;
		else {
			if (typeof place === "number") {
				const depth = place + (char === "(" ? 1 : char === ")" ? -1 : 0);
				inside[inside.length - 1] = depth;
				if (depth === 0) inside.pop();
			}
			out += char;
		}
	}
	return out;
}

const shellWords = (code: string) => code.match(/(?<![\w$.{/=-])[a-z_][a-z0-9_]*(?![\w=.(/-])/g) ?? [];

function shellFunctions(script: string): Functions {
	const code = shellCode(script);
	const calls = new Map<string, Set<string>>([["", new Set()]]);
	let name = "";
	for (const line of code.split("\n")) {
		const [, starts] = /^ *([a-z_][a-z0-9_]*)\(\) \{/.exec(line) ?? [];
		if (starts !== undefined && (name === "" || starts === "put")) name = starts;
		const own = calls.get(name) ?? new Set<string>();
		calls.set(name, own);
		for (const word of shellWords(line)) own.add(word);
		if (line === "}" || (starts !== undefined && /\}$/.test(line))) name = "";
	}
	return { calls };
}

function awkFunctions(program: string): Functions {
	const code = program
		.replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
		.replace(/^ *#.*$/gm, "")
		.replace(/ # .*$/gm, "");
	const calls = new Map<string, Set<string>>([["", new Set()]]);
	let name = "";
	for (const line of code.split("\n")) {
		const [, starts] = /^function (\w+)\(/.exec(line) ?? [];
		if (starts !== undefined) name = starts;
		const own = calls.get(name) ?? new Set<string>();
		calls.set(name, own);
		for (const [, word = ""] of line.matchAll(/\b([a-z_][a-z0-9_]*)\(/g)) if (word !== starts) own.add(word);
		if (line === "}" || (starts !== undefined && line.endsWith("}"))) name = "";
	}
	return { calls };
}

/** Functions that nothing reaches from the program itself. */
function unreached({ calls }: Functions): string[] {
	const reached = new Set([""]);
	for (const name of reached) for (const word of calls.get(name) ?? []) if (calls.has(word)) reached.add(word);
	return [...calls.keys()].filter((name) => !reached.has(name));
}

const BUILT_IN_AWK =
	"if while for substr length index split match sub gsub sprintf tolower close int getline return exit print".split(
		" ",
	);

/** Functions that are called and not there. */
function undefinedIn({ calls }: Functions, known: ReadonlySet<string>): string[] {
	return [...new Set([...calls.values()].flatMap((words) => [...words]))].filter((w) => known.has(w) && !calls.has(w));
}

const files: [string, Partial<EndpointScript>, string][] = vehicles
	.filter(({ language }) => language === undefined)
	.flatMap((vehicle) =>
		(Object.keys(vehicle.token) as ("param" | "embedded")[]).flatMap((mode) =>
			(vehicle.id === "installer" ? (["install"] as const) : actions).flatMap((action) =>
				(vehicle.says ? [false] : [false, true]).map((compact): [string, Partial<EndpointScript>, string] => [
					`${vehicle.id}, ${mode}, ${action}${compact ? ", compact" : ""}`,
					{ mode, action, compact, hooks: false },
					vehicle.id,
				]),
			),
		),
	);

/** Every function of any file. */
const everyShellFunction = new Set(
	files.flatMap(([, changes, vehicle]) => [...shellFunctions(endpointScript(vehicle, changes)).calls.keys()]),
);

/** Called by the shell itself. */
const TRAPS = ["leave", "stopped"];

describe("a rendered file has every function that it calls, and calls every function that it has", () => {
	test("the test itself sees what it forbids", () => {
		const script = 'a() {\n  b "$(c)" # d\n}\nb() { :; }\nd() { e; }\nput "a" \'e\'\n{ a "$@"; }\n';
		const found = shellFunctions(script);
		expect(unreached(found)).toEqual(["d"]);
		expect(undefinedIn(found, new Set(["a", "b", "c", "e"]))).toEqual(["c", "e"]);
		const program = awkFunctions("function f(x) { return g(x) }\nfunction h() { f(1) }\nEND { f(2) }\n");
		expect(unreached(program)).toEqual(["h"]);
		expect(undefinedIn(program, new Set(["g"]))).toEqual(["g"]);
	});

	test.each(files)("%s: shell", (_name, changes, vehicle) => {
		const functions = shellFunctions(endpointScript(vehicle, changes));
		expect(functions.calls.size).toBeGreaterThan(30);
		expect(unreached(functions).filter((name) => !TRAPS.includes(name))).toEqual([]);
		expect(undefinedIn(functions, everyShellFunction)).toEqual([]);
	});

	test("no script is longer than an admin can review", () => {
		const size = (changes: Partial<EndpointScript>) => endpointScript("generic", { hooks: false, ...changes }).length;
		const dropIn = clis.filter(({ id }) => id === "claude-code");
		expect(size({ compact: true, clis: dropIn })).toBeLessThanOrEqual(40 * 1024);
		expect(size({ compact: true, action: "report" })).toBeLessThan(45_000);
		// With all values by which a CLI leaves a file out, or does not start: one that is not known would be ok.
		expect(size({ action: "report" })).toBeLessThan(92 * 1024);
		expect(size({ action: "uninstall" })).toBeLessThan(64 * 1024);
	});

	test("the table of contents names every section and the line it begins at", () => {
		for (const [, changes, vehicle] of files) {
			const lines = endpointScript(vehicle, changes).split("\n");
			const listed = lines.flatMap((line) => {
				const [, at, title] = /^# {1,6}(\d+) {2}(.+)$/.exec(line) ?? [];
				return at === undefined ? [] : [`${at} # ---- ${title} ----`];
			});
			const found = lines.flatMap((line, i) => (/^# ---- .* ----$/.test(line) ? [`${i + 1} ${line}`] : []));
			expect(listed.length).toBeGreaterThan(8);
			expect(listed).toEqual(found);
		}
	});

	test.each([[["get", "set", "undo"]], [["get", "same"]], [["undo"]], [["get", "same", "set", "undo"]]] as const)(
		"the editor with the modes %s",
		(modes) => {
			const functions = awkFunctions(editorProgram(modes));
			expect(functions.calls.size).toBeGreaterThan(30);
			expect(unreached(functions)).toEqual([]);
			const called = [...functions.calls.values()].flatMap((words) => [...words]);
			expect(called.filter((word) => !functions.calls.has(word) && !BUILT_IN_AWK.includes(word))).toEqual([]);
		},
	);
});
