import { afterEach, expect, test, vi } from "vitest";
import { painter } from "../../src/base/paint.ts";

afterEach(() => vi.unstubAllEnvs());

test("adds colour if enabled, whatever the environment says", () => {
	for (const name of ["NO_COLOR", "NODE_DISABLE_COLORS"]) vi.stubEnv(name, "1");
	vi.stubEnv("FORCE_COLOR", "0");
	expect(painter(true)("x", "red")).toBe("\u001b[31mx\u001b[39m");
	expect(painter(true)("x", "bold", "red")).toBe("\u001b[1m\u001b[31mx\u001b[39m\u001b[22m");
	vi.stubEnv("FORCE_COLOR", "3");
	expect(painter(false)("x", "bold", "red")).toBe("x");
});

test("empty text, and text without a style, is unchanged", () => {
	expect([painter(true)("", "red"), painter(true)("x")]).toEqual(["", "x"]);
});
