import { execFileSync } from "node:child_process";
import { test } from "vitest";
import { median, say } from "./measure.ts";

const LOOKS = new URL("looks.mjs", import.meta.url).pathname;
const PROCESSES = 9;

/** Bar: 500 ms of CPU a look on a machine that does nothing else; the first of a process is cold. */
test.each([
	["inventory", "100,000 machines with 3 CLIs each"],
	["traffic", "33,000 machines with 3 CLIs each"],
])("one verdict on a large fleet by %s", (by, what) => {
	const runs = Array.from({ length: PROCESSES }, () =>
		execFileSync(process.execPath, [LOOKS, by], { encoding: "utf8" }).trim().split("\n").map(Number),
	);
	const [first, later] = [runs.map(([look = 0]) => look), runs.flatMap(([, ...looks]) => looks)];
	say(
		`${what}, by ${by}: ${median(later).toFixed(0)} ms of CPU a look, the first of a process ${median(first).toFixed(0)}`,
	);
});
