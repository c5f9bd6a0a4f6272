import { basename, dirname, join } from "node:path";
import { setStage } from "../demo/stage.ts";
import { type Chapter, chapters, steps } from "../demo/story.ts";
import type { Effects } from "../effects/effects.ts";
import { CrossfadeError, type ExitName } from "../errors.ts";
import { shown } from "../render/quote.ts";
import { reportText } from "../report/overlap-text.ts";
import { durationMs } from "../spec/duration.ts";
import { readFlags } from "../spec/flags.ts";
import { startWatchPage } from "../web/server.ts";
import type { Command, Invocation } from "./command.ts";

export const demoCommand: Command = {
	name: "demo",
	description: `Tells a whole rotation on this machine in about a minute, offline: a provider that behaves like Torii, a tap that counts who sends
with which token, a small fleet with Claude Code, Codex and Gemini CLI, 24 hours of overlap in fast-forward, stragglers,
the live page, and the report. Nothing is left behind.`,
	options: [
		{ flags: "--fast", description: "do not wait between two steps" },
		{ flags: "--pace <time>", description: "how long a quarter of an hour takes (default: 400ms)" },
		{ flags: "-o, --out <file>", description: "keep the final report there, as a page", files: true },
		{ flags: "--force", description: "replace a file that is there" },
	],
	examples: [
		["crossfade demo", "the whole story"],
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
	const wait = reader.isSet("fast") ? 0 : pace;
	return fx.files.withTemporary("story", Buffer.from(""), (path) =>
		tell(fx, join(dirname(path), "evidence"), wait, options),
	);
}

async function tell(fx: Effects, folder: string, wait: number, options: Invocation["options"]): Promise<ExitName> {
	const { terminal } = fx;
	const stage = await setStage(fx, folder);
	const text = { width: Math.min(terminal.width() ?? 80, 100), color: terminal.color, senders: 6 };
	let next = 0;
	let requests = 0;
	let page: Awaited<ReturnType<typeof startWatchPage>> | undefined;
	try {
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
			if (await fx.stopped(wait)) return "interrupted";
		}
		const view = await stage.look();
		const { safeToRetire, reason } = view.judgement.fleet;
		terminal.print(`\nTHE END: ${requests} requests, safe to retire: ${safeToRetire} (${reason})\n`);
		await keep(fx, options, view);
		return "ok";
	} finally {
		await page?.close();
		await stage.close();
	}

	async function scene({ show }: Chapter): Promise<string> {
		if (show === "probe") return indent(await stage.probe(terminal.color));
		return show === "watch" ? indent(reportText(await stage.look(), text).join("\n")) : "";
	}
}

async function keep(
	fx: Effects,
	options: Invocation["options"],
	view: Parameters<typeof reportText>[0],
): Promise<void> {
	const out = readFlags(options).text("out");
	if (out === undefined) return;
	const [{ reportDocument }, { pageData }] = [await import("../web/document.ts"), await import("../web/state.ts")];
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
