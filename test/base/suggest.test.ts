import { describe, expect, test } from "vitest";
import { nearest } from "../../src/base/suggest.ts";

describe("nearest", () => {
	test.each([
		["jmaf", ["jamf", "intune"], "jamf"],
		["claude", ["claude-code", "codex", "gemini"], "claude-code"],
		["collectr", ["collector", "check"], "collector"],
		["DIST", ["diff", "distribution"], "distribution"],
		["dis", ["distribution", "distance"], undefined],
		["in", ["intune"], undefined],
		["kubernetes", ["jamf"], undefined],
	])("%s among %j is %s", (word, candidates, meant) => {
		expect(nearest(word, candidates)).toBe(meant);
	});
});
