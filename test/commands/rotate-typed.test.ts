import { describe, expect, test } from "vitest";
import { asTyped, type TypedHere } from "../../src/commands/rotate-typed.ts";
import { canary } from "../harness/canary.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** Commands that a rotation prints work when they are typed as they are printed, wherever they stand. */

const here: TypedHere = { rotation: "it", hasOthers: true, file: "prod.yaml", isJson: false };

describe("a command in a text", () => {
	test.each([
		["then crossfade rotate resume", "then crossfade rotate resume it -f prod.yaml"],
		["crossfade rotate resume it --forward", "crossfade rotate resume it -f prod.yaml --forward"],
		["crossfade rotate resume itself", "crossfade rotate resume it -f prod.yaml itself"],
		["crossfade rotate plan shows it", "crossfade rotate plan it -f prod.yaml shows it"],
		[
			"crossfade rotate log; then crossfade rotate close --stranded",
			"crossfade rotate log it -f prod.yaml; then crossfade rotate close it -f prod.yaml --stranded",
		],
		["crossfade report --rotation it; crossfade probe", "crossfade report --rotation it -f prod.yaml; crossfade probe"],
		["crossfade rotate resumes", "crossfade rotate resumes"],
		["nothing", "nothing"],
	])("%s", (text, typed) => {
		expect(asTyped(text, here)).toBe(typed);
	});

	test("stays as it is where the fleet file is the usual one and has no other rotation", () => {
		const alone: TypedHere = { ...here, hasOthers: false, file: undefined };
		const text = "crossfade rotate resume; crossfade rotate resume it --forward";
		expect(asTyped(text, alone)).toBe(text);
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
			.replace("TIME", new Date(Date.now() + 86_400_000).toISOString())
			.replace(/ shows .*/, "")
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
		await world.rotate("ok", "rollback");
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
