import { describe, expect, test } from "vitest";
import { compareFilled } from "../../../src/generate/kit/verify/pattern.ts";
import { holdsSuspect } from "../../../src/generate/kit/verify/suspects.ts";
import { xmlProblem } from "../../../src/generate/kit/verify/xml.ts";
import { canary } from "../../harness/canary.ts";

describe("well-formed XML", () => {
	test.each([
		"<a/>",
		'<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "x" "y">\n<!-- c --><a b="1" c=\'2\'><d>&lt;&#65;&#x41;</d><e/></a>\n',
	])("%s", (text) => {
		expect(xmlProblem(text)).toBeUndefined();
	});

	test.each([
		["<a>", "not closed"],
		["<a></b>", "expected"],
		["</a>", "expected"],
		["<a/><b/>", "2 root elements"],
		["", "0 root elements"],
		["<a>&</a>", "unescaped character"],
		["<a>x < y</a>", "unescaped character"],
		["<a>&nbsp;</a>", "unescaped character"],
		["x<a/>", "outside the root"],
		["<a/>x", "after the root"],
		["<a b=1/>", "unescaped character"],
	])("%s is not: %s", (text, message) => {
		expect(xmlProblem(text)).toContain(message);
	});
});

describe("what was put in the places of placeholders", () => {
	const original = "a='@TOKEN@' fp=@FINGERPRINT@\n";
	test.each([
		["a='@TOKEN@' fp=@FINGERPRINT@\n", { tokens: [], fingerprints: [], isUnfilled: true }],
		["a='x-1' fp=@FINGERPRINT@\n", { tokens: ["x-1"], fingerprints: [], isUnfilled: false }],
		["a='' fp=0123456789ab\n", { tokens: [""], fingerprints: ["0123456789ab"], isUnfilled: false }],
		["a='@TOKEN@' fp=0123456789AB\n", undefined],
		["a='@TOKEN@' fp=0123456789ab\nmore", undefined],
		["b='@TOKEN@' fp=0123456789ab\n", undefined],
		["a='x y' fp=0123456789ab\n", undefined],
		["", undefined],
	])("%j", (text, expected) => {
		expect(compareFilled(text, original)).toEqual(expected);
	});
});

describe("words that could be a token", () => {
	const { token } = canary();
	test.each([
		`x ${token}.`,
		`https://otlp.example.com/${token}/v1/logs`,
		`"scriptContent": "${Buffer.from(`${"# a comment\n".repeat(60)}token='${token}'\n`).toString("base64")}"`,
	])("found: %#", (text) => {
		expect(holdsSuspect(text)).toBe(true);
		expect(holdsSuspect(text, text)).toBe(false);
	});

	test.each([
		"a".repeat(64),
		"5017e241424dc6b5345fa01a22fa5311a1bbca17350588b883204f130df7a688",
		"B7E2C9D4-1F38-4A65-8C0B-92D6E5A1F470",
		"deviceCustomAttributeShellScripts",
		"/usr/local/lib/node_modules/@openai/codex/package.json",
		"2026-11-22T10:11:12.345Z-and-more",
	])("not: %s", (text) => {
		expect(holdsSuspect(text)).toBe(false);
	});
});
