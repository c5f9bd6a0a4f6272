import { join } from "node:path";
import { expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";
import { needs } from "../harness/parts.ts";
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
