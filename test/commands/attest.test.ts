import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { probeHost } from "../../src/prove/judge/own-probes.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";

const [OLD, NEW, OTHER] = [canary(), canary(), "cccccccccccc"];
const BECAUSE = ["--because", "stolen in May", "--by", "anna"];

const SWAPPED = `version: 1
tokens: { old: "file:new.token", new: "file:old.token" }
hosts: { expected: [mac-1] }
every: 1h
`;

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
	test("a statement proves what evidence cannot show, and the yes says how many there are", async () => {
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

	test("old and new that are swapped are no yes before anybody moved, until somebody says that they are right", async () => {
		const { run, attest, gate } = fleet();
		writeFileSync(join(run.cwd, "crossfade.yaml"), SWAPPED);
		const traffic = [190, 120, 80, 40, 2].map((minutes) => sent(OLD.fingerprint, minutes));
		traffic.push(sent(NEW.fingerprint, 300, { host: probeHost(NEW.fingerprint), cli: "crossfade-probe" }));
		writeEvidence(join(run.cwd, "crossfade-evidence"), { traffic });
		const { code, stdout } = await gate();
		expect({ code, stdout: stdout.replaceAll(/\s+/g, " ") }).toMatchObject({
			code: 9,
			stdout: expect.stringContaining("if old and new are swapped, every sender still uses the old one"),
		});
		expect((await attest("credential", NEW.fingerprint, "known", ...BECAUSE)).code).toBe(0);
		expect((await gate()).code).toBe(0);
	});

	test("contrary evidence makes a statement void", async () => {
		const { run, attest, gate } = fleet();
		await attest("host", "mac-7", "gone", ...BECAUSE);
		const later = sent(OLD.fingerprint, 0, { host: "mac-7", lastSeen: Date.now() + 1000 });
		writeEvidence(join(run.cwd, "crossfade-evidence"), { traffic: [sent(OLD.fingerprint, 190), later] });
		const { code, stdout } = await gate();
		expect(code).toBe(5);
		expect(stdout.replaceAll(/\s+/g, " ")).toContain("a statement says gone, but it was seen after that");
	});

	test.each([
		["an unknown kind", ["laptop", "mac-7", "gone", ...BECAUSE], "host, gateway, credential"],
		["an unknown word", ["host", "mac-7", "lost", ...BECAUSE], "gone, moved, known"],
		["no reason", ["host", "mac-7", "gone"], "a statement needs a reason"],
		["a reason of spaces", ["host", "mac-7", "gone", "--because", "  "], "a statement needs a reason"],
		["an unknown machine", ["host", "mac-8", "gone", ...BECAUSE], "unknown host"],
		["a credential that was never seen", ["credential", "dddddddddddd", "known", ...BECAUSE], "unknown credential"],
		["one of the two tokens", ["credential", OLD.fingerprint, "gone", ...BECAUSE], "unknown credential"],
	])("%s is one error, and nothing is recorded", async (_, args, says) => {
		const { attest, gate } = fleet();
		const before = (await gate()).stdout;
		expect(await attest(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(says) });
		expect((await gate()).stdout.match(/says anna/g)).toBe(before.match(/says anna/g));
	});

	test.each([
		["a mistyped machine", "host: mac-77", "did you mean mac-7?"],
		["a machine that nobody listed", "host: elsewhere", "take the statement out"],
		["a gateway that is none", "gateway: gw-eu", "take the statement out"],
		["a credential that was never seen", "credential: dddddddddddd", "take the statement out"],
	])("in the fleet file, %s is warned of with its line, and changes nothing", async (_, about, says) => {
		const { run, gate } = fleet();
		const before = readFileSync(join(run.cwd, "crossfade.yaml"), "utf8");
		const write = (what: string) =>
			writeFileSync(
				join(run.cwd, "crossfade.yaml"),
				`${before}attested:\n  - { ${what}, is: gone, because: stolen in May, at: "${new Date().toISOString()}" }\n`,
			);
		const without = await gate();
		write(about);
		const { code, stderr } = await gate();
		expect(code).toBe(without.code);
		expect(stderr).toContain("crossfade.yaml:6:5: attested: nothing is listed or was seen that is this");
		expect(stderr).toContain(says);
		// What is proven without it is known all the same.
		write("host: mac-1");
		expect((await gate()).stderr).not.toContain("attested");
	});

	test("in the fleet file, a token in the place of a name is not repeated", async () => {
		const { run, gate } = fleet();
		const { token } = canary();
		const before = readFileSync(join(run.cwd, "crossfade.yaml"), "utf8");
		const statement = `{ host: ${token}, is: gone, because: stolen in May, at: "${new Date().toISOString()}" }`;
		writeFileSync(join(run.cwd, "crossfade.yaml"), `${before}attested:\n  - ${statement}\n`);
		const { stdout, stderr } = await gate();
		expect(stderr).toContain("attested: nothing is listed or was seen that is this host");
		expect(stdout + stderr).not.toContain(token);
	});

	test("of an export alone a machine can be named, and nothing that is none", async () => {
		const cwd = scratch({
			"export.csv": `name,last inventory update,x
mac-8,2026-01-01T10:00:00Z,crossfade ok fp=${NEW.fingerprint} cfg=1 cli=codex:ok users=1 wsl=1
mac-9,2026-01-01T10:00:00Z,crossfade ok fp=${NEW.fingerprint} cfg=1 cli=codex:ok users=1
`,
		});
		const given = [
			"--inventory",
			"export.csv",
			...["old", "new"].flatMap((role) => ["--token", `${role}=fp:${(role === "old" ? OLD : NEW).fingerprint}`]),
		];
		const gate = () => crossfade(["report", "--require-migrated", ...given], { cwd });
		expect((await gate()).code).toBe(9);
		for (const name of ["names", "1 machine"])
			expect(await crossfade(["attest", "host", name, "moved", ...BECAUSE, ...given], { cwd })).toMatchObject({
				code: 2,
				stderr: expect.stringContaining("--inventory"),
			});
		expect((await crossfade(["attest", "host", "mac-8", "moved", ...BECAUSE, ...given], { cwd })).code).toBe(0);
		expect((await gate()).code).toBe(0);
	});

	test("needs the old token, to know the rotation", async () => {
		const { code, stderr } = await crossfade(["attest", "host", "mac-7", "gone", ...BECAUSE]);
		expect({ code, stderr }).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("the old token of this rotation is not given"),
		});
	});
});
