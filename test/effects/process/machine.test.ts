import { chmodSync, chownSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { nodeMachine } from "../../../src/effects/process/machine.ts";
import { scratch } from "../../harness/cli.ts";
import { needs, root } from "../../harness/parts.ts";

const NOBODY = 65_534;

/** A home of another account, with a file in it. */
function home(): { readonly path: string; write(name: string, mode: number, uid: number, gid?: number): string } {
	const path = scratch();
	chownSync(path, NOBODY, NOBODY);
	vi.stubEnv("HOME", path);
	return {
		path,
		write(name, mode, uid, gid = 0) {
			const file = join(path, name);
			writeFileSync(file, "x");
			chownSync(file, uid, gid);
			chmodSync(file, mode);
			return file;
		},
	};
}

describe("root in another's home looks with the eyes of its owner", needs(root), () => {
	test.each([
		["its own file", 0o600, NOBODY, 0, "file"],
		["its own file that it may not read", 0o044, NOBODY, 0, "unreadable"],
		["a file of root", 0o600, 0, 0, "unreadable"],
		["a file of root for all", 0o644, 0, 0, "file"],
		["a file of root for its group", 0o640, 0, NOBODY, "file"],
		["a file of root for all but its group", 0o604, 0, NOBODY, "unreadable"],
	])("%s", (_what, mode, uid, gid, kind) => {
		const file = home().write("settings.json", mode, uid, gid);
		const machine = nodeMachine();
		expect(machine).toMatchObject({ uid: NOBODY, isOthers: true });
		expect(machine.look(file, 100).kind).toBe(kind);
	});

	test("a folder of root hides what is in it, by any path", () => {
		const at = home();
		const folder = join(at.path, "hidden");
		mkdirSync(folder, { mode: 0o700 });
		const file = at.write("hidden/settings.json", 0o644, NOBODY);
		const link = join(at.path, "link.json");
		symlinkSync(file, link);
		const machine = nodeMachine();
		for (const path of [file, link]) expect(machine.look(path, 100).kind).toBe("unreadable");
		expect(machine.list(folder)).toEqual([]);
		expect(machine.list(at.path)).toEqual(["hidden", "link.json"]);
		expect(machine.look(join(at.path, "missing"), 100).kind).toBe("absent");
	});

	test("in root's own home it is root", () => {
		vi.stubEnv("HOME", scratch());
		expect(nodeMachine()).toMatchObject({ uid: 0, isOthers: false });
	});
});

test("a file counts as changed when it was put there, whatever its time says", () => {
	const file = join(scratch(), "restored.json");
	writeFileSync(file, "x");
	utimesSync(file, 1, 1);
	expect(nodeMachine().look(file, 100)).toMatchObject({ kind: "file", changedAt: expect.closeTo(Date.now(), -5) });
});
