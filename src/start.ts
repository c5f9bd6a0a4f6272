#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

/**
 * Loads src/cli.ts and what it imports. A third of the start of a command is V8 compiling our code, so `npm ci` leaves what it compiled beside
 * it (scripts/compile-ahead.mjs) and it is taken from there. V8 takes it only from its own version, with its own flags, for a source of that
 * length; in any other case it compiles as ever. https://nodejs.org/api/vm.html#scriptcreatecacheddata
 */
type Body = (exports: object, require: (name: string) => unknown, module: { exports: object }) => void;

const [before, after] = ["(function (exports, require, module) {", "\n})"];
const compiled = join(__dirname, "compiled", `${process.versions.v8}-${process.platform}-${process.arch}`);
const modules = new Map<string, { exports: object }>();

function load(file: string): object {
	const known = modules.get(file);
	if (known) return known.exports;
	const module = { exports: {} };
	modules.set(file, module);
	const filename = join(__dirname, file);
	const cachedData = compiledAhead(file);
	const script = new Script(before + readFileSync(filename, "utf8") + after, {
		filename,
		columnOffset: -before.length,
		...(cachedData && { cachedData }),
	});
	const body = script.runInThisContext() as Body;
	body(module.exports, (name) => (name.startsWith(".") ? load(join(dirname(file), name)) : require(name)), module);
	return module.exports;
}

function compiledAhead(file: string): Buffer | undefined {
	try {
		return readFileSync(join(compiled, file));
	} catch {
		return undefined;
	}
}

load("command-line.cjs");
