import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

/**
 * Where a source file is tested. It needs no row when its test has its name, or that of a folder that it is in: `src/token/secret.ts` has
 * `test/token/secret.test.ts`, `src/adapters/vehicles/jamf/kit.ts` has `test/adapters/vehicles/jamf.test.ts`. All others stand here: a file, or
 * a folder with all that is left in it, the test that fails when it breaks, and why it has none of its own.
 */
const TESTED_BY: readonly (readonly [source: string, test: string, why: string])[] = [
	["index.ts", "real/package.test.ts", "imported from the packed package, as a user does"],
	["start.ts", "cli.test.ts", "every start of the command line is one of it"],
	["api/", "api/examples.test.ts", "the example of each function is run against the built package"],
	["base/", "commands/collector.test.ts", "small words and errors, seen in what commands print"],
	[
		"commands/",
		"cli.test.ts",
		"each verb is held to the rules for all of them; the large ones have a test of their own",
	],
	["effects/files/", "commands/collector.test.ts", "what a command leaves on disk, whole or not at all"],
	["effects/net/exchanges.ts", "effects/net/forwarder.test.ts", "parts of the one forwarder, seen only through it"],
	["effects/net/forwarding.ts", "effects/net/forwarder.test.ts", "parts of the one forwarder, seen only through it"],
	[
		"effects/net/forwarded-connection.ts",
		"effects/net/forwarder.test.ts",
		"parts of the one forwarder, seen only through it",
	],
	["effects/net/unpack.ts", "effects/net/forwarder.test.ts", "parts of the one forwarder, seen only through it"],
	["effects/net/upstream.ts", "effects/net/forwarder.test.ts", "parts of the one forwarder, seen only through it"],
	["effects/net/http-server.ts", "prove/web/server.test.ts", "serves the page"],
	[
		"effects/net/tls-look.ts",
		"commands/probe.test.ts",
		"asked only by a probe; test/real/probe-tls.test.ts has real servers",
	],
	["effects/net/otlp-status.ts", "commands/tap.test.ts", "the answer of a tap that reaches nobody"],
	[
		"effects/net/",
		"effects/net/http-client.test.ts",
		"parts of the one HTTP client and server, seen only through them",
	],
	["effects/process/", "effects/process/programs.test.ts", "what programs are started with, and how they end"],
	["effects/", "cli.test.ts", "put together and written out by the running command line"],
	["generate/check/binary.ts", "commands/check.test.ts", "what the command makes of the rules"],
	["generate/check/literals.ts", "commands/check.test.ts", "what the command makes of the rules"],
	["generate/check/report.ts", "commands/check.test.ts", "what the command makes of the rules"],
	["generate/check/", "generate/check/rules.test.ts", "one table of rules, with a case for each"],
	["generate/kit/token-fit.ts", "commands/mdm.test.ts", "a token that the MDM would cut or change"],
	["generate/kit/", "adapters/vehicles.test.ts", "the contract of all vehicles reads every kit"],
	["generate/plan/", "generate/render/golden.test.ts", "a plan is seen in what is rendered from it"],
	["generate/render/diff.ts", "commands/collector.test.ts", "--diff"],
	["generate/render/endpoint.ts", "endpoint/endpoint.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-about.ts", "endpoint/endpoint.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-ps1.ts", "endpoint/powershell.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-ps1-tables.ts", "endpoint/powershell.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-ps1-parts.ts", "endpoint/powershell.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-ps1-rivals.ts", "endpoint/powershell-rivals.test.ts", "the script is run, not only read"],
	["generate/render/editor-ps1.ts", "endpoint/powershell.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-header.ts", "endpoint/endpoint.test.ts", "the script is run, not only read"],
	["generate/render/endpoint-rivals.ts", "endpoint/report-model.test.ts", "what the report makes of other files"],
	["generate/render/endpoint-parts.ts", "endpoint/parts.test.ts", "which part is in which file"],
	["generate/render/editor.ts", "endpoint/edit-cases.test.ts", "the editor is run, not only read"],
	["generate/render/fleet-file.ts", "commands/init.test.ts", "the one file that init writes"],
	["generate/render/next-start.ts", "generate/cases.test.ts", "what is said after a splice"],
	["generate/render/", "generate/render/golden.test.ts", "every output, byte for byte"],
	["generate/splice/alloy-values.ts", "generate/splice/passage.test.ts", "settings of processors, in both languages"],
	["generate/splice/alloy-embedded.ts", "commands/collector.test.ts", "Alloy inside YAML"],
	["generate/splice/alloy-syntax.ts", "generate/splice/alloy.test.ts", "the reader of the edit"],
	["generate/splice/image.ts", "generate/cases.test.ts", "the release by an image's tag"],
	["generate/splice/shape.ts", "generate/cases.test.ts", "what is said for each kind of file"],
	["generate/splice/encoding.ts", "commands/collector.test.ts", "bytes that are no text, as a user gives them"],
	["generate/splice/", "generate/splice/properties.test.ts", "steps of one edit, whose properties hold for any config"],
	["prove/doctor/", "prove/doctor/doctor.test.ts", "steps of one diagnosis"],
	["prove/evidence/columns.ts", "commands/strange-exports.test.ts", "what is made of a list of machines"],
	["prove/watch/namesakes.ts", "commands/strange-exports.test.ts", "names of a list that are one machine's"],
	["prove/evidence/report-cells.ts", "prove/evidence/inventory.test.ts", "one machine's cells, as a list has them"],
	["prove/evidence/", "prove/evidence/store.test.ts", "what the store reads and writes"],
	["prove/judge/", "prove/judge/judge.test.ts", "steps of one verdict"],
	["prove/metrics/", "prove/watch/gateways.test.ts", "pages of metrics, read as watch reads them"],
	["prove/otlp/grpc.ts", "prove/probe/grpc.test.ts", "the frames of a probe over gRPC"],
	["prove/otlp/fields.ts", "commands/probe.test.ts", "which numbers stand for which fields, in what a probe sends"],
	["prove/otlp/", "prove/otlp/scan.test.ts", "parts of one scanner, held against OpenTelemetry's own"],
	["prove/overlap/build.ts", "commands/report.test.ts", "from evidence to the verdict and its exit code"],
	[
		"prove/overlap/unknown-statements.ts",
		"commands/attest.test.ts",
		"a statement about what nobody knows, by the command",
	],
	["prove/overlap/observed.ts", "commands/report.test.ts", "from evidence to the verdict and its exit code"],
	["prove/overlap/things.ts", "commands/attest.test.ts", "the names that a statement can be about"],
	["prove/overlap/outcome.ts", "commands/report.test.ts", "from evidence to the verdict and its exit code"],
	["prove/overlap/", "prove/report/overlap-text.test.ts", "the words of a report, read in the report"],
	["prove/probe/verdict.ts", "commands/probe.test.ts", "the exit code of the command"],
	["prove/probe/", "prove/probe/answers.test.ts", "steps of one probe, seen in what it makes of answers"],
	["prove/report/", "prove/report/overlap-text.test.ts", "the columns of a report, read in the report"],
	["prove/tap/", "commands/tap.test.ts", "the tap's own page, as the running tap serves it"],
	["prove/watch/", "prove/watch/prometheus.test.ts", "one look at every source"],
	["prove/web/access.ts", "prove/web/server.test.ts", "who may see the page"],
	["prove/web/", "prove/web/page.test.ts", "parts of one page"],
	["rotate/", "commands/rotate.test.ts", "steps of one rotation, seen in what the command does and leaves"],
	["rehearse/demo/", "commands/demo.test.ts", "one story, told by the command"],
	["rehearse/sandbox/", "rehearse/sandbox/sandbox.test.ts", "one server, asked over HTTP"],
	["spec/", "cli.test.ts", "what commands take; the tests of the commands have their bad input"],
	["token/reference.ts", "commands/probe.test.ts", "where a token is read from, as flags say it"],
	["token/", "token/secret.test.ts", "what a secret is made of"],
];

const root = new URL("..", import.meta.url).pathname;
const below = (folder: string, end: string) =>
	readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(end) && !name.endsWith(".d.ts"))
		.sort();
const sources = below("src", ".ts");
const tests = new Set(below("test", ".test.ts"));

/** The tests that have the name of a source file or of a folder that it is in. */
function namesakes(source: string): string[] {
	const parts = source.replace(/\.ts$/, "").split("/");
	return parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}.test.ts`).filter((name) => tests.has(name));
}

const rowFor = (source: string) =>
	TESTED_BY.filter(([place]) => (place.endsWith("/") ? source.startsWith(place) : source === place)).sort(
		([a], [b]) => b.length - a.length,
	)[0];

const others = sources.filter((source) => namesakes(source).length === 0);

test("every source file has a test of its name, or a row that says which test it has instead", () => {
	expect(others.filter((source) => rowFor(source) === undefined)).toEqual([]);
});

test("no row is left over: each stands for files that are there, and its test is there", () => {
	const used = new Set(others.map(rowFor));
	expect(TESTED_BY.filter((row) => !used.has(row)).map(([place]) => place)).toEqual([]);
	expect(TESTED_BY.filter(([, name]) => !tests.has(name)).map(([, name]) => name)).toEqual([]);
});

test("the test that a row names runs the file: its imports lead there", () => {
	const strays = others.flatMap((source) => {
		const name = rowFor(source)?.[1] ?? "";
		return reached(`test/${name}`).has(`src/${source}`) ? [] : [`${source} is out of reach of ${name}`];
	});
	expect(strays).toEqual([]);
});

/** What is run in a process of its own, or bundled, instead of being imported. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
	"test/api/examples.test.ts": ["src/index.ts"],
	"test/harness/cli.ts": ["src/start.ts", "src/cli.ts"],
	"test/harness/command.ts": ["src/cli.ts"],
	"test/real/package.test.ts": ["src/index.ts"],
};

const known = new Map<string, ReadonlySet<string>>();

/** Every file that a file imports, and those that they import, as paths below the root. */
function reached(from: string): ReadonlySet<string> {
	const before = known.get(from);
	if (before) return before;
	const found = new Set([from]);
	for (const path of found) {
		for (const next of importsOf(path)) found.add(next);
	}
	known.set(from, found);
	return found;
}

const direct = new Map<string, readonly string[]>();

function importsOf(path: string): readonly string[] {
	const before = direct.get(path);
	if (before) return before;
	const full = join(root, path);
	const text = path.endsWith(".ts") && existsSync(full) ? readFileSync(full, "utf8") : "";
	const named = [...text.matchAll(/(?:from|import\(?)\s*"(\.[^"]+\.ts)"/g)].map(([, name = ""]) =>
		relative(root, join(root, dirname(path), name)),
	);
	const all = [...named, ...(RUNS[path] ?? [])];
	direct.set(path, all);
	return all;
}
