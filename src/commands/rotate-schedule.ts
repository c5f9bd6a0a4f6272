import { basename } from "node:path";
import { durationMs } from "../base/duration.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { calendar, lastBegun } from "../rotate/calendar.ts";
import { overlapOf, slowestMs } from "../rotate/engine.ts";
import { allRecords } from "../rotate/journal.ts";
import { journalOf, type RotationPlace } from "../rotate/open.ts";
import { type ScheduleAbout, type ScheduleFile, scheduleProblems, schedulers } from "../rotate/schedule.ts";
import { stateOfJournal } from "../rotate/state.ts";
import { timeText } from "../rotate/words.ts";
import type { FlagReader } from "../spec/flags.ts";
import { rotateCommand } from "../spec/rotation-command.ts";

/** Prints what runs the rotation in time, or a calendar of people's steps; changes nothing but what `--out` names. */
export async function schedule(place: RotationPlace, flags: FlagReader, kind: string): Promise<ExitName> {
	const { fx, spec } = place;
	const about = await scheduleAbout(place, flags.text("every"));
	const problems = scheduleProblems(kind, about);
	if (problems.length > 0) throw new CrossfadeError("usage", problems);
	const files = kind === "calendar" ? [await calendarFile(place, about)] : madeBy(kind, about);
	if (kind !== "calendar" && fx.programs.find("crossfade") === undefined && kind !== "kubernetes") {
		fx.terminal.warn({
			what: "crossfade is not on PATH here, so the program's place is a guess",
			got: about.program,
			fix: "install it, or correct the path",
		});
	}
	const folder = flags.text("out");
	if (folder === undefined || folder === "-") {
		const heads = files.length > 1;
		fx.terminal.print(files.map(({ path, content }) => `${heads ? `# ${path}\n` : ""}${content}`).join("\n"));
		return "ok";
	}
	const paths = await fx.files.writeAll(folder, files, { force: kind === "calendar" });
	fx.terminal.print(paths.map((path) => `${path}\n`).join(""));
	if (kind !== "calendar" && about.every === undefined) {
		fx.terminal.note(`this goes on with ${spec.name} when a person began it; with --every 30d it also begins`);
	}
	return "ok";
}

function madeBy(kind: string, about: ScheduleAbout): readonly ScheduleFile[] {
	return ownEntry(schedulers, kind)?.(about) ?? [];
}

async function scheduleAbout({ fx, spec, file }: RotationPlace, every: string | undefined): Promise<ScheduleAbout> {
	const machine = await fx.machine();
	const { USER, LOGNAME, USERNAME, USERDOMAIN, APPDATA, XDG_STATE_HOME } = fx.environment;
	const isWindows = machine.os === "windows";
	const usual = isWindows ? `${APPDATA ?? "C:"}\\npm\\crossfade.cmd` : "/usr/local/bin/crossfade";
	const account = USERDOMAIN && USERNAME ? `${USERDOMAIN}\\${USERNAME}` : USERNAME;
	const plain = { settings: spec.settings, operation: "", attempt: 1, slowestMs: slowestMs(spec), isLeaked: false };
	return {
		spec,
		file,
		every,
		program: fx.programs.find("crossfade") ?? usual,
		user: (isWindows ? account : USER || LOGNAME) || (machine.uid === 0 ? "root" : undefined),
		stateHome: XDG_STATE_HOME?.startsWith("/") ? XDG_STATE_HOME : undefined,
		overlapMs: overlapOf(spec, plain),
	};
}

async function calendarFile(place: RotationPlace, { every, spec }: ScheduleAbout): Promise<ScheduleFile> {
	const states = (await allRecords(place.folder)).map((records) => stateOfJournal(records));
	const everyMs = every === undefined ? undefined : durationMs(every);
	const journal = await journalOf(place);
	const now = place.fx.clock.now();
	return { path: basename(`${spec.name}.ics`), content: calendar({ spec, journal, states, now, everyMs }) };
}

/** `start --if-older`: true if a rotation is due; otherwise says why not. */
export async function isDue(place: RotationPlace, flags: FlagReader): Promise<boolean> {
	const { fx, spec, folder } = place;
	const text = flags.text("ifOlder") ?? "";
	const ms = durationMs(text);
	if (ms === undefined || ms === 0) {
		throw new CrossfadeError("usage", {
			what: "not an interval",
			expected: "a time such as 30d",
			where: { file: "--if-older" },
			fix: "give the time between two rotations",
		});
	}
	const states = (await allRecords(folder)).map((records) => stateOfJournal(records));
	if (states.at(-1)?.closed === undefined && states.length > 0) {
		fx.terminal.note(`${spec.name} is under way; go on with it: ${rotateCommand(spec, "resume")}`);
		return false;
	}
	const last = lastBegun(states);
	const now = fx.clock.now();
	const due = last === undefined ? now : last.startedAt + ms;
	if (due > now) fx.terminal.note(`the next rotation of ${spec.name} is due ${timeText(due, now)}`);
	return due <= now;
}
