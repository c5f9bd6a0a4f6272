import { describe, expect, test } from "vitest";
import {
	isSameAccess,
	privateArguments,
	savedList,
	sidIn,
	strangersIn,
} from "../../../src/effects/files/access-list.ts";

const SELF = "S-1-5-21-1004336348-1177238915-682003330-1001";
const OTHER = "S-1-5-21-1004336348-1177238915-682003330-1002";

describe("access lists of Windows", () => {
	test.each([
		["only the owner, SYSTEM and Administrators", `D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;${SELF})`, []],
		["inherited entries count as others do", `D:AI(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)`, ["BU"]],
		["everyone", "D:(A;;FR;;;WD)", ["S-1-1-0"]],
		["no list at all lets everyone in", "D:NO_ACCESS_CONTROL", ["S-1-1-0"]],
		["another account by its SID, named once", `D:P(A;;0x1;;;${OTHER})(A;OICI;FR;;;${OTHER})`, [OTHER]],
		["an empty list lets nobody in", "D:P", []],
		["what only new files inherit is no access", "D:P(A;OICIIO;GA;;;CO)(A;;FA;;;SY)", []],
		["what is denied to others", `D:P(D;;FA;;;WD)(A;;FA;;;${SELF})`, []],
		["denied and given is reported", "D:P(D;;FR;;;AU)(A;;FR;;;AU)", ["AU"]],
		["rights of the owner, whoever that is", "D:P(A;;FA;;;OW)", []],
		["an entry with a condition", "D:P(XA;;FR;;;AU;x)", ["AU"]],
		["SYSTEM by its SID", "D:P(A;;FA;;;S-1-5-18)(A;;FA;;;S-1-5-32-544)", []],
		["the administrator's account is somebody else", "D:P(A;;FA;;;LA)", ["LA"]],
	])("%s", (_, sddl, expected) => {
		expect(strangersIn(sddl, SELF)).toEqual(expected);
	});

	test("the built-in administrator is itself", () => {
		expect(strangersIn("D:P(A;;FA;;;LA)", "S-1-5-21-1-2-3-500")).toEqual([]);
	});

	test.each([
		"",
		"O:SYD:",
		"D:P(A;;FA;;;SY",
		"D:P(A;;FA)",
		"D:Q(A;;FA;;;SY)",
		"D:P(Z;;FA;;;SY)",
		"D:(A;;FA;;;SY)S:(ML;;NW;;;HI)",
	])("%j is nothing that could be called private", (sddl) => {
		expect(strangersIn(sddl, SELF)).toBeUndefined();
		expect(isSameAccess(sddl, sddl)).toBe(false);
	});

	test("lists are the same wherever each has its entries from", () => {
		expect(isSameAccess("D:AI(A;ID;FA;;;SY)", "D:PAI(A;;FA;;;SY)")).toBe(true);
		expect(isSameAccess("D:AI(A;ID;FA;;;SY)", "D:AI(A;ID;FR;;;SY)")).toBe(false);
		expect(isSameAccess("D:(D;;FA;;;WD)(A;;FA;;;SY)", "D:(A;;FA;;;SY)(D;;FA;;;WD)")).toBe(false);
		expect(isSameAccess("D:(A;OICI;FA;;;SY)", "D:(A;;FA;;;SY)")).toBe(false);
	});

	test("what icacls and whoami write", () => {
		expect(savedList("torii.token\r\nD:P(A;;FA;;;SY)\r\n")).toEqual({
			mark: "",
			name: "torii.token",
			sddl: "D:P(A;;FA;;;SY)",
		});
		expect(savedList("\ufeffa\r\nD:P\r\n")).toEqual({ mark: "\ufeff", name: "a", sddl: "D:P" });
		for (const odd of ["", "a\r\n", "a\r\nsuccess\r\n", "a\r\nD:P\r\nb\r\nD:P\r\n"])
			expect(savedList(odd)).toBeUndefined();
		expect(sidIn(`"desk\\ann","${SELF}"\r\n`)).toBe(SELF);
		expect(sidIn("desk\\ann\r\n")).toBeUndefined();
	});

	test("accounts are named by SID, each once, and a folder hands its list on", () => {
		expect(privateArguments("C:\\x", SELF, false)).toEqual([
			...["C:\\x", "/inheritance:r", "/grant:r", `*${SELF}:F`, "*S-1-5-18:F", "*S-1-5-32-544:F", "/q"],
		]);
		expect(privateArguments("C:\\x", "S-1-5-18", true)).toEqual([
			...["C:\\x", "/inheritance:r", "/grant:r", "*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F", "/q"],
		]);
	});
});
