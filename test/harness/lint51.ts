import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCommand51, hasParameter51 } from "../../src/generate/kit/verify/commands51.ts";
import { powerShellTextProblems, powerShellTextRules } from "../../src/generate/kit/verify/powershell.ts";
import type { CommandFact, Fact, Judged, MemberFact } from "./lint51/facts.ts";
import { judgeMeaning, meaningRules } from "./lint51/meaning.ts";
import { hasMember, hasType, isOpen } from "./lint51/tables.ts";
import { pwsh } from "./parts.ts";

/**
 * A lint for scripts that must be right under Windows PowerShell 5.1 with .NET Framework 4.6.2, and under PowerShell 7: by the tree that
 * PowerShell 7's parser makes, tables of what 5.1 has (lint51/*.tsv, and commands51.ts of the product), and what its documentation says of texts that mean something else there.
 * It proves what it finds, and not that there is nothing: where the type of an object is not known, a member passes if any type in the table
 * has it. No 5.1 takes part.
 */
export const lintRules = {
	...powerShellTextRules,
	parse: "PowerShell can parse it",
	syntax: "it has no syntax that came after 5.1",
	command: "every command is one that 5.1 has, or a function of the same program; programs are called by full path",
	alias: "no command is called by an alias",
	parameter: "every parameter is one that the command has in 5.1, spelled out",
	type: "every type is one that .NET Framework 4.6.2 or 5.1 has",
	member: "every member is one that the type has there, with so many arguments",
	...meaningRules,
} as const;

export type LintRule = keyof typeof lintRules;

export interface Lint51Finding {
	readonly path: string;
	/** Counted from 1. */
	readonly line: number;
	readonly rule: LintRule;
	readonly what: string;
}

export interface Lint51Script {
	/** Its name in findings. */
	readonly path: string;
	readonly text: string;
	/** Scripts of one program may call each other's functions; by default each is a program. */
	readonly program?: string;
	/** Whether it is as it will be used: then its lines must end with CR and LF. */
	readonly isRendered?: boolean;
	/** The most bytes that its vehicle takes. */
	readonly limit?: number;
}

/** Findings in the order of the scripts and of lines. One process for all scripts; needs the part `pwsh`. */
export function lint51(scripts: readonly Lint51Script[]): Lint51Finding[] {
	const facts = factsOf(scripts);
	return scripts.flatMap((script) => {
		const { path, text, program = path, isRendered = false, limit } = script;
		const together = new Set(scripts.filter((one) => (one.program ?? one.path) === program).map((one) => one.path));
		const functions = new Set(
			facts.flatMap((fact) =>
				fact.kind === "function" && together.has(fact.path) ? [fact.name.replace(/^\w+:/, "").toLowerCase()] : [],
			),
		);
		const own = facts.filter((fact) => fact.path === path);
		const bytes = Buffer.from(text, "utf8");
		const texts = powerShellTextProblems(bytes, { crlf: isRendered, limit }).map(
			(problem): Lint51Finding => ({ ...problem, path, line: problem.line ?? 1 }),
		);
		const judged = own.flatMap((fact) =>
			judge(fact, functions).map(({ rule, what }): Lint51Finding => ({ path, line: fact.line, rule, what })),
		);
		return unique([...texts, ...judged]).sort((a, b) => a.line - b.line);
	});
}

function factsOf(scripts: readonly Lint51Script[]): readonly Fact[] {
	const walk = new URL("lint51/walk.ps1", import.meta.url).pathname;
	const folder = mkdtempSync(join(tmpdir(), "crossfade-test-"));
	const [given, made] = [join(folder, "scripts.json"), join(folder, "facts.json")];
	try {
		writeFileSync(
			given,
			JSON.stringify(scripts.map(({ path, text }) => ({ path, text: text.replace(/^\ufeff/, "") }))),
		);
		const args = ["-NoProfile", "-NonInteractive", "-File", walk, given, made];
		const env = { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" };
		const { status, stdout, stderr } = spawnSync(pwsh.path, args, { encoding: "utf8", env });
		if (status !== 0 || stdout + stderr !== "") throw new Error(`the walk ended with ${status}: ${stdout}${stderr}`);
		return JSON.parse(readFileSync(made, "utf8"));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function judge(fact: Fact, functions: ReadonlySet<string>): readonly Judged<LintRule>[] {
	const meaning = judgeMeaning(fact, functions);
	switch (fact.kind) {
		case "parse":
		case "syntax":
		case "trigger":
			return [{ rule: fact.kind, what: fact.what }];
		case "command":
			return [...commandProblems(fact, functions), ...meaning];
		case "type":
		case "attribute":
			return hasType(fact.name) ? meaning : [{ rule: "type", what: `${fact.name} is not in the table of types` }];
		case "member":
			return [...memberProblems(fact), ...meaning];
		default:
			return meaning;
	}
}

function commandProblems(
	{ name, alias, parameters }: CommandFact,
	functions: ReadonlySet<string>,
): readonly Judged<LintRule>[] {
	// What a variable or a block is called for cannot be told, nor what a program takes.
	if (name === null || functions.has(name.toLowerCase()) || /[\\/]/.test(name)) return [];
	if (alias !== null) return [{ rule: "alias", what: `${name} is an alias of ${alias}` }];
	if (!hasCommand51(name)) return [{ rule: "command", what: `${name} is not in the table of commands` }];
	return parameters
		.filter((parameter) => !hasParameter51(name, parameter.name))
		.map((parameter) => ({ rule: "parameter", what: `${name} has no -${parameter.name} in 5.1` }));
}

function memberProblems({ name, static: isStatic, owners, count }: MemberFact): readonly Judged<LintRule>[] {
	// Of a type that is named and missing the rule for types says so.
	if (name === null || (isStatic && !owners.every(hasType))) return [];
	const known = owners.filter((owner) => !isOpen(owner));
	// A property of an object that could be a hashtable can be any key of it.
	if (known.length < owners.length || (owners.length === 0 && count < 0)) return [];
	const how = count < 0 ? name : `${name} with ${count} arguments`;
	if (owners.length === 0) {
		return hasMember(undefined, name, count) ? [] : [{ rule: "member", what: `no type in the table has ${how}` }];
	}
	const without = known.filter((owner) => !hasMember(owner, name, count));
	// The inference names every type that it can be.
	return without.length < known.length ? [] : [{ rule: "member", what: `${without.join(", ")} has no ${how}` }];
}

function unique(findings: readonly Lint51Finding[]): Lint51Finding[] {
	return [...new Map(findings.map((one) => [`${one.line} ${one.rule} ${one.what}`, one])).values()];
}
