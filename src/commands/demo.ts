import { basename, dirname, resolve } from "node:path";
import { durationMs } from "../base/duration.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown, shownName } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import { reportText } from "../prove/report/overlap-text.ts";
import { startWatchPage } from "../prove/web/server.ts";
import { type SentOn, type Stage, type StageOptions, setStage } from "../rehearse/demo/stage.ts";
import { type Chapter, chapters, steps } from "../rehearse/demo/story.ts";
import { readFlags } from "../spec/flags.ts";
import type { Command, Invocation } from "./command.ts";

const PROGRAMS = ["otelcol-contrib", "otelcol"];
/** The word for no collector. */
const TAP = "tap";

export const demoCommand: Command = {
	name: "demo",
	description: `Tells a whole rotation on this machine in about a minute, offline: a provider that behaves like Torii, a gateway that counts who
sends with which token (a real OpenTelemetry Collector if there is one, else crossfade tap), a small fleet with Claude Code,
Codex and Gemini CLI, 24 hours of overlap in fast-forward, stragglers, the live page, and the report. Nothing is left behind.`,
	options: [
		{
			flags: "--collector <path>",
			description: `the gateway, a program of the contrib distribution (default: ${PROGRAMS.join(" or ")} on PATH); ${TAP} for crossfade tap`,
			files: true,
		},
		{ flags: "--fast", description: "do not wait between two steps" },
		{ flags: "--pace <time>", description: "how long a quarter of an hour takes (default: 400ms)" },
		{ flags: "-o, --out <file>", description: "keep the final report there, as a page", files: true },
		{ flags: "--force", description: "replace a file that is there" },
	],
	examples: [
		["crossfade demo", "the whole story"],
		["crossfade demo --collector ./otelcol-contrib", "with this collector as the gateway"],
		["crossfade demo --fast --out rotation.html", "without waiting, and keep the report"],
	],
	run,
};

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const reader = readFlags(options);
	const pace = durationMs(reader.text("pace") ?? "400ms");
	if (pace === undefined) {
		throw new CrossfadeError("usage", {
			what: "the pace is not a time",
			expected: "such as 400ms",
			got: shown(reader.text("pace") ?? ""),
			where: { file: "--pace" },
			fix: "write it like 400ms, or use --fast",
		});
	}
	const collector = collectorOf(fx, reader.text("collector"));
	const out = reader.text("out");
	if (out !== undefined && !reader.isSet("force")) await fx.files.assertFree([out]);
	// From here on nobody ends us before everything is tidied up.
	if (await fx.stopped(0)) return "interrupted";
	const wait = reader.isSet("fast") ? 0 : pace;
	return fx.files.withTemporary("story", Buffer.from(""), (path) =>
		tell(fx, { folder: dirname(path), collector }, wait, options),
	);
}

function collectorOf({ programs }: Effects, wanted: string | undefined): string | undefined {
	if (wanted === TAP) return undefined;
	if (wanted === undefined) return PROGRAMS.map((name) => programs.find(name)).find((path) => path !== undefined);
	const found = programs.find(wanted);
	if (found !== undefined) return resolve(found);
	throw new CrossfadeError("usage", {
		what: "there is no such program",
		expected: `a program of OpenTelemetry Collector Contrib, or ${TAP}`,
		got: shownName(wanted),
		where: { file: "--collector" },
		fix: `leave it away for ${PROGRAMS.join(" or ")} on PATH, and without those crossfade tap`,
	});
}

async function tell(
	fx: Effects,
	setting: StageOptions,
	wait: number,
	options: Invocation["options"],
): Promise<ExitName> {
	const { terminal } = fx;
	const stage = await setStage(fx, setting);
	const text = { width: Math.min(terminal.width() ?? 80, 100), color: terminal.color, senders: 6 };
	let next = 0;
	let requests = 0;
	let hasSwitched = false;
	let page: Awaited<ReturnType<typeof startWatchPage>> | undefined;
	try {
		if (await fx.stopped(0)) return "interrupted";
		for (const line of cast(stage, setting)) terminal.print(`${line}\n`);
		for (const minute of steps) {
			const chapter = chapters.slice(next).find(({ at }) => at <= minute);
			if (chapter) next++;
			if (chapter) terminal.print(`\n${clock(chapter.at)}  ${chapter.title.toUpperCase()}: ${chapter.text}\n`);
			requests += await stage.play(minute);
			if (chapter?.does === "rotate") await stage.rotate();
			const view = await stage.look();
			if (page) page.update(view);
			else {
				page = await startWatchPage(fx, { host: "127.0.0.1", port: 0, view });
				terminal.print(`live: ${page.url}\n`);
			}
			if (chapter) terminal.print(await scene(chapter));
			const sentOn: SentOn | undefined = hasSwitched ? undefined : await stage.sentOn();
			if (sentOn) terminal.print(switched(minute, sentOn));
			hasSwitched ||= sentOn !== undefined;
			if (await fx.stopped(wait)) return "interrupted";
		}
		const view = await stage.look();
		const { safeToRetire, reason } = view.judgement.fleet;
		terminal.print(`\nTHE END: ${requests} requests, safe to retire: ${safeToRetire} (${reason})\n`);
		const sentOn = await stage.sentOn();
		if (sentOn) terminal.print(`All ${sentOn.old + sentOn.new} records that were sent came to the provider.\n`);
		await keep(fx, options, view);
		return "ok";
	} finally {
		await page?.close().catch(() => undefined);
		await stage.close();
	}

	async function scene({ show }: Chapter): Promise<string> {
		if (show === "probe") return indent(await stage.probe(terminal.color));
		return show === "watch" ? indent(reportText(await stage.look(), text).join("\n")) : "";
	}
}

/** Who plays the gateway, why, and how to have the other one. */
function cast({ gateway, failure }: Stage, { collector }: StageOptions): string[] {
	const { title, other, hasOwnToken } = gateway;
	return [
		...(failure === undefined ? [] : [`${shownName(collector ?? "")} does not start: ${failure}`]),
		`the gateway is ${title}; ${other}`,
		...(hasOwnToken
			? [
					"it runs with the config of crossfade collector -d contrib --attribute, and sends on with a token of its own",
					"a token in the URL path does not pass a collector: Gemini CLI sends its in a header (OTEL_EXPORTER_OTLP_HEADERS)",
				]
			: []),
	];
}

function switched(minute: number, { old, new: since }: SentOn): string {
	return `
${clock(minute)}  THE GATEWAY: its own token file was replaced too, and it changed over by itself, without a restart:
    ${old} records came to the provider with the old token, ${since} with the new one since, and none is missing
`;
}

async function keep(
	fx: Effects,
	options: Invocation["options"],
	view: Parameters<typeof reportText>[0],
): Promise<void> {
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

function indent(text: string): string {
	return text
		.trimEnd()
		.split("\n")
		.map((line) => `${line === "" ? "" : `    ${line}`}\n`)
		.join("");
}
