import { describe, expect, test } from "vitest";
import { CrossfadeError } from "../../src/base/errors.ts";
import { parseFleet } from "../../src/spec/fleet.ts";
import { placeKey } from "../../src/spec/rotation.ts";
import { canary } from "../harness/canary.ts";

const GOOD = `version: 1
stores:
  a: { kind: token-file, path: a.token, confirm: person }
  b: { kind: token-file, path: b.token, feeds: [gw], apply: [systemctl, reload, otelcol], within: 5m }
rotations:
  one:
    provider: torii
    current: store:a
    stores: [a, b]
    canary: b
    key: file:machine.key
`;

/** What is wrong with a fleet file, as `line:column what`. */
function problems(text: string): string[] {
	try {
		parseFleet(text, "crossfade.yaml", "/srv");
		return [];
	} catch (error) {
		if (!(error instanceof CrossfadeError)) throw error;
		return error.problems.map(({ what, where }) => `${where?.line}:${where?.column} ${what}`);
	}
}

describe("rotations and stores of a fleet file", () => {
	test("are read with the canary first, and paths from the file's folder", () => {
		const { rotations } = parseFleet(GOOD, "crossfade.yaml", "/srv");
		expect(rotations).toMatchObject([
			{
				name: "one",
				strategy: { id: "portal" },
				endpoint: "https://ai-events.toriihq.com",
				key: { kind: "file", path: "/srv/machine.key" },
				stores: [
					{ name: "b", place: "file /srv/b.token", withinMs: 300_000, apply: ["systemctl", "reload", "otelcol"] },
					{ name: "a", place: "file /srv/a.token", withinMs: 900_000, apply: "watch" },
				],
			},
		]);
	});

	test("have all their problems told at once, each with its place", () => {
		const text = `version: 1
stores:
  a: { kind: token-file, path: ./x.token, confirm: person }
  b: { kind: token-file, path: x.token }
rotations:
  one:
    provider: torii
    strategy: rotate
    current: store:c
    stores: [a, a, d]
    canary: b
    key: file:k
    datasource: x
  two:
    provider: glean
    current: store:a
    stores: [a]
    key: file:k
`;
		expect(problems(text)).toEqual([
			"4:6 stores a and b are one place",
			"4:6 store b has nothing that could prove its new token",
			"10:20 there is no store d",
			"9:14 there is no store c",
			"10:13 store a is listed twice",
			"11:13 the canary is none of the rotation's stores",
			"8:15 Torii cannot be rotated by rotate",
			"13:17 datasource is not a key of Torii",
			"15:5 datasource is missing",
			"15:5 the endpoint of Glean is unknown",
		]);
	});

	test.each([
		[
			"an unknown kind",
			GOOD.replace("kind: token-file, path: a", "kind: token-fil, path: a"),
			/^3:\d+ invalid stores.a.kind/,
		],
		["an unknown key", GOOD.replace("confirm: person", "confrm: person"), /^3:\d+ unknown key stores.a.confrm/],
		["no provider", GOOD.replace("    provider: torii\n", ""), /rotations.one.provider is missing/],
		[
			"plain http to another machine",
			GOOD.replace("    canary: b", "    canary: b\n    endpoint: http://example.com"),
			/invalid rotations.one.endpoint/,
		],
		["a name that is no folder's", GOOD.replace("  one:", "  ../x:"), /invalid rotations/],
	])("%s is one error", (_, text, says) => {
		expect(problems(text).join("\n")).toMatch(says);
	});

	test("a journal is in a folder, or in a store that writes on a condition", () => {
		const vault = "  v: { kind: vault-kv2, url: https://v.example.com, path: otel, token: file:t, confirm: person }\n";
		const text = GOOD.replace("rotations:\n", `${vault}rotations:\n`);
		const journal = (place: string) => text.replace("    canary: b", `    canary: b\n    journal: ${place}`);
		const [rotation] = parseFleet(journal("store:v"), "crossfade.yaml", "/srv").rotations;
		expect(rotation?.journal).toMatchObject({ name: "v", kind: { id: "vault-kv2" } });
		expect(rotation?.stores.map(({ name }) => name)).toEqual(["b", "a"]);
		expect(parseFleet(journal("kept"), "crossfade.yaml", "/srv").rotations[0]?.journal).toBe("/srv/kept");
		expect(problems(journal("store:w")).join()).toMatch(/there is no store w/);
		expect(problems(journal("store:a")).join()).toMatch(/kind token-file cannot keep a journal/);
	});

	test("a token in the place of a reference is refused and not quoted", () => {
		const { token } = canary();
		for (const key of ["current: store:a", "key: file:machine.key"]) {
			const found = problems(GOOD.replace(key, `${key.split(":")[0]}: ${token}`));
			expect(found).toHaveLength(1);
			expect(found.join()).not.toContain(token);
		}
	});
});

test("two ways to write one place of Windows are one, and two files elsewhere are two", () => {
	expect(placeKey("file C:\\Data\\A.token")).toBe(placeKey("file c:\\data\\a.TOKEN"));
	expect(placeKey("variable T in \\\\Server\\share\\x")).toBe(placeKey("variable t in \\\\server\\share\\X"));
	expect(placeKey("file /data/A.token")).not.toBe(placeKey("file /data/a.token"));
});
