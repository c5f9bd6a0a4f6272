import { expect, test } from "vitest";
import { programNames } from "../../../src/effects/process/program-names.ts";

test("Windows starts programs by their extension, and no scripts of its shell", () => {
	expect(programNames("otelcol", false)).toEqual(["otelcol"]);
	expect(programNames("otelcol", true)).toEqual(["otelcol.exe", "otelcol.com"]);
	expect(programNames("C:\\bin\\OTELCOL.EXE", true)).toEqual(["C:\\bin\\OTELCOL.EXE"]);
	expect(programNames("setup.cmd", true)).toEqual(["setup.cmd.exe", "setup.cmd.com"]);
});
