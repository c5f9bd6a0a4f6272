import { describe, expect, test } from "vitest";
import { awks, type EditorCase, runCases, runInPowerShell } from "../endpoint/editor.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { median, say } from "./measure.ts";

const ROUNDS = 3;
const WARM = 5;

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

/** Seconds of a process that does nothing, one that edits one file, and one that edits it again and again: so the start is taken off. */
async function measured(run: (cases: readonly EditorCase[]) => Promise<unknown>, text: string) {
	const one: EditorCase = { format: "json", mode: "set", text, plan: ["set\t/env/B\tstring\tours"] };
	const times: { start: number; cold: number; warm: number }[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const start = await seconds(() => run([]));
		const first = await seconds(() => run([one]));
		const many = await seconds(() => run(Array.from({ length: 1 + WARM }, () => one)));
		times.push({ start, cold: first - start, warm: (many - first) / WARM });
	}
	return (what: "start" | "cold" | "warm") => median(times.map((each) => each[what]));
}

describe("the editor in PowerShell against the one in awk", needs(pwsh), () => {
	test.each([5, 50, 500])("%i KB: the first edit of a process, and one more", async (kilobytes) => {
		if (!awk) throw new Error("mawk is not on this machine");
		const text = settings(kilobytes * 1024);
		const inAwk = await measured((cases) => runCases(awk, cases), text);
		const inPowerShell = await measured((cases) => runInPowerShell(cases), text);
		const ratio = (what: "start" | "cold" | "warm") =>
			`${(inPowerShell(what) / inAwk(what)).toFixed(1)} x (${inPowerShell(what).toFixed(3)} s, ${inAwk(what).toFixed(3)} s)`;
		say(`${kilobytes} KB, PowerShell against mawk: first edit ${ratio("cold")}, one more ${ratio("warm")}`);
		say(`${kilobytes} KB, a process that edits nothing: ${ratio("start")}`);
		expect(inPowerShell("cold")).not.toBeNaN();
	});
});
