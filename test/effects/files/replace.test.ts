import childProcess, { execFileSync, spawn, spawnSync } from "node:child_process";
import fs, {
	appendFileSync,
	chmodSync,
	existsSync,
	linkSync,
	lstatSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeFiles } from "../../../src/effects/files/node-files.ts";
import { Secret } from "../../../src/token/secret.ts";
import { CLI, scratch } from "../../harness/cli.ts";
import { needs, program, securityLabels, smallDisks, systemPerl } from "../../harness/parts.ts";

const [old, fresh] = [Buffer.from("old\n"), Buffer.from("fresh\n")];
const LABEL = "system_u:object_r:otelcol_etc_t:s0";
const replace = (path: string) => nodeFiles.replace(path, fresh, { expected: old, backupSuffix: ".before" });

/** Does something at the moment before a function of the file system is first called with such a path. */
function justBefore(
	name: "renameSync" | "openSync" | "fsyncSync",
	place: (path: string) => boolean,
	work: () => void,
): void {
	const real = fs[name] as (...args: unknown[]) => unknown;
	let isDone = false;
	const put = (call: unknown) => {
		Object.assign(fs, { [name]: call });
		syncBuiltinESMExports();
	};
	onTestFinished(() => put(real));
	put((...args: unknown[]) => {
		if (!isDone && place(String(args.at(name === "renameSync" ? 1 : 0)))) {
			isDone = true;
			work();
		}
		return real(...args);
	});
}

/** What is done in place of starting a program that exchanges two names, which have the second one last. */
function insteadOfExchange(path: string | undefined, work: (exchange: () => unknown) => unknown): void {
	const real = childProcess.spawnSync;
	onTestFinished(() => {
		childProcess.spawnSync = real;
	});
	childProcess.spawnSync = ((program: string, args: string[], ...rest: []) => {
		const isExchange = ["mv", "perl"].includes(program) && (path === undefined || args.at(-1) === path);
		return isExchange ? work(() => real(program, args, ...rest)) : real(program, args, ...rest);
	}) as typeof real;
}

/** Does something at the moment before a file takes the place of another, by whatever means. */
function justBeforeTheSwap(path: string, work: () => void): void {
	let isDone = false;
	const once = () => {
		if (isDone) return;
		isDone = true;
		work();
	};
	justBefore("renameSync", (to) => to === path, once);
	insteadOfExchange(path, (exchange) => {
		once();
		return exchange();
	});
}

/** A file system without hard links, as exFAT and many that a program or a server provides; it exchanges no names either. */
function withoutLinks(): void {
	insteadOfExchange(undefined, () => ({ status: 1 }));
	const real = fs.linkSync;
	const put = (call: typeof fs.linkSync) => {
		Object.assign(fs, { linkSync: call });
		syncBuiltinESMExports();
	};
	onTestFinished(() => put(real));
	put(() => {
		throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
	});
}

describe("where the file system has no hard links, a file", () => {
	test("is replaced, with a backup and nothing else beside it", async () => {
		withoutLinks();
		const folder = scratch({ file: "old\n" });
		await replace(join(folder, "file"));
		expect(readFileSync(join(folder, "file"), "utf8")).toBe("fresh\n");
		expect(readdirSync(folder).sort()).toEqual(["file", "file.before"]);
	});

	test("that another program writes to after the last look at it has that change, and no backup", async () => {
		withoutLinks();
		const folder = scratch({ file: "old\n" });
		const path = join(folder, "file");
		chmodSync(path, 0o640);
		justBefore(
			"renameSync",
			(to) => to === path,
			() => appendFileSync(path, "theirs\n"),
		);
		await expect(replace(path)).rejects.toMatchObject({ exit: "refused" });
		expect([readFileSync(path, "utf8"), readdirSync(folder)]).toEqual(["old\ntheirs\n", ["file"]]);
		expect(statSync(path).mode & 0o777).toBe(0o640);
	});

	test("with a secret is made, and never in the place of another", async () => {
		withoutLinks();
		const path = join(scratch(), "file");
		const secret = { reveal: () => "a secret" };
		await nodeFiles.createSecret(path, secret);
		expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["a secret", 0o600]);
		await expect(nodeFiles.createSecret(path, { reveal: () => "another" })).rejects.toMatchObject({ exit: "io" });
		expect(readFileSync(path, "utf8")).toBe("a secret");
	});
});

describe("a new file with a secret", () => {
	test("is there whole or not at all, and never in the place of another", async () => {
		const folder = scratch();
		const path = join(folder, "file");
		let early: boolean | undefined;
		justBefore(
			"fsyncSync",
			() => true,
			() => {
				early = existsSync(path);
			},
		);
		await nodeFiles.createSecret(path, { reveal: () => "a secret" });
		expect(early, "there before it is on the disk").toBe(false);
		await expect(nodeFiles.createSecret(path, { reveal: () => "another" })).rejects.toMatchObject({ exit: "io" });
		expect([readFileSync(path, "utf8"), readdirSync(folder)]).toEqual(["a secret", ["file"]]);
		expect(statSync(path)).toMatchObject({ nlink: 1 });
	});
});

describe("a file that is replaced", () => {
	test("has one name again after a process that was killed had made a second one", async () => {
		const folder = scratch({ file: "old\n" });
		linkSync(join(folder, "file"), join(folder, `.file.crossfade-${spawnSync("true").pid}-before`));
		await nodeFiles.replace(join(folder, "file"), fresh, { expected: old });
		expect([readFileSync(join(folder, "file"), "utf8"), readdirSync(folder)]).toEqual(["fresh\n", ["file"]]);
	});

	test("keeps its access list, and gives nobody new access", needs(program("setfacl")), async () => {
		const path = join(scratch({ file: "old\n" }), "file");
		// The mask shows as the bits of the group, which itself may not read.
		execFileSync(program("setfacl").path, ["-m", "u:65534:r,g::-,m::r,o::-", path]);
		const list = () => execFileSync(program("getfacl").path, ["-cpn", path], { encoding: "utf8" });
		const before = list();
		await replace(path);
		expect(list()).toBe(before);
		expect(readFileSync(path, "utf8")).toBe("fresh\n");
	});

	test("keeps its SELinux label", needs(securityLabels), async () => {
		const path = join(scratch({ file: "old\n" }), "file");
		execFileSync(securityLabels.path, [LABEL, path]);
		await replace(path);
		expect(execFileSync("stat", ["-c", "%C", path], { encoding: "utf8" })).toBe(`${LABEL}\n`);
		expect(readFileSync(path, "utf8")).toBe("fresh\n");
	});

	test(
		"whose access list cannot be kept, as there is no cp that does, is refused and stays as it was",
		needs(smallDisks, program("setfacl")),
		() => {
			const config =
				"receivers: {otlp: {}}\nexporters: {debug: {}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n";
			const folder = scratch({ "c.yaml": config });
			const file = join(folder, "c.yaml");
			execFileSync(program("setfacl").path, ["-m", "u:65534:r", file]);
			const without = 'mount --bind /bin/true /usr/bin/cp && exec "$@"';
			const write = ["collector", "-d", "contrib", "--into", file, "--write"];
			const run = (...wrapped: string[]) =>
				spawnSync(wrapped[0] ?? "", [...wrapped.slice(1), process.execPath, CLI, ...write], {
					cwd: folder,
					encoding: "utf8",
				});
			expect(run("unshare", "--mount", "sh", "-c", without, "sh")).toMatchObject({
				status: 11,
				stderr: expect.stringContaining("an access list or extended attributes that cannot be kept"),
			});
			expect([readFileSync(file, "utf8"), readdirSync(folder)]).toEqual([config, ["c.yaml"]]);
			expect(run("env").status).toBe(0);
		},
	);

	test("where no cp keeps extended attributes it is said that they may be lost", needs(smallDisks), () => {
		const config =
			"receivers: {otlp: {}}\nexporters: {debug: {}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n";
		const folder = scratch({ "c.yaml": config });
		const write = ["collector", "-d", "contrib", "--into", join(folder, "c.yaml"), "--write"];
		const run = (cp: string) => {
			const without = `mount --bind ${cp} /usr/bin/cp && exec "$@"`;
			const args = ["--mount", "sh", "-c", without, "sh", process.execPath, CLI, ...write];
			return spawnSync("unshare", args, { cwd: folder, encoding: "utf8" });
		};
		expect(run("/bin/false")).toMatchObject({ status: 0, stderr: expect.stringContaining("extended attributes") });
		writeFileSync(join(folder, "c.yaml"), config);
		const kept = run("/usr/bin/cp");
		expect({ status: kept.status, isSaid: kept.stderr.includes("extended attributes") }).toEqual({
			status: 0,
			isSaid: false,
		});
	});

	test("with several names is refused, as it would lose the others", async () => {
		const folder = scratch({ file: "old\n" });
		linkSync(join(folder, "file"), join(folder, "other"));
		await expect(replace(join(folder, "file"))).rejects.toMatchObject({ exit: "refused" });
		expect(readFileSync(join(folder, "other"), "utf8")).toBe("old\n");
		expect(readdirSync(folder).sort()).toEqual(["file", "other"]);
	});

	test("changed by another program in the meantime is kept, without a backup", async () => {
		const folder = scratch({ file: "theirs\n" });
		await expect(replace(join(folder, "file"))).rejects.toMatchObject({ exit: "refused" });
		expect(readdirSync(folder)).toEqual(["file"]);
		expect(readFileSync(join(folder, "file"), "utf8")).toBe("theirs\n");
	});

	test("changed in its place by another program after the last look at it has that change, and no backup", async () => {
		const folder = scratch({ file: "old\n" });
		const path = join(folder, "file");
		justBeforeTheSwap(path, () => appendFileSync(path, "theirs\n"));
		await expect(replace(path)).rejects.toMatchObject({ exit: "refused" });
		expect([readFileSync(path, "utf8"), readdirSync(folder)]).toEqual(["old\ntheirs\n", ["file"]]);
	});

	test(
		"in whose place another program puts one after the last look at it is that one, and has no backup",
		needs(systemPerl),
		async () => {
			const folder = scratch({ file: "old\n" });
			const path = join(folder, "file");
			justBeforeTheSwap(path, () => {
				writeFileSync(`${path}~`, "theirs\n", { mode: 0o640 });
				fs.renameSync(`${path}~`, path);
			});
			await expect(replace(path)).rejects.toMatchObject({ exit: "refused" });
			expect([readFileSync(path, "utf8"), readdirSync(folder)]).toEqual(["theirs\n", ["file"]]);
			expect(statSync(path).mode & 0o777).toBe(0o640);
		},
	);

	test("is the old one again, without a backup, where its folder cannot be written to the disk (fake fault)", async () => {
		const folder = scratch({ file: "old\n" });
		let syncs = 0;
		// The new file, its backup, and then the folder.
		justBefore(
			"fsyncSync",
			() => ++syncs === 3,
			() => {
				throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
			},
		);
		await expect(replace(join(folder, "file"))).rejects.toMatchObject({ exit: "io" });
		expect([readFileSync(join(folder, "file"), "utf8"), readdirSync(folder)]).toEqual(["old\n", ["file"]]);
	});

	test("with a token is replaced by a rename: who watches the file itself does not see that its name was exchanged", async () => {
		const folder = scratch({ file: "old\n" });
		insteadOfExchange(undefined, () => expect.unreachable("names were exchanged"));
		await nodeFiles.replace(join(folder, "file"), fresh, {
			expected: old,
			secret: Secret.of("the-fresh-ingest-token"),
		});
		expect([readFileSync(join(folder, "file"), "utf8"), readdirSync(folder)]).toEqual(["fresh\n", ["file"]]);
	});

	test("that a program with the old file open writes to while the change goes to the disk has what it wrote", async () => {
		const folder = scratch({ file: "old\n" });
		const path = join(folder, "file");
		const open = fs.openSync(path, "a");
		onTestFinished(() => fs.closeSync(open));
		let syncs = 0;
		// The new file, its backup, and then the folder.
		justBefore(
			"fsyncSync",
			() => ++syncs === 3,
			() => fs.writeSync(open, "theirs\n"),
		);
		await expect(replace(path)).rejects.toMatchObject({ exit: "refused" });
		expect([readFileSync(path, "utf8"), readdirSync(folder)]).toEqual(["old\ntheirs\n", ["file"]]);
	});

	test("that became another file with the same content keeps what that one has", async () => {
		const folder = scratch({ file: "old\n" });
		const path = join(folder, "file");
		justBefore(
			"openSync",
			(opened) => opened === path,
			() => {
				writeFileSync(`${path}~`, "old\n", { mode: 0o600 });
				fs.renameSync(`${path}~`, path);
			},
		);
		await expect(replace(path)).rejects.toMatchObject({ exit: "refused" });
		expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["old\n", 0o600]);
		expect(readdirSync(folder)).toEqual(["file"]);
	});

	test("leaves a backup for its owner alone, and nothing else", async () => {
		const folder = scratch({ file: "old\n" });
		await replace(join(folder, "file"));
		expect(readdirSync(folder).sort()).toEqual(["file", "file.before"]);
		expect(statSync(join(folder, "file.before")).mode & 0o777).toBe(0o600);
		writeFileSync(join(folder, "file"), "old\n");
		await replace(join(folder, "file"));
		expect(readdirSync(folder).sort()).toEqual(["file", "file.before", "file.before-2"]);
	});

	test("has no leftovers of killed processes beside it, and those of living ones stay", async () => {
		const folder = scratch({ file: "old\n" });
		const dead = spawnSync("true").pid;
		const names = [`${dead}`, `${dead}-before`, `${process.pid}`, `${process.ppid}`, "x", `${dead}-after`];
		for (const name of names) writeFileSync(join(folder, `.file.crossfade-${name}`), "secret");
		writeFileSync(join(folder, `.other.crossfade-${dead}`), "");
		await nodeFiles.replace(join(folder, "file"), fresh, { expected: old });
		const left = ["x", `${dead}-after`, `${process.ppid}`].map((name) => `.file.crossfade-${name}`);
		expect(readdirSync(folder).sort()).toEqual([...left, `.other.crossfade-${dead}`, "file"].sort());
	});

	test("whose folder's owner swaps the new file for a link changes nothing of what the link leads to", async () => {
		const folder = scratch({ file: "old\n", other: "theirs\n" });
		const [file, other] = [join(folder, "file"), join(folder, "other")];
		chmodSync(file, 0o666);
		chmodSync(other, 0o600);
		// Another process, because all of the work is done in one go.
		const swap = `while [ ! -e stop ]; do for new in .file.crossfade-*; do [ ! -f "$new" ] || ln -sf other "$new"; done; done`;
		const attacker = spawn("sh", ["-c", swap], { cwd: folder, stdio: "ignore" });
		const gone = new Promise((done) => attacker.on("close", done));
		onTestFinished(async () => {
			// Killed, it would leave a child that makes something new in the folder that is removed next.
			writeFileSync(join(folder, "stop"), "");
			await gone;
		});
		for (let swapped = 0; swapped < 20; ) {
			// Whatever became of the last round, its link too.
			rmSync(file, { force: true });
			writeFileSync(file, "old\n");
			chmodSync(file, 0o666);
			await nodeFiles.replace(file, fresh, { expected: old }).catch(() => undefined);
			if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink()) swapped++;
			expect({ mode: statSync(other).mode & 0o777, text: readFileSync(other, "utf8") }).toEqual({
				mode: 0o600,
				text: "theirs\n",
			});
		}
	});
});
