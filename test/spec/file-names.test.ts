import { describe, expect, test } from "vitest";
import { fileNameProblems } from "../../src/spec/file-names.ts";

const found = (value: string | readonly string[]) => fileNameProblems({ out: value }, { out: "--out" }).length;

describe("the value of an option that names a file", () => {
	// Not at random: of 100,000 tokens of 24 characters 409 are not told from names.
	test.each([
		"kQ7zT3mB9xK2vR8nL5wHd4PyC6sJ1fGu0aEoXiVt4821",
		"kQ7zT3mB9xK2vR8nL5wH4821",
		"ghp_Ab3dE5gH7jK9mN1pQ3rS",
		"9f86d081884c7d659a2feaa0c55ad015",
	])("%s looks like a token", (value) => {
		expect(found(value)).toBe(1);
		expect(JSON.stringify(fileNameProblems({ out: value }, { out: "--out" }))).not.toContain(value);
		expect(found(`./${value}`)).toBe(0);
		expect(found(["a", value])).toBe(1);
	});

	test.each([
		"torii",
		"torii-rotation-2026-11-26",
		"20261126-production-gateways",
		"Report_of_the_Overlap_2026",
		"agent_config.production-eu-1.yaml",
		"/home/somebody/9f86d081884c7d659a2feaa0c55ad015",
	])("%s does not", (value) => {
		expect(found(value)).toBe(0);
	});
});
