import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lint51 } from "../harness/lint51.ts";
import { howMany } from "../harness/matrix.ts";
import { needs, pwsh } from "../harness/parts.ts";

const root = new URL("../..", import.meta.url).pathname;
const below = (folder: string) =>
	readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".ps1"))
		.map((name) => join(folder, name))
		.sort();
const script = (path: string) => ({ path, text: readFileSync(join(root, path), "utf8") });

/** Parts of one program, which call each other and nothing else. */
const editor = below("templates/ps1/editor");
/** What is given to machines as it stands. */
const rendered = [...below("mdm"), ...below("scripts")];

/** The script of one vehicle differs from that of another in a few lines of its own; those that take the token have more of them. */
const actionOf = (path: string) => /(?<=^ {2}Action = ')(?:report|uninstall)(?=')/m.exec(script(path).text)?.[0];
const looked = howMany(0, 1)
	? rendered
	: rendered.filter((path, at) => {
			const action = actionOf(path);
			return action === undefined || rendered.findIndex((each) => actionOf(each) === action) === at;
		});

describe("the scripts in PowerShell", needs(pwsh), () => {
	test("have in them nothing that Windows PowerShell 5.1 lacks, or takes for something else, and no trigger word", () => {
		expect(editor.length).toBeGreaterThan(14);
		const scripts = [
			...editor.map((path) => ({ ...script(path), program: "editor" })),
			...looked.map((path) => ({ ...script(path), isRendered: true })),
		];
		const findings = lint51(scripts).map(({ path, line, rule, what }) => `${path}:${line}: ${rule}: ${what}`);
		process.stdout.write(
			`lint for 5.1: ${scripts.length} of ${editor.length + rendered.length} scripts, ${findings.length} findings\n`,
		);
		expect(findings).toEqual([]);
	});
});
