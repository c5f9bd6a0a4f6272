import { rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { vehicles } from "../../src/adapters/vehicles/registry.ts";
import { kitOf } from "../../src/generate/kit/kit.ts";
import { parseMdmFlags } from "../../src/spec/mdm.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { actions, endpointScript, machine, write } from "../harness/endpoint.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { powerShellScript, runPowerShell, windowsMachine } from "../harness/powershell.ts";
import { say } from "./measure.ts";

const ROUNDS = 5;
const WORDS = "scope=user users=self";

/** Of all rounds the shortest: what else runs on the machine can only add. */
async function shortest(run: () => Promise<unknown>, before = () => {}): Promise<number> {
	const times: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		before();
		const start = performance.now();
		await run();
		times.push((performance.now() - start) / 1000);
	}
	return Math.min(...times);
}

/** Removes what an install made in a home, and leaves the CLIs. */
const emptied = (home: string) => () => {
	for (const name of [".claude", ".codex", ".gemini", ".qwen"])
		rmSync(join(home, name), { recursive: true, force: true });
};

describe("the endpoint script in PowerShell against the one in sh", needs(pwsh), () => {
	test("one user, three CLIs: cold, with nothing to do, and a report", async () => {
		const { token } = canary();
		const [inSh, inPowerShell] = [
			machine({ content: endpointScript("generic", { actions }) }),
			windowsMachine({ content: powerShellScript() }),
		];
		const done = { code: 0, stderr: "" };
		const ways = {
			sh: async (words: string) => expect(await inSh.run(`${words} ${WORDS}`, { token })).toMatchObject(done),
			ps1: async (words: string) => expect(await inPowerShell.run(`${words} ${WORDS}`, { token })).toMatchObject(done),
		};
		const measured = async (run: (words: string) => Promise<unknown>, home: string) => ({
			cold: await shortest(() => run(""), emptied(home)),
			"nothing to do": await shortest(() => run("")),
			report: await shortest(() => run("report")),
		});
		const [sh, ps1] = [await measured(ways.sh, inSh.home), await measured(ways.ps1, inPowerShell.home)];
		const empty = write(scratch(), "empty.ps1", "exit 0\r\n");
		const env = { HOME: scratch() };
		const start = await shortest(() => runPowerShell(pwsh.path, empty, [], { stdin: "", canaries: [], env }));
		for (const what of ["cold", "nothing to do", "report"] as const) {
			say(
				`${what}: PowerShell ${(ps1[what] / sh[what]).toFixed(1)} x sh (${ps1[what].toFixed(2)} s, ${sh[what].toFixed(2)} s), ${(ps1[what] / start).toFixed(1)} x an empty script in PowerShell (${start.toFixed(2)} s)`,
			);
		}
		say(`with a load of ${loadavg()[0]?.toFixed(1)} on this machine`);
	});
});

test("the scripts for Windows against what their vehicles take", () => {
	const inPowerShell = vehicles.filter(({ language, says }) => language === "ps1" && !says);
	expect(inPowerShell.length).toBeGreaterThan(0);
	for (const { id } of inPowerShell) {
		const spec = parseMdmFlags({ vehicle: id });
		const { plain } = kitOf(spec, { withToken: false });
		for (const { path, limits } of spec.vehicle.kit.scripts) {
			const bytes = Buffer.byteLength(plain[path] ?? "");
			for (const { max, unit } of limits)
				say(`${id} ${path}: ${bytes} bytes, ${Math.round((bytes / max) * 100)} % of ${max} ${unit}`);
		}
	}
});
