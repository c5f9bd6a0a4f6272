import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	symlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openFolder } from "../../../src/effects/files/folder.ts";
import { scratch } from "../../harness/cli.ts";
import { needs, part } from "../../harness/parts.ts";

/** What happens after the next reads of a file, one each. */
const afterReads = vi.hoisted((): (() => void)[] => []);
/** The same after a file got a second name. */
const afterMaking = vi.hoisted((): (() => void)[] => []);

vi.mock("node:fs", async (original) => {
	const real = await original<typeof import("node:fs")>();
	const readSync = (...args: Parameters<typeof real.readSync>) => {
		const count = real.readSync(...args);
		afterReads.shift()?.();
		return count;
	};
	const linkSync = (...args: Parameters<typeof real.linkSync>) => {
		real.linkSync(...args);
		afterMaking.shift()?.();
	};
	return { ...real, readSync, linkSync };
});

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

describe("what processes that were killed left beside a lock", () => {
	const dead = `${DEAD} ${hostname()}\n`;
	const living = `1 ${hostname()}\n`;
	const left: readonly (readonly [name: string, owner: string, seconds: number])[] = [
		[`x.lock.${DEAD}.new`, dead, 0],
		[`x.lock.${DEAD}.now`, dead, 0],
		[`x.lock.${DEAD}.old`, dead, 0],
		[`x.lock.next.${DEAD}.new`, dead, 0],
		[`x.lock.${DEAD}.new.${DEAD}.now`, dead, 0],
		["x.lock.next", dead, 0],
		[`x.lock.${DEAD}.new`, "", 120],
		["x.lock.7.new", "7 another-host\n", 120],
		[`x.${DEAD}.tmp`, "half a file", 0],
	];
	test.each(left)(
		"is removed by the next one that takes it: %s of %o, silent for %i s",
		async (name, owner, seconds) => {
			const path = scratch({ [name]: owner });
			silent(join(path, name), seconds);
			const claim = await (await openFolder(path)).claim("x");
			expect(readdirSync(path)).toEqual(["x.lock"]);
			await claim?.release();
			expect(readdirSync(path)).toEqual([]);
		},
	);

	const kept: readonly (readonly [name: string, owner: string])[] = [
		["x.lock.1.new", living],
		["x.lock.1.now", living],
		["x.lock.1.old", living],
		["x.lock.next", living],
		["x.lock.7.new", "7 another-host\n"],
		["x.lock.new", dead],
		["x.lock.mine.old", dead],
		["x.json.tmp", "of somebody else"],
		[`xy.lock.${DEAD}.new`, dead],
		[`y.${DEAD}.tmp`, "of another name"],
	];
	test.each(kept)("stays when it is no such file, or its owner may live: %s of %o", async (name, owner) => {
		const path = scratch({ [name]: owner });
		const claim = await (await openFolder(path)).claim("x");
		expect(await claim?.isHeld()).toBe(true);
		await claim?.release();
		expect(readdirSync(path)).toEqual([name]);
	});
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

describe("a process that slept for longer than a lease", () => {
	/** As if the clock had gone on by so many seconds, and the timers with it. */
	function clock() {
		vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
		onTestFinished(() => {
			afterReads.length = 0;
			afterMaking.length = 0;
			vi.useRealTimers();
		});
		return (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
	}

	test.each([
		["before it looked whose the lock is", 0],
		["after it looked whose the lock is", 1],
		["right before it would have said that it lives", 2],
	])("%s, says nothing in the lock of who took it over", async (_, reads) => {
		const clockGoes = clock();
		const path = scratch();
		const claim = await (await openFolder(path)).claim("x");
		const takeOver = () => {
			writeFileSync(join(path, "other"), "1 another-host\n");
			renameSync(join(path, "other"), join(path, "x.lock"));
		};
		if (reads === 0) takeOver();
		else afterReads.push(...Array(reads - 1).fill(() => undefined), takeOver);
		await clockGoes(10);
		expect(afterReads).toEqual([]);
		expect(readFileSync(join(path, "x.lock"), "utf8")).toBe("1 another-host\n");
		expect(await claim?.isHeld()).toBe(false);
		await claim?.release();
		expect(readFileSync(join(path, "x.lock"), "utf8")).toBe("1 another-host\n");
	});

	/** Another, who lives, takes over what has this name. */
	const takenOver = (path: string, name: string) => () => {
		writeFileSync(join(path, "other"), "1 another-host\n");
		renameSync(join(path, "other"), join(path, name));
	};

	test("right before it would have removed its lock, leaves that of who took it over", async () => {
		clock();
		const path = scratch();
		const claim = await (await openFolder(path)).claim("x");
		afterReads.push(takenOver(path, "x.lock"));
		await claim?.release();
		expect(afterReads).toEqual([]);
		expect(readFileSync(join(path, "x.lock"), "utf8")).toBe("1 another-host\n");
		expect(readdirSync(path)).toEqual(["x.lock"]);
	});

	test.each([
		["would have taken over a lock", "x.lock", 1],
		["would have let go of the second lock", "x.lock.next", 2],
	])("right before it %s, leaves that of who took it over", async (_, name, reads) => {
		clock();
		const path = scratch({ "x.lock": `${DEAD} ${hostname()}\n` });
		afterReads.push(...Array(reads).fill(() => undefined), takenOver(path, name));
		const claim = await (await openFolder(path)).claim("x");
		expect(afterReads).toEqual([]);
		expect(readFileSync(join(path, name), "utf8")).toBe("1 another-host\n");
		expect(readdirSync(path)).toEqual(name === "x.lock" ? ["x.lock"] : ["x.lock", "x.lock.next"]);
		if (name === "x.lock") expect(claim).toBeUndefined();
		else expect(await claim?.isHeld()).toBe(true);
		await claim?.release();
	});

	test("while it made its lock again, does not have it: another may have had it and released it", async () => {
		clock();
		const path = scratch();
		const claim = await (await openFolder(path)).claim("x");
		rmSync(join(path, "x.lock"));
		afterMaking.push(() => vi.setSystemTime(Date.now() + 61_000));
		expect(await claim?.isHeld()).toBe(false);
		expect(afterMaking).toEqual([]);
		expect(readdirSync(path)).toEqual([]);
		await claim?.release();
	});

	test("has no lock any more when somebody took it over and released it meanwhile", async () => {
		const path = scratch();
		const claim = await (await openFolder(path)).claim("x");
		rmSync(join(path, "x.lock"));
		// Where the folder went away a moment ago it is made again.
		expect(await claim?.isHeld()).toBe(true);
		const now = Date.now();
		vi.useFakeTimers({ toFake: ["Date"], now: now + 61_000 });
		onTestFinished(() => {
			vi.useRealTimers();
		});
		rmSync(join(path, "x.lock"));
		expect(await claim?.isHeld()).toBe(false);
		expect(readdirSync(path)).toEqual([]);
		await claim?.release();
	});

	test("keeps a lock in which it says every ten seconds that it lives, however long it works", async () => {
		const clockGoes = clock();
		const path = scratch();
		const claim = await (await openFolder(path)).claim("x");
		await clockGoes(300);
		rmSync(join(path, "x.lock"));
		expect(await claim?.isHeld()).toBe(true);
		await claim?.release();
	});
});

describe("a number of a process in another table of processes, as of another container with the same host name,", () => {
	const others = "0f0e0d0c-0000-4000-8000-000000000000/pid:[1]";

	test.each([
		["that no process here has", DEAD],
		["that this process has", process.pid],
	])("%s is no sign that the owner is gone, for the time of a lease", async (_, pid) => {
		const owner = `${pid} ${hostname()} ${others}\n`;
		const path = scratch({ "x.lock": owner });
		expect(await (await openFolder(path)).claim("x")).toBeUndefined();
		expect(readFileSync(join(path, "x.lock"), "utf8")).toBe(owner);
		silent(join(path, "x.lock"), 120);
		const claim = await (await openFolder(path)).claim("x");
		expect(await claim?.isHeld()).toBe(true);
		await claim?.release();
	});

	const named = part(
		"a system that names its table of processes",
		() => (existsSync("/proc/self/ns/pid") ? "/proc/self/ns/pid" : undefined),
		{ fix: "run it on Linux" },
	);

	test("is told from one in ours by what the lock says", needs(named), async () => {
		const path = scratch();
		const claim = await (await openFolder(path)).claim("x");
		const text = readFileSync(join(path, "x.lock"), "utf8");
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		expect(text).toBe(`${process.pid} ${hostname()} ${boot}/${readlinkSync("/proc/self/ns/pid")}\n`);
		await claim?.release();
		writeFileSync(join(path, "x.lock"), text.replace(/^\d+/, String(DEAD)));
		const next = await (await openFolder(path)).claim("x");
		expect(await next?.isHeld()).toBe(true);
		await next?.release();
	});
});
