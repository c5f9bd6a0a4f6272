import { describe, expect, test } from "vitest";
import { rotateCommand, withRotation } from "../../src/spec/rotation-command.ts";
import { canary } from "../harness/canary.ts";
import { crossfade } from "../harness/command.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** Commands that a rotation prints work when they are typed as they are printed, wherever they stand. */

describe("a command of a rotation", () => {
	const odd = { name: "it", fleetFile: "it's.yaml" };
	test.each([
		["resume", "crossfade rotate resume it -f 'it'\\''s.yaml'"],
		["resume --written 'my store'", "crossfade rotate resume it -f 'it'\\''s.yaml' --written 'my store'"],
	])("%s names its fleet file, where that is not the usual one", (rest, typed) => {
		expect(rotateCommand(odd, rest)).toBe(typed);
		expect(withRotation(odd, "report")).toBe("crossfade report --rotation it -f 'it'\\''s.yaml'");
	});

	test("shows no control character of its fleet file's name", () => {
		const typed = rotateCommand({ name: "it", fleetFile: "a\u001b[31m\n.yaml" }, "resume");
		expect(typed).toMatch(/^crossfade rotate resume it -f 'a.+\.yaml'$/);
		expect(typed).not.toMatch(/[\u0000-\u001f]/);
	});

	test("has its name alone where the fleet file is the usual one", () => {
		const usual = { name: "it", fleetFile: undefined };
		expect(rotateCommand(usual, "resume --forward")).toBe("crossfade rotate resume it --forward");
		expect(withRotation(usual, "probe")).toBe("crossfade probe --rotation it");
	});
});

/** A world whose fleet file has another name and two rotations. */
async function twoIn(world: RotationWorld): Promise<RotationWorld> {
	const fleet = world.read("crossfade.yaml");
	const block = fleet.slice(fleet.indexOf("  it:"));
	world.write("it's.yaml", fleet + block.replace("  it:", "  two:"));
	world.write("crossfade.yaml", "version: 1\n");
	return world;
}

/** Types every command in a text, with what it leaves to the person filled in; returns the exit codes. */
async function typed(world: RotationWorld, text: string): Promise<readonly (number | null)[]> {
	const commands = [...text.matchAll(/crossfade (rotate [^;\n]*|report --rotation [^;\n]*)/g)].map(([, line = ""]) =>
		line
			.replace("'it'\\''s.yaml'", "FLEET")
			.replace("prompt", "file:new.token")
			.replace("REF", "file:new.token")
			.replace("REASON", "seen")
			.replace("FILE", "out.token")
			.replace("TIME", new Date(Date.now() + 86_400_000).toISOString())
			.split(" ")
			.map((word) => (word === "FLEET" ? "it's.yaml" : word)),
	);
	expect(commands.length, text).toBeGreaterThan(0);
	const codes: (number | null)[] = [];
	for (const words of commands) codes.push(await world.code(...words));
	return codes;
}

const AT = ["-f", "it's.yaml"] as const;

describe("what a rotation proposes works as it is printed, with several rotations in a fleet file of another name", () => {
	test("before it ever began", async () => {
		const world = await twoIn(await rotationWorld("torii"));
		expect(await typed(world, await world.rotate("ok", "status", ...AT))).toEqual([0]);
	});

	test("when a new token is asked for, and when it is there", async () => {
		const world = await twoIn(await rotationWorld("torii"));
		const asked = await world.rotate("personNeeded", "start", ...AT);
		await world.click();
		expect(await typed(world, asked)).toEqual([16]);
		expect(await typed(world, await world.rotate("personNeeded", "status", ...AT))).toEqual([15]);
	});

	test("in JSON", async () => {
		const world = await twoIn(await rotationWorld("torii"));
		await world.rotate("personNeeded", "start", ...AT);
		const { next } = JSON.parse(await world.rotate("personNeeded", "status", "--json", ...AT));
		expect(next.join("\n")).toContain("crossfade rotate resume it -f 'it'\\''s.yaml' --token prompt");
	});

	test("when the verdict is no yes, and after an operation that was closed", async () => {
		const world = await twoIn(await managed("tooken"));
		await world.rotate("personNeeded", "start", ...AT);
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen", ...AT);
		const [report, retire] = await typed(world, await world.rotate("noEvidence", "retire", ...AT));
		expect([report, retire]).toEqual([0, 0]);
	});

	test("in the notice, the report, the live page's data and the calendar, too", async () => {
		const world = await twoIn(await rotationWorld("torii"));
		world.write("tell.sh", 'printf "%s" "$CROSSFADE_TEXT" >told\n');
		world.write(
			"it's.yaml",
			`${world.read("it's.yaml")}notify: [{ command: [sh, ${world.cwd}/tell.sh], on: [needs-a-person] }]\n`,
		);
		const command = "crossfade rotate resume it -f 'it'\\''s.yaml' --token prompt";
		await world.rotate("personNeeded", "start", ...AT);
		expect(world.read("told")).toContain(command);
		const calendar = await world.rotateAny("ok", "schedule", "calendar", "it", ...AT);
		expect(calendar.replaceAll("\r\n ", "").replaceAll("\\\\", "\\")).toContain(command);
		expect((await world.run("ok", "report", "--rotation", "it", "--json", ...AT)).stdout).toContain(
			JSON.stringify(command).slice(1, -1),
		);
	});

	test.each<[string, (world: RotationWorld) => Promise<unknown>]>([
		["a paste that is unconfirmed", async () => {}],
		["a rollback that is a pause", (world) => world.rotate("personNeeded", "rollback", ...AT)],
		["a token that was declared lost", (world) => world.rotate("personNeeded", "resume", "--lost", ...AT)],
		["an end that is none", (world) => world.rotate("partial", "close", "--stranded", "--because", "it has to", ...AT)],
		["an old token whose time is over", (world) => world.later("25h")],
	])("in each verb's answer, of %s", async (_, bring) => {
		const world = await twoIn(await rotationWorld("torii"));
		await world.rotate("personNeeded", "start", ...AT);
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", ...AT);
		await bring(world);
		for (const verb of ["status", "resume", "start", "retire", "rollback", "export", "reopen"]) {
			const ran = await crossfade(["rotate", verb, "it", ...AT], { cwd: world.cwd });
			const said = ran.stdout + ran.stderr;
			if (said.includes("crossfade rotate")) expect(await typed(world, said), verb).not.toContain(2);
			for (const [command] of said.matchAll(/crossfade rotate \w+ .{3}/g)) expect(command).toMatch(/ it /);
		}
	});

	test("in an error", async () => {
		const world = await twoIn(await rotationWorld("torii"));
		await world.rotate("personNeeded", "start", ...AT);
		world.write("new.token", canary().token);
		const said = await world.rotate("refused", "start", ...AT);
		expect(said).toContain("crossfade rotate resume it -f 'it'\\''s.yaml'; for a leak");
	});
});

describe("a sealed token that is to be written to a file", () => {
	test("after the end, when nothing opens it any more, that is said, and where the token is", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.rotate("partial", "rollback");
		const said = await world.rotate("refused", "export", "--out", "out.token", "--yes");
		expect(said).toContain("the operation is over (rolled back), and its key was destroyed");
		expect(said).not.toContain("close --stranded");
	});
});

test("a pause after the end of the old token is not said to be one before it", async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	expect(await world.rotate("personNeeded", "rollback")).toContain("Before that: crossfade rotate resume it --forward");
	await world.later("25h");
	const said = await world.rotate("personNeeded", "resume");
	expect(said).toContain("and it ended");
	expect(said).toContain("Now: crossfade rotate resume it --forward");
	expect(said).not.toContain("Before that");
});
