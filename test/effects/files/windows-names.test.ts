import { describe, expect, test } from "vitest";
import { CrossfadeError } from "../../../src/base/errors.ts";
import { refuseOddName } from "../../../src/effects/files/windows-names.ts";

describe("paths of Windows", () => {
	test.each([
		"out",
		"a/b\\c",
		"C:\\ProgramData\\crossfade\\torii.token",
		"C:/mixed\\separators/file.yaml",
		"C:drive-relative",
		"\\on\\this\\drive",
		"\\\\server\\share\\folder\\file",
		"\\\\?\\C:\\very\\long",
		"\\\\?\\UNC\\server\\share\\file",
		".",
		"..\\above",
		".hidden",
		"console.log",
		"nullable",
		"com10.txt",
		"auxiliary\\lpt\\file",
	])("%s is taken", (path) => {
		expect(() => refuseOddName(path)).not.toThrow();
	});

	test.each([
		["nul", "device"],
		["NUL.txt", "device"],
		["folder/con", "device"],
		["C:\\aux\\file", "device"],
		["C:com1", "device"],
		["lpt9.tar.gz", "device"],
		["com\u00b2", "device"],
		["prn .txt", "device"],
		["CONIN$", "device"],
		["\\\\?\\C:\\nul", "device"],
		["\\\\.\\COM1", "device"],
		["\\\\server\\share\\nul", "device"],
		["//./pipe/x", "device"],
		["file.txt:stream", "stream"],
		["C:\\file:$DATA", "stream"],
		["what?", "character"],
		["a\u0000b", "character"],
		["star*", "character"],
		["name.", "dot or a space"],
		["folder \\file", "dot or a space"],
	])("%s is refused", (path, why) => {
		let thrown: unknown;
		try {
			refuseOddName(path);
		} catch (error) {
			thrown = error;
		}
		expect(thrown).toBeInstanceOf(CrossfadeError);
		expect(thrown).toMatchObject({ exit: "refused", problems: [{ what: expect.stringContaining(why) }] });
	});
});
