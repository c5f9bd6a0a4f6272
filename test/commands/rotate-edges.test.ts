import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { limitConcurrency } from "../../src/base/concurrency.ts";
import { exitCodes } from "../../src/base/errors.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { howMany } from "../harness/matrix.ts";
import { needs, smallDisks } from "../harness/parts.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

const preload = new URL("../harness/disk-fails.cjs", import.meta.url).pathname;

interface Scenario {
	readonly name: string;
	readonly open: () => Promise<RotationWorld>;
	readonly command: readonly string[];
	/** Exit codes that are right once the disk takes data again. */
	readonly ends: readonly number[];
	readonly live: number;
}

const scenarios: readonly Scenario[] = [
	{ name: "tooken, start", open: () => managed("tooken"), command: ["start"], ends: [16], live: 2 },
	{
		name: "glean, start",
		open: () => rotationWorld("glean", { rotation: ["datasource: wiki"] }),
		command: ["start"],
		ends: [16, 17],
		live: 2,
	},
	{
		name: "torii, paste",
		open: async () => {
			const world = await rotationWorld("torii");
			await world.rotate("personNeeded", "start");
			await world.click();
			return world;
		},
		command: ["resume", "--token", "file:new.token"],
		ends: [16],
		live: 2,
	},
];

describe.each(["ENOSPC", "EROFS"])("a disk that takes nothing any more (%s)", (fault) => {
	test.each(scenarios)(
		"$name: from any write on it is told, and goes on when the disk does",
		async (scenario) => {
			const run = async (world: RotationWorld, at: number) => {
				world.write("points", "");
				const [verb = "", ...flags] = scenario.command;
				const ran = await world.process(verb, flags, {
					canaries: [],
					nodeArgs: ["--require", preload],
					env: { DISK_FAILS_AT: `${at}`, DISK_FAILS_AS: fault, DISK_FAILS_COUNT: join(world.cwd, "points") },
				});
				return { ...ran, points: readFileSync(join(world.cwd, "points"), "utf8").length };
			};
			const { points } = await run(await scenario.open(), 0);
			expect(points).toBeGreaterThan(20);
			const few = howMany(6, points);
			const whenFree = limitConcurrency(2);
			const at = Array.from({ length: few }, (_, index) => 1 + Math.floor((index * points) / few));
			await Promise.all(at.map((each) => whenFree(() => survives(scenario, each, run))));
			process.stdout.write(`${scenario.name}: ${fault} at ${at.length} of ${points} writes\n`);
		},
		1_200_000,
	);
});

type Run = (world: RotationWorld, at: number) => Promise<{ code: number | null; stdout: string; stderr: string }>;

async function survives({ open, command, ends, live }: Scenario, at: number, run: Run): Promise<void> {
	const world = await open();
	const failed = await run(world, at);
	const said = [`at ${at}: ${failed.code}\n${failed.stdout}${failed.stderr}`];
	// An error of its own, and no bug; what is only evidence or a lock's time may fail without one.
	expect(failed.code, said[0]).not.toBe(exitCodes.internal[0]);
	expect(failed.code, said[0]).not.toBe(exitCodes.ok[0]);
	let code: number | null = null;
	for (const [verb = "", ...flags] of [["resume"], command, ["resume"], ["resume"]]) {
		const ran = await world.process(verb, flags);
		said.push(`${verb}: ${ran.code}\n${ran.stdout}${ran.stderr}`);
		code = ran.code;
	}
	const where = said.join("\n");
	expect(ends, where).toContain(code);
	const tokens = (await world.status()).tokens
		.filter(({ state }) => state === "active")
		.map((each) => each.fingerprint);
	expect(tokens, where).toContain(fingerprint(world.read("live.token").trim()));
	expect(tokens.length, where).toBeLessThanOrEqual(live);
}

/** Records that must not be taken for something else when their write fails once, and the disk takes data again at once. */
const RECORDS = ['"what":"answer"', '"is":"captured"', '"step":"call","how"', '"step":"write:file","how"'];

describe("a disk that is full for a moment", () => {
	test.each(
		scenarios.slice(0, 2).flatMap((scenario) => RECORDS.map((record) => [scenario.name, record, scenario] as const)),
	)(
		"%s, at %s: the token that was issued is the one that is used, and no second one is asked for",
		async (_, record, { open, command }) => {
			const world = await open();
			world.write("points", "");
			const [verb = "", ...flags] = command;
			const env = {
				DISK_FAILS_AT: "1",
				DISK_FAILS_FOR: "1",
				DISK_FAILS_AS: "ENOSPC",
				DISK_FAILS_ON: record,
				DISK_FAILS_COUNT: join(world.cwd, "points"),
			};
			const failed = await world.process(verb, flags, { canaries: [], nodeArgs: ["--require", preload], env });
			expect(world.read("points"), failed.stderr).not.toBe("");
			const { tokens } = await world.status();
			expect(tokens).toHaveLength(2);
			await world.rotate("personNeeded", "resume");
			const after = await world.status();
			expect(after.tokens.map((each) => each.fingerprint)).toEqual(tokens.map((each) => each.fingerprint));
			expect(fingerprint(world.read("live.token").trim())).toBe(tokens.find(({ role }) => role === "new")?.fingerprint);
		},
	);
});

describe("a real disk", needs(smallDisks), () => {
	function mounted(world: RotationWorld, name: string, options: string): string {
		const folder = join(world.cwd, name);
		mkdirSync(folder, { mode: 0o700 });
		execFileSync("mount", ["-t", "tmpfs", "-o", `mode=0700,${options}`, "tmpfs", folder]);
		onTestFinished(() => {
			execFileSync("umount", [folder]);
		});
		return folder;
	}

	test("without space for the answer is told before the provider is called", async () => {
		const world = await managed("tooken", { rotation: ["journal: small/journal"] });
		mounted(world, "small", "size=128k");
		const { code, stderr } = await world.process("start", []);
		expect({ code, says: stderr.includes("no space left") }, stderr).toEqual({ code: 12, says: true });
		expect((await world.status()).tokens).toHaveLength(1);
	});

	test("that is read-only holds no journal, and nothing is called", async () => {
		const world = await managed("tooken", { rotation: ["journal: fixed/journal"] });
		mounted(world, "fixed", "ro");
		const { code, stderr } = await world.process("start", []);
		expect(code, stderr).toBe(12);
		expect((await world.status()).tokens).toHaveLength(1);
	});

	test("that is read-only under a store is not a safe plan, and nothing is called", async () => {
		const world = await managed("tooken");
		const folder = mounted(world, "fixed", "size=64k");
		copyFileSync(join(world.cwd, "live.token"), join(folder, "live.token"));
		execFileSync("mount", ["-o", "remount,ro", folder]);
		world.write("crossfade.yaml", world.read("crossfade.yaml").replace("path: live.token", "path: fixed/live.token"));
		const { code, stderr } = await world.process("start", [], { canaries: [] });
		expect({ code, says: stderr.includes("cannot be written") }, stderr).toEqual({ code: 18, says: true });
		expect((await world.status()).tokens).toHaveLength(1);
	});
});

/** How many resumes are started at the same time. */
const AT_ONCE = howMany(20, 50);

describe("many at once", () => {
	test(`of ${AT_ONCE} resumes where one has to mint, each works or says that another does, and one token is minted`, async () => {
		const world = await managed("tooken");
		await world.control("/fault", { fault: "reset", on: "manage", skip: 2, times: 1 });
		await world.rotate("unknownState", "start");
		const before = (await world.status()).tokens.length;
		const runs = await Promise.all(
			Array.from({ length: AT_ONCE }, () => world.process("resume", [], { canaries: [] })),
		);
		const codes = new Set(runs.map(({ code }) => code));
		for (const { code, stderr } of runs) {
			if (code === 11) expect(stderr).toContain("another crossfade works on this rotation now");
			else expect(code, stderr).toBe(16);
		}
		expect(codes).toContain(16);
		const { tokens } = await world.status();
		expect(tokens).toHaveLength(before + 1);
		expect(tokens.filter(({ state }) => state === "active")).toHaveLength(2);
		expect(tokens[0]?.fingerprint).toBe(fingerprint(world.read("live.token")));
		process.stdout.write(
			`${AT_ONCE} resumes: ${runs.filter(({ code }) => code === 16).length} worked, the others said so\n`,
		);
	}, 600_000);
});

describe("several stores", () => {
	/** A program that stores what it reads once `others` of its kind run beside it; fails after a minute alone. */
	const meeting = (others: number) => `#!/bin/sh
mkdir -p met && : >"met/$1"
tries=0
while [ "$(ls met | wc -l)" -le ${others} ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || exit 1
  sleep 0.1
done
case $1 in bad*) exit 9 ;; esac
umask 077
cat >"$1.token"
`;

	const holdersOf = (names: readonly string[]) => [
		...["live.token", "admin.key", "crossfade.key", "new.token"],
		...names.map((name) => `${name}.token`),
	];

	/** A world with these stores in the place of the one, each a program with its name. */
	async function withPrograms(names: readonly string[], canary?: string): Promise<RotationWorld> {
		const world = await rotationWorld("torii");
		world.write("store.sh", meeting(canary === undefined ? names.length - 1 : 0));
		const blocks = names.map(
			(name) => `  ${name}: { kind: command, write: [sh, store.sh, ${name}], confirm: person, within: 1m }`,
		);
		const list = `stores: [${names.join(", ")}]${canary === undefined ? "" : `\n    canary: ${canary}`}`;
		world.write(
			"crossfade.yaml",
			world.fleet.replace("rotations:", `${blocks.join("\n")}\nrotations:`).replace("stores: [file]", list),
		);
		await world.rotate("personNeeded", "start", "--accept-unproven");
		return world;
	}

	test("are written at the same time; of one that fails the others go on, and it is tried again at the next run", async () => {
		const names = ["a", "b", "bad", "d", "e", "f"];
		const world = await withPrograms(names);
		const fresh = await world.click();
		const first = await world.process("resume", ["--token", "file:new.token"], {
			holders: holdersOf(names),
		});
		expect(first.stderr + first.stdout).toMatch(/command sh store\.sh bad/);
		for (const name of names.filter((each) => each !== "bad")) expect(world.read(`${name}.token`).trim()).toBe(fresh);
		world.write("store.sh", meeting(0).replace(/^case .*$/m, ""));
		const second = await world.process("resume", [], { holders: holdersOf(names) });
		expect(second.code, second.stderr).toBe(exitCodes.personNeeded[0]);
		expect(world.read("bad.token").trim()).toBe(fresh);
	});

	test("wait for the canary, which is written alone", async () => {
		const names = ["a", "b", "first"];
		const world = await withPrograms(names, "first");
		await world.click();
		const { code, stderr } = await world.process("resume", ["--token", "file:new.token"], {
			holders: holdersOf(names),
		});
		expect(code, stderr).toBe(exitCodes.personNeeded[0]);
		expect(names.filter((name) => existsSync(join(world.cwd, `${name}.token`)))).toEqual(["first"]);
	});

	test("that are fields of one file are written one after the other", async () => {
		const world = await rotationWorld("torii");
		const fields = ["A", "B", "C", "D"];
		world.write("app.env", fields.map((name) => `${name}_TOKEN='${world.first}'\n`).join(""));
		const blocks = fields.map(
			(name) => `  ${name}: { kind: env-file, path: app.env, key: ${name}_TOKEN, reader: systemd, confirm: person }`,
		);
		world.write(
			"crossfade.yaml",
			world.fleet
				.replace("rotations:", `${blocks.join("\n")}\nrotations:`)
				.replace("stores: [file]", `stores: [${fields.join(", ")}]`),
		);
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		const said = await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("app.env"), said).toBe(fields.map((name) => `${name}_TOKEN='${fresh}'\n`).join(""));
	});
});

describe("a journal", () => {
	test("of another fleet file, and one without this machine's key, is one clear error, and nothing is changed", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		copyFileSync(join(world.cwd, "crossfade.yaml"), join(world.cwd, "other.yaml"));
		for (const verb of ["status", "resume", "start", "close"] as const) {
			const flags = verb === "close" ? ["--stranded", "--because", "x"] : [];
			const said = await world.rotate("refused", verb, "--fleet", "other.yaml", ...flags);
			expect(said).toContain("the journal is of another fleet file");
		}
		rmSync(join(world.cwd, "crossfade.key"));
		await world.rotate("io", "resume");
		expect(world.read("live.token")).toBe(world.first);
	});
});
