import { describe, expect, test } from "vitest";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { powerShellTextProblems } from "../../../src/generate/kit/verify/powershell.ts";
import { bundleOf } from "../../contracts/collector.ts";

const script = async (platform: string, name: string, id = "contrib") =>
	(await bundleOf(id, { distribution: id, platform })).get(name) ?? "";
const sh = await script("systemd", "rotate-torii.sh");
const ps1 = (await script("windows", "rotate-torii.ps1")).replaceAll("\r\n", "\n");

const all = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, found = ""]) => found))];
const sorted = (list: readonly string[]) => [...list].sort();

describe("the rotation script in PowerShell and the one in sh", () => {
	test("have the same options, in the same order, and read all that they tell of", () => {
		const told = /^# {3}(--[a-z-]+)/gm;
		expect(all(ps1, told)).toEqual(all(sh, told));
		const read = [...all(sh, /^ {6}(--[a-z-]+)\)/gm)];
		expect(sorted(all(ps1, /'(--[a-z-]+)' = '/g))).toEqual(sorted(read));
		expect(sorted(read)).toEqual(sorted(all(sh, told)));
	});

	test("have the same exit codes, and tell of each", () => {
		const told = (text: string) =>
			all(/^# Exit codes: [\s\S]*?\n\n/m.exec(text)?.[0].replace(/\n# /g, " ") ?? "", /(?:: |; )(\d+) /g);
		expect(told(ps1)).toEqual(told(sh));
		expect(told(sh).length).toBeGreaterThan(9);
		const used = (text: string, calls: RegExp) => all(text, calls).map(Number).sort();
		const inSh = used(sh, /\b(?:die|exit) (\d+)\b/g);
		expect(used(ps1, /\b(?:Stop-Run|Stop-Restored|exit) (\d+)\b/g)).toEqual(inSh);
	});

	test("say the same of what they do", () => {
		const steps = all(sh, /\bsay "([a-z ]+?) (?:\s*for )?[ $f]/g).map((step) => step.trim());
		const theirs = all(ps1, /\bWrite-Line \('([a-z ]+?) (?:\s*for )?(?:fp=|'| )/g).map((step) => step.trim());
		expect(sorted(theirs)).toEqual(sorted(steps));
		expect(steps.length).toBeGreaterThan(7);
	});

	test.each(distributionIds)("%s: ASCII, CRLF, no word that PowerShell logs; its own service and log", async (id) => {
		const host = (await loadDistribution(id))?.hosts.windows;
		if (!host) {
			await expect(bundleOf(id, { distribution: id, platform: "windows" })).rejects.toThrow("is not supported");
			return;
		}
		const text = await script("windows", "rotate-torii.ps1", id);
		expect(powerShellTextProblems(Buffer.from(text), { crlf: true })).toEqual([]);
		expect(text).toContain(`$SERVICE = '${host.service}'`);
		expect(text).toContain(host.restart);
		expect(/\$LOGS = '(.*)'\r\n/.exec(text)?.[1]).toContain(host.logFile ?? `[Provider[@Name=''${host.service}'']`);
	});
});
