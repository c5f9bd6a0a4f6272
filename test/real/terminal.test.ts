import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ExitName, exitCodes } from "../../src/base/errors.ts";
import { canary } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";
import { needs } from "../harness/parts.ts";
import { rotationWorld } from "../harness/rotate.ts";
import { terminal, tmux } from "../harness/terminal.ts";
import { waitFor } from "../harness/wait.ts";

test("crossfade watch redraws a real terminal of 80 columns, and leaves on Ctrl-C", needs(tmux), async () => {
	const [old, fresh] = [canary(), canary()];
	const cwd = scratch({
		"crossfade.yaml": `version: 1\ntokens: { old: "fp:${old.fingerprint}", new: "fp:${fresh.fingerprint}" }\nhosts: { expected: [mac-1] }\nevery: 1h\n`,
	});
	const evidence = join(cwd, "crossfade-evidence");
	const hostile = "mac-\u001b[31m\u202e<b>$(id)`".repeat(4);
	writeEvidence(evidence, { traffic: [sent(old.fingerprint, 2), sent(old.fingerprint, 3, { host: hostile })] });
	const { screen, type } = terminal(
		cwd,
		`${process.execPath} ${CLI} watch --every 200ms; echo left with $?; exec sleep 600`,
		60,
	);
	await waitFor("the first picture", () => /retire the old token: not yet/.test(screen()));
	expect(screen()).toMatch(/OLD ONLY +mac-1 /);
	expect(
		screen()
			.split("\n")
			.filter((line) => line.length > 80),
	).toEqual([]);
	expect(screen()).toContain("mac-\\u001b[31m");
	const moved = [150, 100, 50, 1].map((minutes) => sent(fresh.fingerprint, minutes));
	writeEvidence(evidence, { traffic: [sent(old.fingerprint, 190), ...moved] });
	await waitFor("the second picture", () => /retire the old token: yes/.test(screen()));
	expect(screen()).not.toContain("OLD ONLY");
	expect(screen().match(/Safe to retire/g)).toHaveLength(1);
	type("C-c");
	await waitFor("the end", () => screen().includes("left with 0"));
});

test("on a terminal of 24 lines the verdict stays on the screen", needs(tmux), async () => {
	const [old, fresh] = [canary(), canary()];
	const cwd = scratch({
		"crossfade.yaml": `version: 1\ntokens: { old: "fp:${old.fingerprint}", new: "fp:${fresh.fingerprint}" }\n`,
	});
	const traffic = Array.from({ length: 30 }, (_, index) => sent(old.fingerprint, 2, { host: `mac-${index}` }));
	writeEvidence(join(cwd, "crossfade-evidence"), { traffic });
	const { screen, printed } = terminal(cwd, `${process.execPath} ${CLI} watch --every 200ms; exec sleep 600`, 24);
	await waitFor("the first picture", () => /more lines; for all/.test(screen()));
	expect(screen()).toContain("Safe to retire the old token: not yet");
	expect(printed().match(/Safe to retire/g)).toHaveLength(1);
});

test("the demo breaks no line in a terminal of 80 columns", needs(tmux), async () => {
	const cwd = scratch({});
	const { printed } = terminal(cwd, `${process.execPath} ${CLI} demo --fast --collector tap; exec sleep 600`, 24);
	await waitFor("the end", () => /THE END: /.test(printed()));
	const lines = printed().split("\n");
	expect(lines.length).toBeGreaterThan(100);
	expect(lines.filter((line) => line.trimEnd().length > 80 && !/^(live|THE END): /.test(line))).toEqual([]);
});

describe("the hidden question for the new token", needs(tmux), () => {
	/** A rotation that waits for it, from when the question stands there; `survive` is what a shell does to tell how it ended. */
	async function asking(survive = "") {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const resume = `${process.execPath} ${CLI} rotate resume it --token prompt`;
		const shell = `${survive}HOME='${world.cwd}' sh -c 'echo pid $$; exec ${resume}'; left=$?; echo $left >left; echo left with $left; stty -a && exec sleep 600`;
		const { printed, type, end } = terminal(world.cwd, shell);
		await waitFor("the question", () => /^New token:/m.test(printed()));
		return { world, printed, type, end, pid: Number(/^pid (\d+)$/m.exec(printed())?.[1]) };
	}

	const ways: readonly (readonly [name: string, exit: ExitName, leave: NodeJS.Signals | readonly string[]])[] = [
		["Ctrl-C", "interrupted", ["C-c"]],
		["Ctrl-C within the token", "interrupted", ["abc", "C-c"]],
		["Ctrl-\\", "interrupted", ["C-\\"]],
		["Ctrl-D", "refused", ["C-d"]],
		["Ctrl-D within the token", "refused", ["abc", "C-d"]],
		["Ctrl-Z", "refused", ["C-z"]],
		["Enter alone", "refused", ["Enter"]],
		["SIGINT", "interrupted", "SIGINT"],
		["SIGTERM", "interrupted", "SIGTERM"],
		["SIGHUP", "interrupted", "SIGHUP"],
	];
	test.each(ways)("%s leaves it: %s, the terminal is as it was, and the rotation goes on", async (_, exit, leave) => {
		const { world, printed, type, pid } = await asking();
		if (typeof leave === "string") process.kill(pid, leave);
		else for (const keys of leave) type(keys);
		await waitFor("the end", () => /left with \d+$/m.test(printed()) && / echoke?\b/.test(printed()));
		expect(printed()).toContain(`left with ${exitCodes[exit][0]}\n`);
		expect(printed()).toMatch(/ icanon .* echo echoe /s);
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(world.read("new.token"));
	});

	test("a terminal that is closed ends it, without a core file, and the rotation goes on", async () => {
		const { world, end } = await asking("trap '' HUP; ");
		end();
		await waitFor("the end", () => readdirSync(world.cwd).includes("left") && world.read("left") !== "");
		// Not 134 of a process that aborts, and writes a core file where the system lets it.
		expect(["11", "130"]).toContain(world.read("left").trim());
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	});

	test("Ctrl-U begins again, and what was deleted is not in the token", async () => {
		const { world, printed, type } = await asking();
		const token = await world.click();
		for (const keys of ["abc", "C-u", token.slice(0, 10), "x", "BSpace", token.slice(10), "Enter"]) type(keys);
		await waitFor("the end", () => printed().includes("left with 16"));
		expect(world.read("live.token")).toBe(token);
		expect(printed()).not.toContain(token.slice(0, 10));
	});
});
