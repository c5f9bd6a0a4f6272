import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { misform, settingKind, unlike } from "../../src/adapters/clis/setting-form.ts";

const form = {
	pointer: "/exporter",
	words: ["none", "own"],
	variants: { http: { endpoint: [], protocol: ["binary", "json"] }, grpc: { endpoint: [] } },
};

describe("forms", () => {
	test.each([
		['x = "none"', undefined],
		['x = "own"', undefined],
		['x = "NONE"', "must be none or one table"],
		["x = true", "must be none or one table"],
		["x = []", "must be none or one table"],
		["x = {}", "must have one variant"],
		['x = { http = { endpoint = "e", protocol = "json" } }', undefined],
		['x = { http = { endpoint = "", protocol = "binary", more = 1 } }', undefined],
		['x = { grpc = { endpoint = "e" } }', undefined],
		['x = { grpc = { endpoint = "e" }, http = {} }', "must have one variant"],
		['x = { HTTP = { endpoint = "e" } }', "has an unknown variant"],
		["x = { constructor = {} }", "has an unknown variant"],
		['x = { http = "e" }', "needs the endpoint"],
		['x = { http = { endpoint = 7, protocol = "json" } }', "needs the endpoint"],
		['x = { http = { endpoint = "e" } }', "needs the protocol binary or json"],
		['x = { http = { endpoint = "e", protocol = "JSON" } }', "needs the protocol binary or json"],
	])("%s", (toml, why) => {
		expect(misform(parse(toml)["x"], form)).toBe(why);
	});
});

describe("kinds", () => {
	test.each([
		["x = 1", "number"],
		["x = 1.5", "number"],
		['x = ""', "string"],
		["x = 2026-01-01", "string"],
		["x = false", "boolean"],
		["x = [1]", "list"],
		["x = {}", "object"],
	] as const)("%s", (toml, kind) => {
		expect(settingKind(parse(toml)["x"])).toBe(kind);
		expect(unlike(parse(toml)["x"], kind)).toBeUndefined();
		expect(unlike(parse(toml)["x"], kind === "list" ? "object" : "list")).toMatch(/^must be of type /);
	});

	test.each([
		['x = "a"', undefined],
		["x = 'b'", undefined],
		["x = {}", undefined],
		['x = "A"', "must be a, b, a table"],
		["x = 1", "must be a, b, a table"],
		["x = 2026-01-01", "must be a, b, a table"],
		["x = []", "must be a, b, a table"],
	])("words or a table: %s", (toml, why) => {
		expect(unlike(parse(toml)["x"], ["a", "b", "{object}"])).toBe(why);
	});

	test("none of them is a value of JSON that says nothing", () => {
		expect(settingKind(null)).toBe("null");
		expect(unlike(null, "object")).toBe("must be of type object");
	});

	test("a table of strings", () => {
		expect(unlike({}, "strings")).toBeUndefined();
		expect(unlike({ a: "b" }, "strings")).toBeUndefined();
		expect(unlike({ a: "b", c: true }, "strings")).toBe("must hold strings only");
		expect(unlike({ a: {} }, "strings")).toBe("must hold strings only");
		expect(unlike("a=b", "strings")).toBe("must be of type object");
	});
});
