import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderRotateScript } from "../../src/generate/render/rotate-script.ts";
import { planFor } from "../contracts/collector.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { needs, program, pwsh } from "../harness/parts.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { amongRotation, restartsAtOnce, windowsScene } from "../harness/rotation-windows.ts";
import { runScript, shells, type TestShell } from "../harness/shells.ts";

/** The two rotation scripts, in sh and in PowerShell, before the same made-up pages of metrics. */

const [dash] = shells as [TestShell];

async function scriptInSh(tokenFile: string): Promise<string> {
	const distribution = await loadDistribution("contrib");
	if (!distribution) throw new Error("contrib is there");
	return renderRotateScript({ ...planFor(distribution, { platform: "systemd", delivery: "reload" }), tokenFile });
}

const OURS = 'exporter="otlp_http/torii"';
const sent = (exporter: string, count: number | string) => `otelcol_exporter_sent_log_records{${exporter}} ${count}`;
const size = (exporter: string, count: number | string) => `otelcol_exporter_queue_size{${exporter}} ${count}`;
const failed = (labels: string, count: number) =>
	`otelcol_exporter_send_failed_log_records_total{${labels}${OURS}} ${count}`;
const named = (id: string) => `exporter="${id}"`;
const waitsFor = (ids: string) =>
	`data waits for other exporters (${ids}): what a queue in memory has, a reload or restart tries once more and drops`;
const FULL = "the queue is full: until there is room, a reload or restart may not end, and take no data";

interface Row {
	readonly what: string;
	readonly before?: readonly string[];
	readonly now: readonly string[];
	/** Sent, dropped for good, dropped as refused, waiting (-1 where the page does not show it). */
	readonly counts: readonly [number, number, number, number];
	readonly says: string;
}

const fresh = canary();
const old = canary();
const third = canary();

const rows: readonly Row[] = [
	{ what: "an empty page", now: [""], counts: [0, 0, 0, -1], says: "" },
	{
		what: "nothing waits",
		now: [sent(OURS, 7), size(OURS, 0), size(named("otlp/b"), 0)],
		counts: [7, 0, 0, 0],
		says: "",
	},
	{
		what: "another exporter has much waiting, although it sends",
		before: [sent(named("otlp/b"), 1)],
		now: [sent(OURS, 1), size(OURS, 0), sent(named("otlp/b"), 2), size(named("otlp/b"), 11)],
		counts: [1, 0, 0, 0],
		says: waitsFor("otlp/b"),
	},
	{
		what: "another has little waiting, and sends",
		before: [sent(named("otlp/b"), 1)],
		now: [size(OURS, 0), sent(named("otlp/b"), 2), size(named("otlp/b"), 10)],
		counts: [0, 0, 0, 0],
		says: "",
	},
	{
		what: "another has little waiting, has sent once, and does not now",
		before: [sent(named("otlp/b"), 5)],
		now: [size(OURS, 0), sent(named("otlp/b"), 5), size(named("otlp/b"), 1)],
		counts: [0, 0, 0, 0],
		says: waitsFor("otlp/b"),
	},
	{
		what: "two others of several signals, names that differ in case alone",
		now: [
			size(`data_type="logs",${named("otlp/B")}`, 6),
			size(`data_type="metrics",${named("otlp/B")}`, 6),
			size(named("otlp/b"), 3),
			size(named("otlp/c"), 0),
		],
		counts: [0, 0, 0, -1],
		says: waitsFor("otlp/B, otlp/b"),
	},
	{
		what: "our queue is full, in another unit, with a time behind the number and the old name of the metric",
		now: [`exporter_queue_size{${OURS}} 9.5e5 1700000000`, `exporter_queue_capacity{${OURS}} 1e6`],
		counts: [0, 0, 0, 950_000],
		says: FULL,
	},
	{
		what: "of a queue for each signal one is full",
		now: [
			size(`data_type="logs",${OURS}`, 100),
			size(`data_type="metrics",${OURS}`, 0),
			`otelcol_exporter_queue_capacity{${OURS}} 100`,
		],
		counts: [0, 0, 0, 100],
		says: FULL,
	},
	{
		what: "our queue has room",
		now: [size(OURS, 899), `otelcol_exporter_queue_capacity{${OURS}} 1000`],
		counts: [0, 0, 0, 899],
		says: "",
	},
	{
		what: "a number that is none",
		now: [size(OURS, "NaN"), size(named("otlp/b"), "x"), sent(OURS, "")],
		counts: [0, 0, 0, 0],
		says: "",
	},
	{
		what: "failures: given up, refused by the token, by the data, and of a release that does not tell",
		now: [
			failed('error_permanent="false",error_type="Unavailable",', 1),
			failed('error_permanent="true",error_type="Unauthenticated",', 2),
			failed('error_permanent="true",error_type="PermissionDenied",', 4),
			failed('error_permanent="true",error_type="InvalidArgument",', 8),
			failed("", 16),
		],
		counts: [0, 30, 22, -1],
		says: "",
	},
	{
		what: "ids that are a token, have one in them, or could be one",
		now: [
			size(named(`otlp_http/${fresh.token}`), 1),
			size(named(`otlp_http/a.${old.token}.b`), 1),
			size(named(third.token), 1),
			size(named(`otlp_http/${third.token.slice(0, 10)}/${third.token.slice(10)}`), 1),
			size(named("otlp_http/a+b\u001b[31m\u00e9"), 1),
			size(named("otlp_http/backend-of-our-company-in-europe"), 1),
		],
		counts: [0, 0, 0, -1],
		says: waitsFor(
			[
				`otlp_http/[${fresh.token.length} characters]`,
				`otlp_http/[${old.token.length + 4} characters]`,
				`[${third.token.length} characters]`,
				`otlp_http/[${third.token.length + 1} characters]`,
				// Two bytes of one letter.
				"otlp_http/a?b??31m??",
				"otlp_http/backend-of-our-company-in-europe",
			].join(", "),
		),
	},
];

/** A token that looks like words is known only by being ours; this one may be in two parts of an id. */
const words = "abcdefghijklmnop/qrstuvwxyzabcdefgh";
const wordRows: readonly Row[] = [
	{
		what: "the old token, in letters alone",
		now: [size(named(`otlp/${words}`), 2), size(named(`${words}/y`), 2), size(named(words), 2)],
		counts: [0, 0, 0, -1],
		says: waitsFor("otlp/[35 characters], [37 characters], [35 characters]"),
	},
];

interface Found {
	readonly counts: readonly number[];
	readonly says: string;
}

const text = (lines: readonly string[] | undefined) => `${(lines ?? []).join("\n")}\n`;

async function inSh(oldToken: string, all: readonly Row[]): Promise<Found[]> {
	const place = scratch({ fresh: fresh.token, old: oldToken });
	all.forEach(({ before, now }, n) => {
		mkdirSync(join(place, `${n}`));
		writeFileSync(join(place, `${n}/before`), text(before ?? now));
		writeFileSync(join(place, `${n}/now`), text(now));
	});
	const content = await scriptInSh("/nowhere/torii.token");
	const end = 'main "$@"\n}\n';
	expect(content.endsWith(end)).toBe(true);
	const look = [
		'token=$(cat "$1/fresh") old=$(cat "$1/old") step=0',
		'while [ -d "$1/$step" ]; do',
		'  pages=$(cat "$1/$step/before") metrics=$(cat "$1/$step/now")',
		"  queued=$(waiting)",
		'  echo "$(count sent) $(count send_failed) $(count refused) ${queued:--1}"',
		"  in_the_way",
		"  echo ==",
		"  step=$((step + 1))",
		"done",
		"}",
	];
	const script = join(place, "among.sh");
	writeFileSync(script, content.slice(0, -end.length) + text(look));
	const run = await runScript(dash, script, [place], { canaries: [fresh, old, third], watched: true });
	expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
	return run.stdout
		.split("==\n")
		.slice(0, -1)
		.map((part) => {
			const [counts = "", says = ""] = part.split("\n");
			return { counts: counts.split(" ").map(Number), says };
		});
}

function inPowerShell(oldToken: string, all: readonly Row[]): Promise<Found[]> {
	return amongRotation<Found[]>(
		[
			"$run.Token = $cases.fresh; $run.Old = $cases.old",
			"ConvertTo-Json -Depth 4 @(foreach ($row in $cases.rows) { $run.Page = $row.now; $queued = Get-Waiting; if ($null -eq $queued) { $queued = -1 }; @{ counts = @((Get-Count 'sent'), (Get-Count 'send_failed'), (Get-Count 'refused'), $queued); says = [string](Get-InTheWay $row.before) } })",
		],
		{
			fresh: fresh.token,
			old: oldToken,
			// A page is read as bytes.
			rows: all.map(({ before, now }) => ({ before: latin(before ?? now), now: latin(now) })),
		},
	);
}

const latin = (lines: readonly string[]) => Buffer.from(text(lines)).toString("latin1");

describe("both rotation scripts, of the same page of metrics", needs(pwsh), () => {
	test.each([
		["tokens", old.token, rows],
		["a token that looks like words", words, wordRows],
	])("count and say the same, and show no token: %s", async (_name, oldToken, all) => {
		const wanted = all.map(({ what, counts, says }) => ({ what, counts, says }));
		const theirs = (found: readonly Found[]) =>
			found.map(({ counts, says }, n) => ({ what: all[n]?.what, counts, says }));
		expect(theirs(await inSh(oldToken, all))).toEqual(wanted);
		expect(theirs(await inPowerShell(oldToken, all))).toEqual(wanted);
	});
});

test(
	"in PowerShell, too, a collector that watches its file and drops its queue with the old token is waited for",
	needs(pwsh),
	async () => {
		const page = `${size(OURS, 25)}\n`;
		const found = await amongRotation<string[]>(
			[
				"$run.Page = $cases.page; $run.Wait = 0; $run.Apply = ''",
				"ConvertTo-Json @(try { Wait-Queue; '' } catch { $_.Exception.Message })",
			],
			{ page },
		);
		expect(found).toEqual([expect.stringMatching(/^11 data still waits in a queue of 25: .*; nothing was changed$/)]);
	},
);

/** What is not the same on both systems: files and fingerprints. */
const alike = (said: string) => said.replace(/fp=[0-9a-f]{12}/g, "fp=").replace(/\S*torii\.token\S*/g, "FILE");

describe("both rotation scripts, run beside the same page", { ...needs(pwsh), ...needs(program("curl")) }, () => {
	/** A page for each look from the first on. */
	async function both(page: (look: number) => string, more: readonly string[]) {
		const serve = async () => {
			let look = 0;
			return (await rawServer((socket) => socket.end(httpText("200 OK", {}, page(look++))))).url;
		};
		const windows = await windowsScene();
		const ps = await windows.run(fresh.token, [...restartsAtOnce(), "--metrics", await serve(), ...more]);
		const tokenFile = join(scratch({ "torii.token": old.token }), "torii.token");
		chmodSync(tokenFile, 0o400);
		const folder = scratch({ "rotate.sh": await scriptInSh(tokenFile) });
		const logs = `echo Everything is ready >>'${folder}/log'; cat '${folder}/log'`;
		const ways = ["--validate", "", "--apply", ":", "--pid", `${process.pid}`, "--logs", logs, "--no-precheck"];
		const sh = await runScript(dash, join(folder, "rotate.sh"), [...ways, "--metrics", await serve(), ...more], {
			stdin: `${fresh.token}\n`,
			canaries: [fresh, old, third],
		});
		const changed = [windows.content(), readFileSync(tokenFile, "utf8")].map((token) => token === fresh.token);
		return {
			ps: { code: ps.code, stdout: alike(ps.stdout), stderr: alike(ps.stderr), isChanged: changed[0] },
			sh: { code: sh.code, stdout: alike(sh.stdout), stderr: alike(sh.stderr), isChanged: changed[1] },
		};
	}

	const grows = (look: number) => `${sent(OURS, 10 * look)}\n${size(OURS, 0)}\n`;
	const other = (look: number) => `${grows(look)}${size(named(`otlp/${third.token}`), 3)}\n`;
	const others = waitsFor(`otlp/[${third.token.length} characters]`);
	/** Failures only after the change: before it the page is looked at once. */
	const fails = (type: string) => (look: number) =>
		`${grows(look)}${failed(`error_permanent="true",error_type="${type}",`, look > 1 ? look : 0)}\n`;
	const givesUp = (look: number) => `${failed('error_permanent="false",error_type="Unavailable",', look)}\n`;
	const onlyAtFirst = (look: number) => (look > 2 ? grows(look) : other(look)) + givesUp(look);
	const still = () => `${sent(OURS, 1)}\n${size(OURS, 0)}\n`;

	test.each<
		[what: string, page: (look: number) => string, more: string[], code: number, isChanged: boolean, says: string]
	>([
		["another exporter's data waits", other, ["--wait", "3"], 11, false, others],
		["the same, accepted", other, ["--despite-queue"], 0, true, others],
		["it waits at first; what is given up later does not count", onlyAtFirst, [], 0, true, `waiting   ${others}`],
		["nothing is exported", still, ["--wait", "2"], 9, true, "nothing was exported in 2 s"],
		[
			"the backend refuses the data",
			fails("InvalidArgument"),
			[],
			11,
			false,
			"none of them because a token was refused",
		],
		["the backend refuses the token", fails("Unauthenticated"), [], 3, false, "exports fail with the new token"],
	])("%s: the same end in the same words", async (_what, page, more, code, isChanged, says) => {
		const { ps, sh } = await both(page, more);
		expect(ps).toEqual(sh);
		expect(sh).toMatchObject({ code, isChanged });
		expect(sh.stdout + sh.stderr).toContain(says);
	});
});
