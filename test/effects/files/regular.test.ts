import { execFileSync, spawn } from "node:child_process";
import fs, { existsSync, lstatSync, readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { describe, expect, onTestFinished, test } from "vitest";
import { openJournalFolder } from "../../../src/effects/files/journal-folder.ts";
import { nodeFiles } from "../../../src/effects/files/node-files.ts";
import { scratch } from "../../harness/cli.ts";

const [old, fresh] = [Buffer.from("old\n"), Buffer.from("fresh\n")];

/**
 * A named pipe. Whoever waits at it would do so for ever: after a minute another process opens its other end, and leaves a mark if somebody
 * had waited.
 */
function pipe(path: string, otherEnd: "<" | ">" = ">"): { readonly kept: () => boolean } {
	execFileSync("mkfifo", [path]);
	const mark = join(scratch(), "mark");
	const child = spawn("sh", ["-c", `sleep 60; : ${otherEnd}"$1"; echo >"$2"`, "sh", path, mark], { stdio: "ignore" });
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	return { kept: () => lstatSync(path).isFIFO() && !existsSync(mark) };
}

/** Does something just before a path is first opened. */
function beforeOpening(path: string, work: () => void): void {
	const real = fs.openSync;
	const put = (call: typeof fs.openSync) => {
		Object.assign(fs, { openSync: call });
		syncBuiltinESMExports();
	};
	onTestFinished(() => put(real));
	put(((...args: Parameters<typeof fs.openSync>) => {
		if (args[0] === path) {
			put(real);
			work();
		}
		return real(...args);
	}) as typeof fs.openSync);
}

describe("a named pipe keeps nobody waiting", () => {
	test("where a file is replaced, from the start or put there meanwhile", async () => {
		const path = join(scratch(), "file");
		const found = pipe(path);
		await expect(nodeFiles.replace(path, fresh, { expected: old })).rejects.toMatchObject({ exit: "refused" });
		expect(found.kept()).toBe(true);
		const folder = scratch({ file: "old\n" });
		const [file, other] = [join(folder, "file"), join(folder, "other")];
		const put = pipe(other);
		beforeOpening(file, () => renameSync(other, file));
		await expect(nodeFiles.replace(file, fresh, { expected: old })).rejects.toMatchObject({ exit: "refused" });
		renameSync(file, other);
		expect(put.kept()).toBe(true);
		expect(readdirSync(folder)).toEqual(["other"]);
	});

	test("where output is written", async () => {
		const folder = scratch();
		const found = pipe(join(folder, "out"));
		const written = nodeFiles.writeAll(folder, [{ path: "out", content: "x" }], { force: false });
		await expect(written).rejects.toMatchObject({ exit: "refused" });
		expect(found.kept()).toBe(true);
	});

	test("where the journal of a rotation is read, written or destroyed", async () => {
		const path = join(scratch(), "j");
		const folder = await openJournalFolder(path);
		await folder.create("a.journal", new Uint8Array());
		const [read, written] = [pipe(join(path, "b.journal")), pipe(join(path, "c.journal"), "<")];
		await expect(folder.read("b.journal")).rejects.toMatchObject({ exit: "io" });
		await expect(folder.writeAt("c.journal", 0, Buffer.from("x"))).rejects.toMatchObject({ exit: "io" });
		expect([read.kept(), written.kept()]).toEqual([true, true]);
		for (const name of ["b.journal", "c.journal"]) await folder.destroy(name);
		expect(await folder.list()).toEqual(["a.journal"]);
	});
});

test("a link that another program puts in the place of a file that is replaced stays", async () => {
	const folder = scratch({ file: "old\n", theirs: "old\n" });
	const file = join(folder, "file");
	beforeOpening(file, () => {
		symlinkSync("theirs", join(folder, "link"));
		renameSync(join(folder, "link"), file);
	});
	await expect(nodeFiles.replace(file, fresh, { expected: old })).rejects.toMatchObject({ exit: "refused" });
	expect(lstatSync(file).isSymbolicLink()).toBe(true);
	expect([readFileSync(join(folder, "theirs"), "utf8"), readdirSync(folder)]).toEqual(["old\n", ["file", "theirs"]]);
});

/**
 * Opening a named pipe waits for its other end. So whatever is opened by a path is opened with O_NONBLOCK, or is made by that call, and what
 * is read without a descriptor is a file that nobody else can put something in the place of.
 */
test("every source opens what is there already without waiting", () => {
	/** Why none of them can be a pipe. A place that is gone must be removed here. */
	const ours: Readonly<Record<string, string>> = {
		'effects/terminal/token-source.ts openSync("/dev/tty", "r+")': "the terminal",
		'effects/terminal/token-source.ts openSync(devNull, "r+")': "the device that is always empty",
		'start.ts readFileSync(filename, "utf8")': "our own program",
		"start.ts readFileSync(join(compiled, file))": "beside our own program",
		'effects/process/crash.ts readFileSync(`${file}.map`, "utf8")': "beside our own program",
		'effects/files/access.ts readFileSync(list, "utf16le")': "in a folder that was made for it",
		"effects/files/folder.ts open(path, constants.O_RDONLY)": "a folder",
		"effects/files/new-file.ts openSync(folder, constants.O_RDONLY)": "a folder",
		"effects/files/claim.ts openSync(lock, flags)": "with O_NONBLOCK in its flags",
		'effects/files/claim.ts readFileSync("/proc/sys/kernel/random/boot_id", "utf8")': "the kernel's",
		'effects/files/copies.ts readFileSync("/etc/machine-id", "utf8")': "root's, in a folder of root's",
	};
	const opens = new Set(["openSync", "open", "readFileSync", "readFile", "createReadStream", "opendirSync"]);
	const root = new URL("../../../src", import.meta.url).pathname;
	const found: string[] = [];
	for (const path of readdirSync(root, { recursive: true, encoding: "utf8" })) {
		const text = path.endsWith(".ts") ? readFileSync(join(root, path), "utf8") : "";
		if (!/from "node:fs(\/promises)?"/.test(text)) continue;
		new Visitor({
			CallExpression({ callee, arguments: [first], start, end }) {
				if (callee.type !== "Identifier" || !opens.has(callee.name)) return;
				const call = text.slice(start, end);
				const given = first === undefined ? "" : text.slice(first.start, first.end);
				// An open file that has been looked at.
				if (given === "fd" || given === "held" || /O_NONBLOCK|\bCREATE\b|O_EXCL/.test(call)) return;
				found.push(`${path} ${call}`);
			},
		}).visit(parseSync(path, text).program);
	}
	expect(found.sort()).toEqual(Object.keys(ours).sort());
});
