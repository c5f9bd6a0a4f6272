import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { processOf, serviceLog } from "../../src/generate/render/rotate-ps1.ts";
import { bundleOf } from "../contracts/collector.ts";
import { type Lint51Script, lint51 } from "../harness/lint51.ts";
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

/** Of every collector that runs as a Windows service: the script that rotates, the commands in it, and what its runbook says to run. */
const collectors = (
	await Promise.all(
		distributionIds.map(async (id): Promise<Lint51Script[]> => {
			const host = (await loadDistribution(id))?.hosts.windows;
			if (!host) return [];
			const files = await bundleOf(id, { distribution: id, platform: "windows" });
			// The script is the same but for its settings.
			const script = id === "contrib" ? [...files].filter(([path]) => path.endsWith(".ps1")) : [];
			const blocks = [...(files.get("RUNBOOK.md") ?? "").matchAll(/^ *```powershell\n([\s\S]*?)^ *```$/gm)];
			const commands = [processOf(host), serviceLog(host), host.restart, ...blocks.map(([, text = ""]) => text)];
			return [
				...script.map(([path, text]) => ({ path, text, isRendered: true })),
				...commands.map((text, nth) => ({ path: `${id}: command ${nth}`, text, program: "commands" })),
			];
		}),
	)
).flat();
/** Our own program, which runbooks call. */
const crossfade = { path: "crossfade", text: "function crossfade { }\n", program: "commands" };

describe("the scripts in PowerShell", needs(pwsh), () => {
	test("have in them nothing that Windows PowerShell 5.1 lacks, or takes for something else, and no trigger word", () => {
		expect(editor.length).toBeGreaterThan(14);
		const scripts = [
			...editor.map((path) => ({ ...script(path), program: "editor" })),
			...rendered.map((path) => ({ ...script(path), isRendered: true })),
			// Most commands are those of several collectors.
			...new Map(collectors.map((each) => [each.text, each])).values(),
			crossfade,
		];
		expect(collectors.filter(({ isRendered }) => isRendered)).toHaveLength(1);
		expect(collectors.length).toBeGreaterThan(40);
		const findings = lint51(scripts).map(({ path, line, rule, what }) => `${path}:${line}: ${rule}: ${what}`);
		process.stdout.write(`lint for 5.1: ${scripts.length} scripts, ${findings.length} findings\n`);
		expect(findings).toEqual([]);
	});
});
