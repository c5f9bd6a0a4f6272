import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { accessTools } from "../../../src/effects/files/access.ts";

const SELF = "S-1-5-21-1-2-3-1001";
const PRIVATE = `D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;${SELF})`;
const INHERITED = "D:AI(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)";

/** A file system with access lists, by the names of files, and the programs that read and write them as they are documented. */
function machine(lists: Record<string, string>, broken: { grants?: true; saves?: true; restores?: true } = {}) {
	const calls: string[] = [];
	const tools = accessTools((name, args) => {
		const [path = "", verb, list = ""] = args;
		calls.push(`${name} ${verb}`);
		if (name === "whoami.exe") return `"desk\\ann","${SELF}"\r\n`;
		const file = basename(path);
		if (verb === "/inheritance:r" && !broken.grants) lists[file] = PRIVATE;
		if (verb === "/save" && !broken.saves) writeFileSync(list, `${file}\r\n${lists[file]}\r\n`, "utf16le");
		if (verb === "/restore" && !broken.restores) {
			const [to = "", sddl = ""] = readFileSync(list, "utf16le").split("\r\n");
			lists[to] = sddl;
		}
		return "";
	});
	return { tools, calls, lists };
}

describe("access to files of Windows", () => {
	const file = join("/folder", "a.token");

	test("a new file is restricted, and then looked at", () => {
		const { tools, calls } = machine({ "a.token": INHERITED });
		expect(tools.look(file)).toEqual({ kind: "open", to: ["BU"] });
		expect(tools.restrict(file, false)).toEqual({ kind: "private" });
		expect(calls.slice(-2)).toEqual(["icacls.exe /inheritance:r", "icacls.exe /save"]);
	});

	test("a program that says it did it and did not is found out", () => {
		const { tools } = machine({ "a.token": INHERITED }, { grants: true });
		expect(tools.restrict(file, false)).toEqual({ kind: "open", to: ["BU"] });
	});

	test("what cannot be seen is unknown, and never private", () => {
		expect(machine({ "a.token": PRIVATE }, { saves: true }).tools.restrict(file, false)).toEqual({ kind: "unknown" });
		expect(accessTools(() => undefined).restrict(file, false)).toEqual({ kind: "unknown" });
		expect(accessTools(() => "").look(file)).toEqual({ kind: "unknown" });
		expect(machine({ "a.token": "nonsense" }).tools.look(file)).toEqual({ kind: "unknown" });
	});

	test("a file that replaces another gets its list", () => {
		const given = "D:PAI(A;;FA;;;SY)(A;;FR;;;LS)";
		const { tools, lists } = machine({ "a.token": given, new: INHERITED });
		expect(tools.copy(file, "/folder/new")).toBe("same");
		expect(lists["new"]).toBe(given);
	});

	test("one that has it already is left alone", () => {
		const { tools, calls } = machine({ "a.token": INHERITED, new: INHERITED });
		expect(tools.copy(file, "/folder/new")).toBe("same");
		expect(calls).not.toContain("icacls.exe /restore");
	});

	test("a list that does not arrive, and one that cannot be seen", () => {
		const lists = { "a.token": PRIVATE, new: INHERITED };
		expect(machine({ ...lists }, { restores: true }).tools.copy(file, "/folder/new")).toBe("different");
		expect(machine({ ...lists }, { saves: true }).tools.copy(file, "/folder/new")).toBe("unknown");
	});
});
