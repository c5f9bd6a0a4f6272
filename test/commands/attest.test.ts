import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";

const [OLD, NEW, OTHER] = [canary(), canary(), "cccccccccccc"];
const BECAUSE = ["--because", "stolen in May", "--by", "anna"];

/** A fleet of two machines of which one moved, nothing was heard of the other, and a third is not listed. */
function fleet() {
	const traffic = [
		sent(OLD.fingerprint, 190),
		...[160, 120, 80, 40, 2].map((minutes) => sent(NEW.fingerprint, minutes)),
		sent(OTHER, 30, { host: "build-box", cli: "nightly-import" }),
	];
	const cwd = scratch({
		"crossfade.yaml": `version: 1\ntokens: { old: "file:old.token", new: "file:new.token" }\nhosts: { expected: [mac-1, mac-7] }\nevery: 1h\n`,
	});
	writeFileSync(join(cwd, "old.token"), OLD.token, { mode: 0o600 });
	writeFileSync(join(cwd, "new.token"), NEW.token, { mode: 0o600 });
	writeEvidence(join(cwd, "crossfade-evidence"), { traffic });
	const run = { cwd, canaries: [OLD, NEW], holders: ["old.token", "new.token"] };
	return {
		run,
		attest: (...args: string[]) => crossfade(["attest", ...args], run),
		gate: () => crossfade(["report", "--require-migrated", "--explain"], run),
	};
}

describe("crossfade attest", () => {
	test("what evidence cannot show is proven by somebody's word, and the yes says with how many", async () => {
		const { attest, gate } = fleet();
		expect((await gate()).code).toBe(9);
		expect(await attest("host", "mac-7", "gone", ...BECAUSE)).toMatchObject({
			code: 0,
			stdout: "recorded: host mac-7 is gone, says anna: stolen in May\n",
		});
		expect((await attest("host", "build-box", "known", "--because", "a nightly import")).code).toBe(0);
		expect((await gate()).code).toBe(9);
		expect((await attest("credential", OTHER, "known", "--because", "its own token")).code).toBe(0);
		const { code, stdout } = await gate();
		expect(code).toBe(0);
		expect(stdout).toMatch(/retire the old token: yes[\s\S]*with \d statements/);
		expect(stdout).toContain("gone, says anna: stolen in May");
	});

	test("contrary evidence takes it back", async () => {
		const { run, attest, gate } = fleet();
		await attest("host", "mac-7", "gone", ...BECAUSE);
		const later = sent(OLD.fingerprint, 0, { host: "mac-7", lastSeen: Date.now() + 1000 });
		writeEvidence(join(run.cwd, "crossfade-evidence"), { traffic: [sent(OLD.fingerprint, 190), later] });
		const { code, stdout } = await gate();
		expect(code).toBe(5);
		expect(stdout.replaceAll(/\s+/g, " ")).toContain("it was said to be gone, and was heard of after that");
	});

	test.each([
		["a kind that is none", ["laptop", "mac-7", "gone", ...BECAUSE], "host, gateway, credential"],
		["a word that is none", ["host", "mac-7", "lost", ...BECAUSE], "gone, moved, known"],
		["no reason", ["host", "mac-7", "gone"], "a statement needs its reason"],
		["a reason of blanks", ["host", "mac-7", "gone", "--because", "  "], "a statement needs its reason"],
		["a machine that nobody knows", ["host", "mac-8", "gone", ...BECAUSE], "no host of this name is known here"],
		["a credential that was never seen", ["credential", "dddddddddddd", "known", ...BECAUSE], "no credential"],
		["one of the two tokens", ["credential", OLD.fingerprint, "gone", ...BECAUSE], "no credential"],
	])("%s is one error, and nothing is recorded", async (_, args, says) => {
		const { attest, gate } = fleet();
		const before = (await gate()).stdout;
		expect(await attest(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(says) });
		expect((await gate()).stdout.match(/says anna/g)).toBe(before.match(/says anna/g));
	});

	test("without the old token's name it is about no rotation", async () => {
		const { code, stderr } = await crossfade(["attest", "host", "mac-7", "gone", ...BECAUSE]);
		expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("which rotation") });
	});
});
