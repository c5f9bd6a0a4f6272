import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";

/** test/harness/program.ts as test/harness/build.ts bundles it before the first test. */
export const PROGRAM = new URL("../../node_modules/.cache/otel-crossfade/program.cjs", import.meta.url).pathname;

interface Module {
	exports: unknown;
}
type Body = (exports: unknown, require: (name: string) => unknown, module: Module) => void;

const requireBuiltin = createRequire(import.meta.url);
const bodies = new Map<string, Body>();

/**
 * The bundled program with no state from before: which secrets are protected, which modules are loaded. Each of its files is compiled once
 * and evaluated anew each time, as in a process of its own.
 */
export function freshProgram(): typeof import("./program.ts") {
	const modules = new Map<string, Module>();
	const load = (path: string): unknown => {
		const known = modules.get(path);
		if (known) return known.exports;
		const module: Module = { exports: {} };
		modules.set(path, module);
		body(path)(
			module.exports,
			(name) => (name.startsWith(".") ? load(join(dirname(path), name)) : requireBuiltin(name)),
			module,
		);
		return module.exports;
	};
	return load(PROGRAM) as typeof import("./program.ts");
}

function body(path: string): Body {
	const compiled =
		bodies.get(path) ??
		(compileFunction(readFileSync(path, "utf8"), ["exports", "require", "module"], { filename: path }) as Body);
	bodies.set(path, compiled);
	return compiled;
}
