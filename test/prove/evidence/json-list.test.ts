import { expect, test } from "vitest";
import { isJsonDocument, jsonList } from "../../../src/prove/evidence/json-list.ts";

const one = { host: "mac-1" };

test.each<[string, unknown, number, string | undefined]>([
	["an array", [one, one], 2, undefined],
	["an answer of Microsoft Graph", { "@odata.context": "x", value: [one] }, 1, undefined],
	["its first page", { value: [one], "@odata.nextLink": "https://example.com/2" }, 1, "one page of a longer list"],
	["a page with the total", { totalCount: 500, results: [one] }, 1, "one page of a longer list"],
	["all of them with the total", { totalCount: 1, results: [one] }, 1, undefined],
	["a page that says so apart", { hosts: [one], meta: { has_next_results: true } }, 1, "one page of a longer list"],
	["the last page", { hosts: [one], meta: { has_next_results: false }, next: null }, 1, undefined],
	["an empty array", [], 0, undefined],
])("%s", (_, value, count, cut) => {
	const list = jsonList(JSON.stringify(value, undefined, 1));
	expect({ count: list?.records.length, cut: list?.cut }).toEqual({ count, cut });
});

test.each([["{"], ['{"a":1}'], ['{"a":[{}],"b":[{}]}'], ['{"a":[1]}'], ["7"], [""]])("%s is no list", (text) => {
	expect(jsonList(text)).toBeUndefined();
});

test.each([
	["[", true],
	["{", true],
	['{"value":[{"host":"a"}]}', true],
	['{"host":"a"}', false],
])("a text whose first line is %s: one document %s", (first, is) => {
	expect(isJsonDocument(first)).toBe(is);
});
