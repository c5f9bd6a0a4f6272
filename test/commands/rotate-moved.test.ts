import { cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileIdentity } from "../../src/effects/files/copies.ts";
import { needs, numberedFiles } from "../harness/parts.ts";
import { type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** A journal that is somewhere else than it was: of two copies one goes on. */

const BECAUSE = ["--because", "a new machine"] as const;
const PASTE = ["resume", "--token", "file:new.token"] as const;

/** A rotation that waits for the new token, and the folder of its journal. */
async function asked(): Promise<{ world: RotationWorld; folder: string }> {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
	expect(existsSync(folder)).toBe(true);
	return { world, folder };
}

/** As a backup brings it back, or a program that keeps two machines alike: the same bytes in other files. */
function copied(folder: string): void {
	renameSync(folder, `${folder}-first`);
	cpSync(`${folder}-first`, folder, { recursive: true, preserveTimestamps: true });
}

describe("a copy of a journal", needs(numberedFiles), () => {
	test("writes nothing until a person says that it moved; it shows how the rotation stands", async () => {
		const { world, folder } = await asked();
		await world.click();
		copied(folder);
		for (const words of [["resume"], PASTE, ["rollback"], ["close", "--stranded", ...BECAUSE], ["start", "--leaked"]]) {
			const [verb = "", ...flags] = words;
			const said = await world.rotate("refused", verb, ...flags);
			expect(said).toContain("this journal is a copy, or was moved or brought back");
			expect(said).toContain("crossfade rotate resume it --moved --because REASON");
		}
		expect(await world.rotate("personNeeded", "status")).toContain("waiting for the new token");
		await world.rotate("usage", "resume", "--moved");
		await world.rotate("personNeeded", ...PASTE, "--moved", ...BECAUSE);
		await world.rotate("personNeeded", "resume");
		expect(await world.rotate("ok", "log")).toMatch(/moved \S*crossfade\.yaml: a new machine/);
	});

	test("of a rotation that is over begins none, either", async () => {
		const { world, folder } = await asked();
		await world.rotate("partial", "rollback");
		copied(folder);
		await world.rotate("refused", "start");
		expect(await world.rotate("ok", "resume", "--moved", ...BECAUSE)).toContain("no rotation is under way");
		await world.rotate("personNeeded", "start");
	});
});

test("a journal's folder with another name in its file system is the same", async () => {
	const { world, folder } = await asked();
	renameSync(folder, `${folder}-then`);
	rmSync(folder, { recursive: true, force: true });
	renameSync(`${folder}-then`, folder);
	await world.rotate("personNeeded", "resume");
});

test("a fleet file that was moved goes on by a person's word, and a copy of it is refused", async () => {
	const { world } = await asked();
	renameSync(join(world.cwd, "crossfade.yaml"), join(world.cwd, "prod.yaml"));
	const at = ["-f", "prod.yaml"] as const;
	expect(await world.rotate("refused", "resume", ...at)).toContain("the journal is of another fleet file");
	await world.rotate("personNeeded", "resume", "--moved", ...BECAUSE, ...at);
	await world.rotate("personNeeded", "status", ...at);
	cpSync(join(world.cwd, "prod.yaml"), join(world.cwd, "crossfade.yaml"));
	expect(await world.rotate("refused", "resume")).toContain("prod.yaml");
});

test("a file stays the same under another name, and its copy is another", needs(numberedFiles), async () => {
	const { folder } = await asked();
	const before = fileIdentity(folder);
	renameSync(folder, `${folder}-then`);
	expect(fileIdentity(`${folder}-then`)).toBe(before);
	cpSync(`${folder}-then`, folder, { recursive: true });
	expect(fileIdentity(folder)).not.toBe(before);
});

test("a journal in a folder that two rotations name is of the first one: the other's stores never get its token", async () => {
	const world = await rotationWorld("torii", { rotation: ["journal: state/journal"] });
	const fleet = world.fleet.replace(
		"\nrotations:",
		"\n  other: { kind: token-file, path: other.token, confirm: person, within: 1m }\nrotations:",
	);
	const block = fleet.slice(fleet.indexOf("  it:"));
	const second = block.replace("  it:", "  other:").replace("store:file", "store:other").replace("[file]", "[other]");
	world.write("crossfade.yaml", fleet + second);
	world.write("other.token", world.first);
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", ...PASTE);
	for (const verb of ["status", "resume", "start", "export"]) {
		const flags = verb === "export" ? ["--out", "out.token", "--yes"] : [];
		expect(await world.rotateAny("refused", verb, "other", ...flags)).toContain("the journal is of another rotation");
	}
	expect(world.read("other.token")).toBe(world.first);
	await world.run("refused", "report", "--rotation", "other");
});
