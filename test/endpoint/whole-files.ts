import { aThird } from "../harness/matrix.ts";
import { type EditorCase, type SettingsFormat, toBytes } from "./editor.ts";

/** Files by hand, byte for byte: what no generator of good files makes, and what readers disagree on. */

const deep = (open: string, close: string, depth: number) => `{"a":${open.repeat(depth)}${close.repeat(depth)}}`;

const both: readonly string[] = [
	"",
	" ",
	"\r\n",
	"\xef\xbb\xbf",
	"\xef\xbb\xbf\r\n",
	"\xef\xbb\xbf\xef\xbb\xbf",
	"\xef\xbb",
	"\xff\xfe{\0}\0",
	"\xfe\xff\0{\0}",
	"{\0}\0",
	"\0",
	"\x01",
	"\x7f",
	"\xff\xfe",
];

const json: readonly string[] = [
	...both,
	"{}",
	'\xef\xbb\xbf{"env":{"A":"1"}}\r\n',
	'{"env":{"A":"1"},"env":{}}',
	'{"env":{"A":"1","A":"2"}}',
	'{"env":{"A":"1","\\u0041":"2"}}',
	'{"x":{"A":1,"A":2},"y":[{"b":1,"b":2}]}',
	'{"env":{"A":"1"}}{}',
	'{"env":{"A":"1"}} x',
	'[{"env":{}}]',
	'"env"',
	"1",
	"null",
	'{"env":[]}',
	'{"env":"x"}',
	'{"env":null}',
	'{"env":{"A":null,"B":1.5e-3}}',
	'{"env":{"A":{"B":1}}}',
	'{"env":{"A":[1,2]}}',
	...[198, 199, 200, 201].flatMap((depth) => [deep("[", "]", depth), deep('{"b":', "}", depth).replace(":}", ":1}")]),
	"[".repeat(5_000),
	`{"a":${"1".repeat(32_768)}}`,
	`{"a":${"1".repeat(32_769)}}`,
	`{"a":${"1".repeat(40_000)}.${"0".repeat(40_000)}e${"9".repeat(40_000)}}`,
	`{"a":${"1".repeat(40_000)}x}`,
	`{"a":"${"x".repeat(40_000)}","env":{"A":"${"y".repeat(40_000)}"}}`,
	`{"${"k".repeat(32_766)}":1}`,
	`{"${"k".repeat(32_767)}":1}`,
	`{"env":{"${"k".repeat(40_000)}":1}}`,
	...["01", "1.", ".5", "+1", "1e", "-", "0x1", "NaN", "Infinity", "True", "nul", "1_0", "1.0e+", "--1", "1e5.5"].map(
		(number) => `{"a":${number}}`,
	),
	...["\\x", "\\u12", "\\u12G4", "\\", "\t", "\n", "\r", "\x1f", "\x7f", "\\'", "\xff", "\xc0\xaf", "\xed\xa0\x80"].map(
		(inside) => `{"a":"x${inside}y","env":{"A":"${inside === "\\" ? "" : inside}"}}`,
	),
	...["\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\ud83d\\u0041", "\\ud83dx", "\\u00e9", "\\/"].map(
		(inside) => `{"env":{"A":"${inside}","${inside}":1}}`,
	),
	'{"env":{"A":"1"}',
	'{"env":{"A":"1',
	'{"env":{"A"',
	'{"env"',
	"{",
	'{"env":{"A":"1",}}',
	'{"env":{"A":"1"},}',
	'{,"env":1}',
	'{"a":[1,]}',
	'{"a":[,1]}',
	'{"a" "b"}',
	"{a:1}",
	"{'a':1}",
	'{"a":1 "b":2}',
	'{"a":1]',
	'{\r\n\t"env": {\r\n\t\t"A": "1"\r\n\t}\r\n}',
	'{\r"env": {\r"B": 1\r}\r}',
	'{"":{"":1},"env":{"":2}}',
	'{"a/b":1,"m~n":{"c":1},"env":{"a~1b":3}}',
	'// c\n{"env":{}}',
	'/* c */{"env":{/* in */}}// end',
	'{"env":{// "A": 1\n}}',
	'{"a":1 /* never ends',
	'{"a":1 / 2}',
	'{"a":1 // x\r "b":2}',
	'{"env":{"A":"1" // why\n, "B":2 /* b */ }} // end',
	'{"a":/**/1/***/,/* * / */"b"/*//*/:2}',
	'# c\n{"env":{}}',
];

const keys = (count: number) => Array.from({ length: count }, (_, n) => `k${n}`).join(".");

const toml: readonly string[] = [
	...both,
	"\xef\xbb\xbf[otel]\r\nA = 1\r\n",
	'[otel]\nA = "1"\nA = "2"\n',
	'[otel]\nA = "1"\n[otel]\nB = 1\n',
	"[otel]\n[[otel]]\n",
	"[[otel]]\n[otel]\n",
	"[[otel]]\nA = 1\n[[otel]]\nA = 2\n",
	"[[x]]\n[x.y]\na = 1\n[[x]]\n[x.y]\na = 1\n[[x.z]]\nb = 1\n",
	"otel.A = 1\notel.B = 2\n",
	"otel.A = 1\n[otel]\nB = 1\n",
	"otel.exporter.x = 1\n[otel.exporter]\n",
	"[otel.exporter]\nx = 1\n[otel]\nA = 1\n",
	"[otel.exporter]\n[otel.exporter.x]\n",
	"[otel]\nexporter.x = 1\n[otel.exporter]\n",
	"otel = { A = 1 }\n[otel.b]\n",
	"otel = { A = 1, A = 2 }\n",
	"otel = { A.b = 1, A = 2 }\n",
	"otel = { A = 1, }\n",
	"otel = {\n A = 1 }\n",
	"otel = {}\n",
	"otel = { }\n",
	"otel = 1\n",
	"otel = []\n",
	"otel = [{ A = 1 }, { A = 1 }]\n",
	"otel.A.B = 1\n",
	"A = 1 B = 2\n",
	"A = \n",
	"A\n",
	"= 1\n",
	"[]\n",
	"[otel\nA = 1\n",
	"[otel]]\n",
	"[[otel]\n",
	"[ otel . exporter ]\nA=1",
	"[ 'otel' . \"exporter\" ]\nA=1",
	"[otel.]\n",
	"[.otel]\n",
	"[otel] x\n",
	"[otel] # c\rx\n",
	"[otel]\rA = 1\r",
	"[otel]\nA = 1\r",
	"A = 1 # \x01\n",
	"A = 1 # \xc3\xa9\n",
	"# only a comment",
	"\t[otel]\t\n\t\tA\t=\t1\t\n",
	'"A" = 1\n\'B\' = 2\n"" = 3\n"a.b" = 4\n',
	'"""A""" = 1\n',
	'"\\u0041" = 1\nA = 2\n',
	"\xc3\xa9 = 1\n",
	`${keys(199)} = 1\n`,
	`${keys(200)} = 1\n`,
	`${keys(201)} = 1\n`,
	`[${keys(201)}]\n`,
	`A = ${"[".repeat(199)}${"]".repeat(199)}\n`,
	`A = ${"[".repeat(201)}${"]".repeat(201)}\n`,
	`A = ${"{a=".repeat(201)}1${"}".repeat(201)}\n`,
	`A = ${"1".repeat(40_000)}\n`,
	`A = "${"x".repeat(40_000)}"\n[otel]\nA = '${"y".repeat(40_000)}'\n`,
	`${"k".repeat(32_768)} = 1\n`,
	`${"k".repeat(32_769)} = 1\n`,
	...(
		"0 +0 -0 00 01 +1 1_0 1__0 _1 1_ 0x1F 0x 0X1 0o17 0o8 0b1 0b2 -0x1 1. .1 1.0 1e5 1e+5 1E-5 1e 1.e5 1.5e1_0 inf +inf -nan Inf true True tru " +
		"1979-05-27 1979-5-27 1979-13-01 1979-00-01 1979-05-32 1979-02-31 07:32:00 7:32 07:32 24:00:00 07:32:60 07:32:61 07:32:00.1 07:32:00. " +
		"1979-05-27T07:32:00Z 1979-05-27t07:32:00z 1979-05-27T07:32 1979-05-27T07:32:00+25:00 1979-05-27T07:32:00-07:00"
	)
		.split(" ")
		.map((value) => `A = ${value}\n[otel]\nA = ${value} # c\n`),
	"A = 1979-05-27 07:32:00\nB = 1979-05-27 # c\nC = 1979-05-27 \n",
	"A = 1979-05-27t07:32:00 \nB = 1979-05-27 7\n",
	...['\\"', "\\x41", "\\u00e9", "\\U0001F600", "\\U00110000", "\\ud800", "\\e", "\\", "\t", "\x7f", "\xff"].map(
		(inside) => `A = "x${inside}"\n[otel]\nA = """${inside}"""\n`,
	),
	'A = """\nx"""\nB = """\r\ny\\\r\n   z"""\nC = """a""b"""\nD = """a"""""\nE = """a""""""\n',
	"A = '''\nx'''\nB = '''a''b'''\nC = '''a'''''\nD = 'a\\b'\n",
	'A = """a',
	"A = '''a",
	'A = "a\nb"\n',
	"A = 'a\nb'\n",
	'A = """a\\ \n  b"""\nB = """a\\b"""\nC = """a\\ b"""\n',
	"A = [\n 1, # one\n 2\n , 3,\n]\n",
	"A = [1 2]\n",
	"A = [,]\n",
	"A = [1,,2]\n",
	"A = [1\n",
	"A = { b = 1\n}\n",
	"A = { b = [\n1,\n] }\n",
	"A = { b = 1, b.c = 2 }\n",
	"A = 1\n\n[otel]\n\n\n[other]\nB = 1\n",
	"A = 1\n[other]\nB = 1",
	"[other]\r\nB = 1\r\n\r\n[otel]\r\n# mine\r\nA = 'x' # why\r\n",
];

const plans: Readonly<Record<"json" | "toml", readonly (readonly string[])[]>> = {
	json: [
		['set\t/env/A\tstring\tv\xc3\xa9"\\'],
		["set\t/env/X\tint\t5", "set\t/new/y/z\tbool\ttrue", "drop\t/env/B"],
		["drop\t/env", "set\t/a\tstring\tx"],
		["keep\t/env", "set\t/env\tstring\tx", "join\t/a", "set\t/a\tstring\tours"],
		["set\t/\tstring\tx", "drop\t/a~1b", "set\t/m~0n/c\tint\t-7"],
	],
	toml: [
		['set\t/otel/A\tstring\tv\xc3\xa9"\\'],
		["set\t/otel/X\tint\t5", "set\t/new/y/z\tbool\ttrue", "drop\t/otel/exporter"],
		["drop\t/otel", "set\t/A\tstring\tx"],
		["keep\t/otel", "set\t/otel\tstring\tx", "join\t/A", "set\t/A\tstring\tours"],
		["set\t/k0/k1/new\tstring\tx", "set\t/a b/\tstring\tx", "drop\t/B"],
	],
};

/** Plans that are not understood, or only just are. */
const strange: readonly (readonly string[])[] = [
	[],
	[""],
	["set"],
	["set\t/env"],
	["set\tenv/A\tstring\tx"],
	["set\t/env/A\tstring"],
	["set\t/env/A\tstring\t"],
	["set\t/env/A\tstring\tx\ty"],
	["set\t/env/A\tstring\tx\r"],
	["set\t/env/~2\tstring\tx"],
	["set\t/env/~\tstring\tx"],
	["set\t/env/A\tbool\tTrue"],
	["set\t/env/A\tint\t01"],
	["set\t/env/A\tint\t1234567890123456789"],
	["set\t/env/A\tfloat\t1.5"],
	["set\t/env/A\tstring\tx", "set\t/env/A\tstring\ty"],
	["set\t/env\tstring\tx", "set\t/env/A\tstring\ty"],
	["SET\t/env/A\tstring\tx"],
	["drop\t/env", "drop\t/env", "drop\t"],
	["drop\t/env/A", "set\t/env/A\tstring\tx"],
	["keep\t/env\tx", "join\t/nothing"],
	["get\t/env/A", "get\t/env", "get\t"],
	["crossfade-undo\t1\tjson", "was\t/env/A\t0\tx\ty\tz"],
	["put\t/env/A", "box\t/env", "cut\t/env\t0\t^\t0\t\\q"],
];

const modes = ["get", "same", "set", "undo"] as const;

function cases(format: SettingsFormat, texts: readonly string[], nth: number): EditorCase[] {
	const own = plans[format === "toml" ? "toml" : "json"];
	const pointers = own.flatMap((plan) => plan.map((line) => `get\t${line.split("\t")[1]}`));
	return aThird(texts, undefined, nth).flatMap((text) => [
		// What is long takes its time, and says the same under every plan.
		...own
			.slice(0, text.length > 5_000 ? 1 : own.length)
			.map((plan): EditorCase => ({ format, mode: "set", text, plan })),
		{ format, mode: "get", text, plan: pointers },
		{ format, mode: "same", text, plan: own[0] ?? [] },
	]);
}

/** Every file (a third of them in an ordinary run) with every plan of its format, and every strange plan in every mode. */
export const wholeFiles: readonly EditorCase[] = [
	...cases("json", json, 0),
	...cases("jsonc", json, 1),
	...cases("toml", toml, 2),
	...strange.flatMap((plan) =>
		modes.flatMap((mode): EditorCase[] => [
			{ format: "json", mode, text: '{"env": {"A": "1"}}\n', plan: plan.map(toBytes) },
			{ format: "toml", mode, text: 'env = { A = "1" }\n', plan: plan.map(toBytes) },
		]),
	),
];
