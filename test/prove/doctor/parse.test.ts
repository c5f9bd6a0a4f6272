import { describe, expect, test } from "vitest";
import { layerings } from "../../../src/adapters/clis/layers.generated.ts";
import { parseSettings } from "../../../src/prove/doctor/parse.ts";

const bytes = (text: string) => Buffer.from(text, "utf8");
const utf16 = (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
const strict = { bom: false, utf16: false };
const toleranceOf = (id: string) => layerings.find((each) => each.id === id)?.tolerance ?? strict;

describe("settings are read as strictly as their CLI reads them", () => {
	test.each([
		["claude-code", "json", "// mine\n{}", /^is not valid JSON, line 1: invalid comment token$/],
		["claude-code", "json", '{"a": 1,}', /^is not valid JSON, line 1/],
		["claude-code", "json", "\ufeff{}", undefined],
		["gemini", "jsonc", '// mine\n{"a": 1 /* here */}', undefined],
		["gemini", "jsonc", '{\n\n"a": 1,\n}', /^is not valid JSON with comments, line 4/],
		["gemini", "jsonc", "\ufeff{}", /^starts with a byte order mark/],
		["gemini", "jsonc", "[]", /^is not a JSON object$/],
		["codex", "toml", '[otel]\nexporter = "none"\n[otel]\n', /^is not valid TOML, line 3/],
		["codex", "toml", 'otel.exporter = "none"\n[otel]\nx = 1\n', /^is not valid TOML/],
		["codex", "toml", "\ufeffa = 1\r\n", undefined],
		["codex", "toml", "", undefined],
		["claude-code", "json", "", undefined],
	] as const)("%s, %s %j: %s", (id, format, text, problem) => {
		const parsed = parseSettings(bytes(text), format, toleranceOf(id));
		if (problem) expect(parsed).toEqual({ problem: expect.stringMatching(problem) });
		else expect(parsed).toHaveProperty("document");
	});

	test("UTF-16 is read for Claude Code alone", () => {
		expect(parseSettings(utf16('{"a":"b"}'), "json", toleranceOf("claude-code"))).toEqual({ document: { a: "b" } });
		for (const id of ["codex", "gemini"]) {
			expect(parseSettings(utf16("{}"), "jsonc", toleranceOf(id))).toEqual({
				problem: expect.stringMatching(/UTF-16/),
			});
		}
	});

	test("binary data; reasons never quote the file", () => {
		expect(parseSettings(Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), "json", strict)).toEqual({ problem: "is not UTF-8" });
		for (const [format, text] of [
			["toml", 'a = "x"\na = "hostile-token-1234567890"\n'],
			["toml", "hostile-token-1234567890 = [\n"],
			["jsonc", '{"hostile-token-1234567890" "x"}'],
		] as const) {
			const parsed = parseSettings(bytes(text), format, strict);
			expect(JSON.stringify(parsed)).toContain("problem");
			expect(JSON.stringify(parsed)).not.toContain("hostile");
		}
	});

	test("dotenv: export, quotes, comments, blanks", () => {
		const text = "# no\nexport A=a\nB = 'b # b'\nC=\"c\nd\"\nD=d # comment\nE=\nF: f\n";
		expect(parseSettings(bytes(text), "dotenv", strict)).toEqual({
			document: { env: { A: "a", B: "b # b", C: "c\nd", D: "d", E: "", F: "f" } },
		});
		expect(parseSettings(bytes('G=`g "g"`\nH="h\\nh"\nI=i\r\nI=j\r\n'), "dotenv", strict)).toEqual({
			document: { env: { G: 'g "g"', H: "h\nh", I: "j" } },
		});
	});
});
