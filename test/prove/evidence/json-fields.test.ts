import { expect, test } from "vitest";
import { textFields } from "../../../src/prove/evidence/json-fields.ts";

test.each([
	["texts of the record itself", { "Device Name": "a", n: 1, x: null }, [["devicename", "a"]]],
	["the name of a machine in an object", { device: { name: "a" } }, [["devicename", "a"]]],
	["the name of a user in an object", { user: { name: "a" } }, [["username", "a"]]],
	["a field that names the machine by itself", { managedDevice: { deviceName: "a" } }, [["devicename", "a"]]],
	[
		"texts in lists",
		{ log: ["a", { values: ["b"] }] },
		[
			["", "a"],
			["", "b"],
		],
	],
	[
		"the record's own name wins",
		{ hostname: "a", peer: { hostname: "b" } },
		[
			["hostname", "a"],
			["", "b"],
		],
	],
	["no record", ["a"], []],
	["no object", "a", []],
])("%s", (_name, value, fields) => {
	expect(textFields(value)).toEqual(fields);
});

test("objects in objects end at some depth", () => {
	let deep: object = { hostname: "a" };
	for (let depth = 0; depth < 10_000; depth++) deep = { deep };
	expect(textFields(deep)).toEqual([]);
});
