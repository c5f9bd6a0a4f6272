import { expect, test } from "vitest";
import { xmlProblem } from "../../src/generate/kit/verify/xml.ts";
import type { ScheduleAbout } from "../../src/rotate/schedule.ts";
import { scheduleProblems, schedulers } from "../../src/rotate/schedule.ts";
import { windowsTask } from "../../src/rotate/windows-task.ts";
import { parseFleet } from "../../src/spec/fleet.ts";

const task = {
	name: "crossfade-rotate-a--b",
	user: "CORP\\J\u00fcrgen & Co",
	folder: "C:\\R & D",
	minutes: 5,
	commands: [
		["C:\\npm\\crossfade.cmd", "rotate", "resume", "a--b", "--fleet", "C:\\R & D\\crossfade.yaml"],
		["C:\\npm\\crossfade.cmd", "rotate", "start", "a--b", "--if-older", "30d"],
	],
};

test("a task is well-formed XML in ASCII, and runs each command as one program with its words", () => {
	const text = windowsTask(task);
	expect(xmlProblem(text)).toBeUndefined();
	expect(text).toMatch(/^[\n -~]+$/);
	// A comment ends at two dashes.
	expect(text.slice(4, text.indexOf("-->"))).not.toContain("--");
	expect(text).toContain("<UserId>CORP\\J&#252;rgen &amp; Co</UserId>");
	expect([...text.matchAll(/<Arguments>(.*)<\/Arguments>/g)].map(([, words]) => words)).toEqual([
		"rotate resume a--b --fleet &quot;C:\\R &amp; D\\crossfade.yaml&quot; --quiet",
		"rotate start a--b --if-older 30d --quiet",
	]);
	expect(text.match(/<WorkingDirectory>C:\\R &amp; D<\/WorkingDirectory>/g)).toHaveLength(2);
	expect(text).toContain("<Interval>PT5M</Interval>");
});

const [spec] = parseFleet(
	`version: 1
stores: { file: { kind: token-file, path: live.token, confirm: person, within: 1h } }
rotations: { it: { provider: torii, current: store:file, stores: [file], endpoint: "http://127.0.0.1:1", key: file:k } }
`,
	"crossfade.yaml",
	"/r",
).rotations;
if (!spec) throw new Error("no rotation");

const about = (file: string): ScheduleAbout => ({
	spec,
	file,
	program: "C:\\npm\\crossfade.cmd",
	user: undefined,
	stateHome: undefined,
	every: undefined,
	overlapMs: undefined,
});

test("on Windows its Task Scheduler is offered, elsewhere what is there; a path that cmd.exe would change is refused", () => {
	const said = (kind: string, file: string) => scheduleProblems(kind, about(file)).map(({ what }) => what);
	for (const file of ["C:\\r\\crossfade.yaml", "\\\\server\\share\\crossfade.yaml"]) {
		expect(said("windows", file)).toEqual([]);
		expect(said("systemd", file)).toEqual(["systemd is not on Windows"]);
		expect(said("cron", file)).toEqual(["cron is not on Windows"]);
	}
	expect(said("windows", "/etc/crossfade.yaml")).toEqual(["the Task Scheduler is on Windows alone"]);
	expect(said("cron", "/etc/crossfade.yaml")).toEqual([]);
	expect(said("windows", "C:\\%TEMP%\\crossfade.yaml")).toEqual([expect.stringContaining("a percent sign")]);
});

test("the folder of a fleet file on Windows is that of its path there", () => {
	const [workflow] = schedulers["github"]?.(about("C:\\r\\crossfade.yaml")) ?? [];
	expect(workflow?.content).toContain("working-directory: C:\\r\n");
	expect(workflow?.content).toContain("shell: bash");
});
