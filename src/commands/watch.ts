import { durationMs } from "../base/duration.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import { outcomeOf } from "../prove/overlap/outcome.ts";
import type { OverlapView } from "../prove/overlap/view.ts";
import { reportLine, reportText } from "../prove/report/overlap-text.ts";
import { type Observer, observe } from "../prove/watch/observe.ts";
import { type FlagReader, type Flags, readFlags } from "../spec/flags.ts";
import type { Command, Invocation } from "./command.ts";
import { fleetOptions, loadFleet } from "./fleet-options.ts";
import { followRotation, rotationOption, withOperation } from "./rotation-option.ts";

export const watchCommand: Command = {
	name: "watch",
	description: `Follows an overlap, the time when both tokens work: how long it lasts, who still sends with the old token, and whether it
is safe to retire that token. Reads what crossfade tap and probe wrote to the evidence folder, and the counters of
collectors or a Prometheus server.`,
	options: [
		...fleetOptions,
		rotationOption,
		{ flags: "--every <time>", description: "refresh interval (default: 5s)" },
		{ flags: "--once", description: "show once and exit" },
		{
			flags: "--until-safe",
			description: "exit as soon as the old token can be retired; exit 124 if the deadline comes first",
		},
		{ flags: "--explain", description: "on the terminal: show all evidence for the answer" },
		{ flags: "--web", description: "show it in a browser on this machine" },
		{ flags: "--port <n>", description: "port of that page (default: any free port)" },
		{ flags: "--require-migrated", description: "at the end, exit 5 or 9 unless the old token can be retired" },
	],
	examples: [
		["crossfade watch --web", "live, in a browser"],
		["crossfade watch", "live, for the fleet in crossfade.yaml"],
		[
			"crossfade watch --token old=fp:0123456789ab --token new=file:new.token --gateway eu=http://gw:8888/metrics",
			"without a fleet file",
		],
		[
			"crossfade watch --web --rotation prod",
			"with the phase, the stores and the next step of a rotation of crossfade rotate",
		],
		["crossfade watch --until-safe --quiet && ./retire.sh", "wait for it in a script"],
	],
	run,
};

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const reader = readFlags(options);
	const { everyMs, port, untilSafe, once, requireMigrated } = parseFlags(reader);
	const observer = await observeFollowing(fx, options);
	let show: Display | undefined;
	try {
		for (;;) {
			const view = await observer.look();
			show ??= reader.isSet("web")
				? await inBrowser(fx, port, { view, holdsMs: everyMs + LOOK_MS })
				: onTerminal(fx, { once, explain: reader.isSet("explain") });
			show.update(view);
			const { safeToRetire } = view.judgement.fleet;
			if (untilSafe && safeToRetire === "yes") return "ok";
			if (untilSafe && safeToRetire === "over") return outcomeOf(view, { requireMigrated: true });
			const alarm = outcomeOf(view, { requireMigrated: false });
			if (untilSafe && alarm !== "ok") return alarm;
			const { deadline, now } = view.rotation;
			if (untilSafe && deadline !== undefined && now >= deadline) throw tooLate();
			if (once || (await fx.stopped(everyMs))) return outcomeOf(view, { requireMigrated });
		}
	} finally {
		await show?.close();
		await observer.close();
	}
}

function tooLate(): CrossfadeError {
	const what = "the deadline passed before it was proven that the old token can be retired";
	const fix = "see what is still open: crossfade report --explain";
	return new CrossfadeError("deadline", { what, fix });
}

/** Observes the fleet; one of a rotation is observed anew when its journal has another token or deadline. */
async function observeFollowing(fx: Effects, options: Flags): Promise<Observer> {
	const follower = await followRotation(fx, options, ["token"]);
	const fleet = await loadFleet(fx, options);
	if (!follower) return observe(fx, fleet);
	let current: { readonly key: string; readonly observer: Observer } | undefined;
	return {
		async look() {
			const followed = await follower.look(fleet);
			const { tokens, deadline } = followed.fleet;
			const key = JSON.stringify([tokens, deadline]);
			if (current?.key !== key) {
				await current?.observer.close();
				current = { key, observer: await observe(fx, followed.fleet) };
			}
			return withOperation(await current.observer.look(), followed);
		},
		close: async () => current?.observer.close(),
	};
}

interface Display {
	update(view: OverlapView): void;
	close(): Promise<void>;
}

/** A look may take this long before the page no longer shows the answer of the one before. */
const LOOK_MS = 45_000;

async function inBrowser(
	fx: Effects,
	port: number,
	shows: { readonly view: OverlapView; readonly holdsMs: number },
): Promise<Display> {
	const { startWatchPage } = await import("../prove/web/server.ts");
	const page = await startWatchPage(fx, { host: "127.0.0.1", port, ...shows });
	fx.terminal.note(`open  ${page.url}`);
	fx.terminal.note("the link works once; stop with Ctrl-C");
	return page;
}

/** Redraws the screen or, without a terminal, prints a line on each change. */
function onTerminal({ terminal }: Effects, { once, explain }: { once: boolean; explain: boolean }): Display {
	const text = (view: OverlapView) => reportText(view, { width: terminal.width(), color: terminal.color, explain });
	if (once) return { update: (view) => terminal.print(`${text(view).join("\n")}\n`), close: async () => {} };
	let before = "";
	if (terminal.width() === undefined) {
		const update = (view: OverlapView) => {
			const { silenceNeededMs: _ticks, ...answer } = view.judgement.fleet;
			const now = JSON.stringify([answer, view.operation?.phase]);
			if (now !== before) terminal.print(`${reportLine(view)}\n`);
			before = now;
		};
		return { update, close: async () => {} };
	}
	terminal.print(CLEAR);
	return {
		update: (view) =>
			terminal.print(
				`${HOME}${onScreen(text(view), terminal.height() ?? 24)
					.map((line) => `${line}${CLEAR_LINE}\n`)
					.join("")}${CLEAR_REST}`,
			),
		close: async () => {},
	};
}

/** As many lines as fit above the cursor's own: the verdict stands first and must not scroll away. */
function onScreen(lines: readonly string[], height: number): readonly string[] {
	if (lines.length < height) return lines;
	const shown = lines.slice(0, Math.max(0, height - 2));
	return [...shown, `… ${lines.length - shown.length} more lines; for all: a taller window, or crossfade report`];
}

/** https://vt100.net/docs/vt510-rm/chapter4.html */
const [CLEAR, HOME, CLEAR_LINE, CLEAR_REST] = ["\x1b[2J", "\x1b[H", "\x1b[K", "\x1b[J"];

function parseFlags(reader: FlagReader) {
	const everyMs = durationMs(reader.text("every") ?? "5s");
	if (everyMs === undefined || everyMs < 100) {
		reader.wrong("--every", {
			what: "not an interval",
			expected: "100ms or more, such as 5s or 1m",
			got: shown(reader.text("every") ?? ""),
			fix: "write it like 5s",
		});
	}
	const port = Number(reader.text("port") ?? 0);
	if (!Number.isInteger(port) || port < 0 || port > 65535) {
		reader.wrong("--port", {
			what: "invalid port",
			expected: "0 to 65535",
			got: shown(reader.text("port") ?? ""),
			fix: "choose a free port, or 0 for any free port",
		});
	}
	if (reader.problems.length > 0 || everyMs === undefined) throw new CrossfadeError("usage", reader.problems);
	return {
		everyMs,
		port,
		once: reader.isSet("once"),
		untilSafe: reader.isSet("untilSafe"),
		requireMigrated: reader.isSet("requireMigrated"),
	};
}
