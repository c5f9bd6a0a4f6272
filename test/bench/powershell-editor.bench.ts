import { describe, expect, test } from "vitest";
import { awks, type EditorCase, runCases, runInPowerShell } from "../endpoint/editor.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { say } from "./measure.ts";

const ROUNDS = 3;

/** A settings file of so many bytes, most of them not ours. */
function settings(bytes: number): string {
	const members: string[] = [];
	for (let size = 0; size < bytes; size += members.at(-1)?.length ?? 0) {
		members.push(`\t"key-${members.length}": { "on": true, "list": [1, 2.5, "x\\n"], "text": "${"y".repeat(60)}" },\n`);
	}
	return `{\n${members.join("")}\t"env": { "A": "theirs" }\n}\n`;
}

const awk = awks.find(({ name, part }) => name.includes("mawk") && part.missing === undefined);

async function seconds(run: () => Promise<unknown>): Promise<number> {
	const start = performance.now();
	await run();
	return (performance.now() - start) / 1000;
}

/**
 * Seconds of a process that edits nothing, of one that edits one file (`cold`, its start included), and of one more edit of the same file in
 * it. Of all rounds the shortest: what else runs on the machine can only add.
 */
async function measured(run: (cases: readonly EditorCase[]) => Promise<unknown>, text: string, more: number) {
	const one: EditorCase = { format: "json", mode: "set", text, plan: ["set\t/env/B\tstring\tours"] };
	const shortest = async (edits: number) => {
		const times: number[] = [];
		for (let round = 0; round < ROUNDS; round++) {
			times.push(await seconds(() => run(Array.from({ length: edits }, () => one))));
		}
		return Math.min(...times);
	};
	const [start, cold, many] = [await shortest(0), await shortest(1), await shortest(1 + more)];
	return { start, cold, warm: (many - cold) / more };
}

describe("the editor in PowerShell against the one in awk", needs(pwsh), () => {
	test.each([
		[5, 100],
		[50, 30],
		[500, 5],
	])("%i KB: a process with one edit, and one edit more", async (kilobytes, more) => {
		if (!awk) throw new Error("mawk is not on this machine");
		const text = settings(kilobytes * 1024);
		const inAwk = await measured((cases) => runCases(awk, cases), text, more);
		const inPowerShell = await measured((cases) => runInPowerShell(cases), text, more);
		const ratio = (what: "start" | "cold" | "warm") =>
			`${(inPowerShell[what] / inAwk[what]).toFixed(1)} x (${inPowerShell[what].toFixed(3)} s, ${inAwk[what].toFixed(3)} s)`;
		say(
			`${kilobytes} KB, PowerShell against mawk: one edit, start included: ${ratio("cold")}; one more: ${ratio("warm")}`,
		);
		say(`${kilobytes} KB, a process that edits nothing: ${ratio("start")}`);
		expect(inPowerShell.cold).toBeGreaterThan(0);
	});
});
