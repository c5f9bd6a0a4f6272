import { basename, dirname, resolve } from "node:path";
import { defaultProvider } from "../adapters/providers/registry.ts";
import { durationMs } from "../base/duration.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import { hanging, wrap } from "../base/width.ts";
import { inWords } from "../base/words.ts";
import type { Effects } from "../effects/effects.ts";
import type { Terminal } from "../effects/terminal/output.ts";
import type { OverlapView } from "../prove/overlap/view.ts";
import { reportText } from "../prove/report/overlap-text.ts";
import { startWatchPage } from "../prove/web/server.ts";
import { type NarrationStep, narration } from "../rehearse/demo/narration.ts";
import { type Rehearsal, type RehearsalOptions, type SentOn, startRehearsal } from "../rehearse/demo/rehearsal.ts";
import { minutes, titles, titlesInUrl } from "../rehearse/demo/simulated-fleet.ts";
import { readFlags } from "../spec/flags.ts";
import type { Command, Invocation } from "./command.ts";

const PROGRAMS = ["otelcol-contrib", "otelcol"];
/** The value for no collector. */
const TAP = "tap";

export const demoCommand: Command = {
	name: "demo",
	description: `Runs a whole rotation on this machine in about a minute, offline: a provider that behaves like ${defaultProvider.title}, a gateway that counts who
sends with which token (a real OpenTelemetry Collector if found, otherwise crossfade tap), a small fleet with ${inWords(titles)}, 24 hours of overlap in fast-forward, stragglers, the live page, and the report. It leaves nothing behind.`,
	options: [
		{
			flags: "--collector <path>",
			description: `the gateway: a contrib collector binary (default: ${PROGRAMS.join(" or ")} on PATH), or ${TAP} for crossfade tap`,
			files: true,
		},
		{ flags: "--fast", description: "do not wait between steps" },
		{ flags: "--pace <time>", description: "real time per 15 simulated minutes (default: 400ms)" },
		{ flags: "-o, --out <file>", description: "save the final report as an HTML page", files: true },
		{ flags: "--force", description: "overwrite an existing file" },
	],
	examples: [
		["crossfade demo", "the whole rotation"],
		["crossfade demo --collector ./otelcol-contrib", "with this collector as the gateway"],
		["crossfade demo --fast --out rotation.html", "without waiting, and save the report"],
	],
	run,
};

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const reader = readFlags(options);
	const pace = durationMs(reader.text("pace") ?? "400ms");
	if (pace === undefined) {
		throw new CrossfadeError("usage", {
			what: "the pace is not a duration",
			expected: "such as 400ms",
			got: shown(reader.text("pace") ?? ""),
			where: { file: "--pace" },
			fix: "write it like 400ms, or use --fast",
		});
	}
	const collector = collectorOf(fx, reader.text("collector"));
	const out = reader.text("out");
	if (out !== undefined && !reader.isSet("force")) await fx.files.assertFree([out]);
	// From here on, clean up before exiting.
	if (await fx.stopped(0)) return "interrupted";
	const wait = reader.isSet("fast") ? 0 : pace;
	return fx.files.withTemporary("demo", Buffer.from(""), (path) =>
		runDemo(fx, { folder: dirname(path), collector }, wait, options),
	);
}

function collectorOf({ programs }: Effects, wanted: string | undefined): string | undefined {
	if (wanted === TAP) return undefined;
	if (wanted === undefined) return PROGRAMS.map((name) => programs.find(name)).find((path) => path !== undefined);
	const found = programs.find(wanted);
	if (found !== undefined) return resolve(found);
	throw new CrossfadeError("usage", {
		what: "program not found",
		expected: `a program of OpenTelemetry Collector Contrib, or ${TAP}`,
		got: shownName(wanted),
		where: { file: "--collector" },
		fix: `omit it to use ${PROGRAMS.join(" or ")} from PATH, or crossfade tap if neither is found`,
	});
}

/** Where the demo prints, and its pace. */
interface DemoRun {
	readonly fx: Effects;
	readonly rehearsal: Rehearsal;
	/** Real time per simulated minute, in milliseconds. */
	readonly wait: number;
}

async function runDemo(
	fx: Effects,
	setting: RehearsalOptions,
	wait: number,
	options: Invocation["options"],
): Promise<ExitName> {
	const rehearsal = await startRehearsal(fx, setting);
	const page = livePage(fx);
	try {
		if (await fx.stopped(0)) return "interrupted";
		const width = fx.terminal.width() ?? Number.POSITIVE_INFINITY;
		const about = gatewayLines(rehearsal, setting).flatMap((line) => wrap(line, width, "whole"));
		fx.terminal.print(`${about.join("\n")}\n`);
		const requests = await playNarration({ fx, rehearsal, wait }, page.update);
		if (requests === undefined) return "interrupted";
		const view = await printEnd(fx, rehearsal, requests);
		await keep(fx, options, view);
		return "ok";
	} finally {
		await page.close();
		await rehearsal.close();
	}
}

/** Runs the whole rotation; returns the number of requests sent, or undefined if stopped. */
async function playNarration(
	{ fx, rehearsal, wait }: DemoRun,
	onView: (view: OverlapView) => Promise<void>,
): Promise<number | undefined> {
	const { terminal } = fx;
	let next = 0;
	let requests = 0;
	let hasSwitched = false;
	for (const minute of minutes) {
		const step = narration.slice(next).find(({ at }) => at <= minute);
		if (step) next++;
		if (step) terminal.print(`\n${heading(step, textWidth(terminal))}\n`);
		requests += await rehearsal.advanceTo(minute);
		if (step?.does) terminal.print(stepLines(await rehearsal.rotation(step.does), textWidth(terminal)));
		await onView(await rehearsal.look());
		if (step) terminal.print(await shownWith(step, fx, rehearsal));
		const sentOn: SentOn | undefined = hasSwitched ? undefined : await rehearsal.sentOn();
		if (sentOn) terminal.print(switched(minute, sentOn));
		hasSwitched ||= sentOn !== undefined;
		if (await fx.stopped(wait)) return undefined;
	}
	return requests;
}

async function printEnd({ terminal }: Effects, rehearsal: Rehearsal, requests: number): Promise<OverlapView> {
	const view = await rehearsal.look();
	const { safeToRetire, reason } = view.judgement.fleet;
	terminal.print(`\nTHE END: ${requests} requests, safe to retire: ${safeToRetire} (${reason})\n`);
	const sentOn = await rehearsal.sentOn();
	if (sentOn) terminal.print(`All ${sentOn.old + sentOn.new} records that were sent reached the provider.\n`);
	return view;
}

/** The live page, available from the first view on. */
function livePage(fx: Effects) {
	let page: Awaited<ReturnType<typeof startWatchPage>> | undefined;
	return {
		async update(view: OverlapView) {
			if (page) {
				page.update(view);
				return;
			}
			page = await startWatchPage(fx, { host: "127.0.0.1", port: 0, view });
			fx.terminal.print(`live: ${page.url}\n`);
		},
		close: () => page?.close().catch(() => undefined),
	};
}

/** What a step shows: the probes' results, or the report so far. */
async function shownWith({ show }: NarrationStep, { terminal }: Effects, rehearsal: Rehearsal): Promise<string> {
	const width = textWidth(terminal) - INDENT.length;
	if (show === "probe") return indent(await rehearsal.probe({ color: terminal.color, width }));
	const text = { width, color: terminal.color, senders: 6 };
	return show === "watch" ? indent(reportText(await rehearsal.look(), text).join("\n")) : "";
}

/** Which gateway is used, why, and how to use the other one. */
function gatewayLines({ gateway, failure }: Rehearsal, { collector }: RehearsalOptions): string[] {
	const { title, other, tokenFile } = gateway;
	return [
		...(failure === undefined ? [] : [`${shownName(collector ?? "")} does not start: ${failure}`]),
		`the gateway is ${title}; ${other}`,
		...(tokenFile !== undefined
			? [
					"it runs the config of crossfade collector -d contrib --attribute, and forwards with its own token",
					`a token in the URL path does not pass a collector: ${inWords(titlesInUrl)} sends its in a header (OTEL_EXPORTER_OTLP_HEADERS)`,
				]
			: []),
	];
}

function switched(minute: number, { old, new: since }: SentOn): string {
	return `
${clock(minute)}  THE GATEWAY: its own token file was also replaced, and it switched without a restart:
    ${old} records reached the provider with the old token, ${since} with the new one since then, and none is missing
`;
}

async function keep(fx: Effects, options: Invocation["options"], view: OverlapView): Promise<void> {
	const out = readFlags(options).text("out");
	if (out === undefined) return;
	const [{ reportDocument }, { pageData }] = [
		await import("../prove/web/document.ts"),
		await import("../prove/web/state.ts"),
	];
	const artefact = { path: basename(out), content: reportDocument(pageData(view)) };
	const [path = out] = await fx.files.writeAll(dirname(out), [artefact], { force: options["force"] === true });
	fx.terminal.print(`report: ${path}\n`);
}

/** `-1:00`, `19:15`: hours and minutes since the rotation. */
function clock(minute: number): string {
	const [hours, rest] = [Math.trunc(Math.abs(minute) / 60), Math.abs(minute) % 60];
	return `${minute < 0 ? "-" : "+"}${hours}:${String(rest).padStart(2, "0")}`;
}

const INDENT = "    ";

function indent(text: string): string {
	return text
		.trimEnd()
		.split("\n")
		.map((line) => `${line === "" ? "" : `${INDENT}${line}`}\n`)
		.join("");
}

/** What the rotation did: how each step ended, and beside it what it was. */
function stepLines(lines: readonly string[], width: number): string {
	const wrapped = lines.flatMap((line) => hanging(line.slice(0, MARK), line.slice(MARK), width - INDENT.length));
	return indent(wrapped.join("\n"));
}

/** Columns of the word that says how a step ended. */
const MARK = "done     ".length;

/** Columns for text that people read: those of the terminal, but no more than a line is easy to read at. */
function textWidth(terminal: Terminal): number {
	return Math.min(terminal.width() ?? 80, 100);
}

/** The clock and the name of a step, and beside them what happens in it. */
function heading({ at, title, text }: NarrationStep, width: number): string {
	const label = `${clock(at)}  `;
	const lines = wrap(`${title.toUpperCase()}: ${text}`, width - label.length, "whole");
	return `${label}${lines.join(`\n${" ".repeat(label.length)}`)}`;
}
