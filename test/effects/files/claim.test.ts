import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { openFolder } from "../../../src/effects/files/folder.ts";
import { scratch } from "../../harness/cli.ts";

/** A file whose last sign of life was so many seconds ago. */
function silent(path: string, seconds: number): void {
	const then = Date.now() / 1000 - seconds;
	utimesSync(path, then, then);
}

const DEAD = 4_194_304;

test.each([
	["an empty one, of a process that died between two steps", "", 120],
	["one from a container that was started again under another name", `${process.pid} another-host\n`, 120],
	["one whose owner's number belongs to another process now", `1 ${hostname()}\n`, 120],
	["one that was written before the clock was set back", "1 another-host\n", -3_600],
	["one of a dead process of this machine, at once", `${DEAD} ${hostname()}\n`, 0],
])("a lock that nobody keeps is taken over: %s", async (_name, owner, seconds) => {
	const path = scratch({ "x.lock": owner });
	silent(join(path, "x.lock"), seconds);
	const claim = await (await openFolder(path)).claim("x");
	expect(await claim?.isHeld()).toBe(true);
	await claim?.release();
	expect(readdirSync(path)).toEqual([]);
});

test("a second lock that a crash left behind while it took over the first is taken over too", async () => {
	const path = scratch({ "x.lock": `${DEAD} ${hostname()}\n`, "x.lock.next": "" });
	silent(join(path, "x.lock.next"), 120);
	const claim = await (await openFolder(path)).claim("x");
	expect(await claim?.isHeld()).toBe(true);
	await claim?.release();
	expect(readdirSync(path)).toEqual([]);
});

test.each([
	["lock", "x.lock", {}],
	["second lock", "x.lock.next", { "x.lock": `${DEAD} ${hostname()}\n` }],
])(
	"a %s that its owner released and another took, after a look at it and before its end was seen, is the other's",
	async (_what, name, files) => {
		const dying = 4_194_303;
		const path = scratch({ ...files, [name]: `${dying} ${hostname()}\n` });
		const kill = vi.spyOn(process, "kill").mockImplementation((pid) => {
			if (pid === dying) writeFileSync(join(path, name), `1 ${hostname()}\n`);
			if (pid === 1) return true;
			throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
		});
		onTestFinished(() => kill.mockRestore());
		expect(await (await openFolder(path)).claim("x")).toBeUndefined();
		expect(readFileSync(join(path, name), "utf8")).toBe(`1 ${hostname()}\n`);
		expect(readdirSync(path).sort()).toEqual([...new Set([...Object.keys(files), name])].sort());
	},
);

test.each([
	["of another host", "1 another-host\n"],
	["of a process that lives", `1 ${hostname()}\n`],
	["that is being written", ""],
])("a lock %s that was heard of in the last minute is left alone", async (_name, owner) => {
	const path = scratch({ "x.lock": owner });
	expect(await (await openFolder(path)).claim("x")).toBeUndefined();
	expect(readdirSync(path)).toEqual(["x.lock"]);
});

test.each([
	["lock", "x.lock", {}],
	["second lock", "x.lock.next", { "x.lock": `${DEAD} ${hostname()}\n` }],
])("a link or a folder in the place of a %s is an error, and is not followed", async (_name, name, files) => {
	const path = scratch({ ...files, other: "" });
	const folder = await openFolder(path);
	symlinkSync(join(path, "other"), join(path, name));
	await expect(folder.claim("x")).rejects.toMatchObject({
		exit: "io",
		problems: [{ where: { file: `${path}/x.lock` } }],
	});
	rmSync(join(path, name));
	mkdirSync(join(path, name));
	await expect(folder.claim("x")).rejects.toMatchObject({ exit: "io" });
	expect(readFileSync(join(path, "other"), "utf8")).toBe("");
});

test("whose lock is replaced by a link is told so as an error of that file", async () => {
	const path = scratch({ other: "" });
	const claim = await (await openFolder(path)).claim("x");
	rmSync(join(path, "x.lock"));
	symlinkSync(join(path, "other"), join(path, "x.lock"));
	await expect(claim?.isHeld()).rejects.toMatchObject({ exit: "io" });
	await claim?.release();
	expect(readFileSync(join(path, "other"), "utf8")).toBe("");
});

test("who lost its lock to another knows it, and does not remove the other's", async () => {
	const path = scratch();
	const claim = await (await openFolder(path)).claim("x");
	writeFileSync(join(path, "x.lock"), "1 another-host\n");
	expect(await claim?.isHeld()).toBe(false);
	await claim?.release();
	expect(existsSync(join(path, "x.lock"))).toBe(true);
});

test("of many that claim a name at once in one process, one has it", async () => {
	const path = scratch();
	const folders = await Promise.all(Array.from({ length: 20 }, () => openFolder(path)));
	const claims = await Promise.all(folders.map((folder) => folder.claim("x")));
	const taken = claims.filter((claim) => claim !== undefined);
	expect(taken).toHaveLength(1);
	await taken[0]?.release();
	expect(readdirSync(path)).toEqual([]);
});
