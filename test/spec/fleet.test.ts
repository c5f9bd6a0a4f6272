import { describe, expect, test } from "vitest";
import { CrossfadeError, problemText } from "../../src/base/errors.ts";
import { emptyFleet, parseFleet } from "../../src/spec/fleet.ts";
import { expandHosts } from "../../src/spec/host-pattern.ts";
import { canary } from "../harness/canary.ts";

const parse = (text: string) => parseFleet(text, "crossfade.yaml", "/fleet");

function problems(text: string): string[] {
	try {
		parse(text);
	} catch (error) {
		if (error instanceof CrossfadeError) return error.problems.map((each) => problemText(each));
		throw error;
	}
	throw new Error("it was accepted");
}

test("a whole fleet file becomes a fleet, with absolute paths", () => {
	const fleet = parse(`version: 1
name: Torii, spring
provider: torii
overlap: { started: "2026-01-31T12:00:00Z" }
tokens: { old: "file:old.token", new: env:NEW_TOKEN, third: fp:0123456789ab }
gateways:
  - name: eu
    otlp: https://gw.example.com:4318
    metrics: http://gw.example.com:8888/metrics
hosts: { expected: [a, b, a], csv: hosts.csv, pattern: "mac-{08..10}" }
clis: [claude-code]
inventory: [jamf.csv]
evidence: seen
`);
	expect(fleet).toMatchObject({
		name: "Torii, spring",
		endpoint: "https://ai-events.toriihq.com",
		deadline: { at: Date.parse("2026-02-01T12:00:00Z"), source: "Torii's rule" },
		tokens: [
			{ name: "old", ref: { kind: "file", path: "/fleet/old.token" } },
			{ name: "new", ref: { kind: "env", name: "NEW_TOKEN" } },
			{ name: "third", ref: undefined, fingerprint: "0123456789ab" },
		],
		expectedHosts: ["a", "b", "mac-08", "mac-09", "mac-10"],
		hostsCsv: { path: "/fleet/hosts.csv", column: undefined },
		inventory: ["/fleet/jamf.csv"],
		evidence: "/fleet/seen",
	});
});

test("an empty fleet has defaults for everything", () => {
	expect(emptyFleet("/here")).toMatchObject({
		provider: { id: "torii" },
		deadline: undefined,
		evidence: "/here/crossfade-evidence",
	});
	expect(parse("version: 1\noverlap: { started: 2026-01-31T12:00:00Z, lasts: 7d }").deadline?.source).toContain("7d");
	expect(parse("version: 1\noverlap: { deadline: 2026-01-31T12:00:00+02:00 }").deadline?.at).toBe(
		Date.parse("2026-01-31T10:00:00Z"),
	);
});

describe("every problem at once, with line and column", () => {
	test("unknown keys, wrong types, wrong values", () => {
		const found = problems(`version: 2
provider: tori
gatewys: []
tokens:
  old: somewhere
gateways:
  - name: a b
    otlp: gw.example.com
    metric: http://x
hosts: [a]
clis: claude-code
overlap: { lasts: 1 fortnight }
`);
		expect(found.join("\n\n")).toMatchSnapshot();
	});

	test.each<[string, string, string]>([
		["two gateways of one name", "version: 1\ngateways: [{name: a}, {name: a}]", "2:30"],
		[
			"a token that is meant as a role",
			'version: 1\ntokens: {old: "fp:0123456789ab", newer: "fp:0123456789ac"}',
			"2:41",
		],
		["such a token in capitals", 'version: 1\ntokens: {OLD: "fp:0123456789ab"}', "2:15"],
		["a CLI whose name is mistyped", "version: 1\nclis: {codx: {every: 1h}}", "2:14"],
		["a CLI by a part of its name", "version: 1\nclis: {codex: {every: 1h}, claude: {}}", "2:36"],
		["the same in a list", "version: 1\nclis: [codex, codx]", "2:15"],
		["no endpoint", "version: 1\nprovider: custom", "2:11"],
		["overlap without length", "version: 1\nprovider: activitylog\noverlap: {started: 2026-01-31T12:00:00Z}", "3:10"],
		["two ends", "version: 1\noverlap: {started: 2026-01-31T12:00:00Z, deadline: 2026-01-31T12:00:00Z}", "2:10"],
		["length without beginning", "version: 1\noverlap: {lasts: 24h}", "2:10"],
		["a pattern that is none", 'version: 1\nhosts: {pattern: "mac-{9..1}"}', "2:18"],
		["a time without zone", "version: 1\noverlap: {deadline: 2026-01-31 12:00}", "2:21"],
		["a day that does not exist", "version: 1\noverlap: {deadline: 2026-13-31T12:00:00Z}", "2:21"],
		["no file at all", "", "1:1"],
		["a list", "- a", "1:1"],
		["a missing version", "name: x", "1:1"],
		["a key twice", "version: 1\nversion: 1", "2:1"],
		["broken YAML", "version: [", "1:11"],
		["an alias bomb", `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b]`, ""],
	])("%s", (_, text, place) => {
		const [first = ""] = problems(text);
		expect(first).toContain(`crossfade.yaml${place === "" ? "" : `:${place}`}`);
		expect(first).toMatch(/fix {6}\S/);
	});

	test.each([
		"tokens: { NAME: fp:0123456789ab }",
		"hosts: { expected: [NAME], intervals: { NAME: 30d } }",
		"clis: { NAME: { every: 30d } }",
		"stores: { NAME: { kind: token-file, path: a, confirm: person } }",
		"rotations: { NAME: { provider: torii, current: file:a, stores: [a] } }",
	])(
		"a name that the validator would leave out is a problem, and others that every object has are names: %s",
		(block) => {
			for (const name of ["__proto__", "constructor", "prototype"]) {
				const line = block.replaceAll("NAME", name);
				const at = `crossfade.yaml:2:${line.indexOf(`${name}:`) + 1}`;
				expect(problems(`version: 1\n${line}\n`)[0]).toContain(`${at}: the name ${name} cannot be used in this file`);
			}
			for (const name of ["toString", "hasOwnProperty", "valueOf"]) {
				const found = problems(`version: 1\n${block.replaceAll("NAME", name)}\nwrong: 1\n`);
				expect(found.join()).not.toContain("cannot be used");
			}
		},
	);

	test("a token in the place of a reference is not quoted", () => {
		const { token } = canary();
		const text = problems(`version: 1\ntokens: { old: ${token} }\nendpoint: https://x.example/${token}\nname: 1`).join(
			"\n",
		);
		expect(text).not.toContain(token);
	});
});

test.each([
	["mac-{001..003}", ["mac-001", "mac-002", "mac-003"]],
	["{a,b}-{1..2}", ["a-1", "a-2", "b-1", "b-2"]],
	["n{9..11}", ["n9", "n10", "n11"]],
	["plain", ["plain"]],
	["", undefined],
	["a{1..}", undefined],
	["a{3..1}", undefined],
	["a{1..3", undefined],
	["a{1..999999999}", undefined],
	["{1..1000}{1..1000}", undefined],
])("the pattern %s", (pattern, hosts) => {
	expect(expandHosts(pattern)).toEqual(hosts);
});
