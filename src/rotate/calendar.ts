import { CrossfadeError } from "../base/errors.ts";
import { version } from "../base/version.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { aboutOf, nextAbout, slowestMs } from "./engine.ts";
import type { Journal } from "./journal.ts";
import { nextStep } from "./next.ts";
import { type RotationState, stateOfJournal } from "./state.ts";
import { nextLines } from "./words.ts";

/** People's steps of a rotation as a calendar. https://www.rfc-editor.org/rfc/rfc5545 */

interface Event {
	/** The same step has the same one, so that a calendar replaces it. */
	readonly uid: string;
	readonly at: number;
	readonly summary: string;
	readonly description: string;
	readonly isCancelled: boolean;
	/** Alarms so long before, as RFC 5545 durations. */
	readonly alarms: readonly string[];
}

export interface CalendarAbout {
	readonly spec: RotationSpec;
	readonly journal: Journal | undefined;
	/** The journals of all operations, the oldest first. */
	readonly states: readonly RotationState[];
	readonly now: number;
	/** Between the begins of two rotations, in milliseconds; undefined if nobody planned that. */
	readonly everyMs: number | undefined;
}

/** Throws `CrossfadeError` (refused) if nothing is known that a person will have to do: a calendar cannot be empty. */
export function calendar(about: CalendarAbout): string {
	const { spec, journal, now, everyMs } = about;
	const state = journal && stateOfJournal(journal.records);
	const stamp = journal?.records.at(-1)?.at ?? now;
	const events = [
		...(journal && state ? operationEvents(spec, state, { now, stamp }) : []),
		...(everyMs === undefined ? [] : [nextRotation(about, everyMs)]),
	];
	if (events.length === 0) {
		throw new CrossfadeError("refused", {
			what: "nothing is known that a person will have to do",
			expected: "a rotation under way, or --every with the time between two rotations",
			fix: `add --every 30d, or run it again after ${rotateCommand(spec, "start")}`,
		});
	}
	// A larger one replaces a smaller one; each record can change what is to be done.
	const sequence = about.states.length * 10_000 + (journal?.records.length ?? 0);
	const lines = [
		"BEGIN:VCALENDAR",
		"VERSION:2.0",
		`PRODID:-//otel-crossfade//crossfade ${version}//EN`,
		...events.flatMap((event) => eventLines(event, { stamp, sequence })),
		"END:VCALENDAR",
	];
	return lines.map((line) => `${folded(line)}\r\n`).join("");
}

function operationEvents(
	spec: RotationSpec,
	state: RotationState,
	{ now, stamp }: { now: number; stamp: number },
): Event[] {
	const about = aboutOf(spec, state);
	const next = nextStep(state, nextAbout({ spec, now: () => now, about: () => about }, new Set()));
	const { operation } = state.opened;
	const { deadline } = state;
	const isCancelled = state.closed !== undefined;
	const description = nextLines(next, { now, spec, state, about })
		.map((line) => line.trim())
		.join("\n");
	const needed = "person" in next;
	return [
		...(deadline === undefined
			? []
			: [
					{
						uid: `${operation}-deadline`,
						at: deadline.at,
						summary: `The old token of ${spec.name} ends (${spec.issuer.title})`,
						description: `Until then every place must have the new token. From: ${deadline.source}.`,
						isCancelled,
						alarms: ["-P1D", "-PT4H", "-PT1H"],
					},
				]),
		...(needed || isCancelled
			? [
					{
						uid: `${operation}-person`,
						at: needed ? dueOf(state, spec, stamp) : stamp,
						summary: `Token rotation ${spec.name} needs a person`,
						description,
						isCancelled,
						alarms: ["-PT15M"],
					},
				]
			: []),
	];
}

/** A person has until the slowest place can still follow; without a deadline the step is due now. */
function dueOf({ deadline }: RotationState, spec: RotationSpec, stamp: number): number {
	return deadline === undefined ? stamp : Math.max(stamp, deadline.at - 2 * slowestMs(spec));
}

function nextRotation({ spec, states, now }: CalendarAbout, everyMs: number): Event {
	const last = lastBegun(states);
	return {
		uid: `${spec.name}-after-${last?.opened.operation ?? "nothing"}`,
		at: last === undefined ? now : last.startedAt + everyMs,
		summary: `Rotate the token of ${spec.name} (${spec.issuer.title})`,
		description: `${spec.strategy.title}.\nBegin: ${rotateCommand(spec, "plan")}\nThen: ${rotateCommand(spec, "start")}`,
		isCancelled: false,
		alarms: ["-P7D", "-P1D", "-PT1H"],
	};
}

/** The newest operation that brought a new token. */
export function lastBegun(states: readonly RotationState[]): RotationState | undefined {
	return states.findLast(({ fresh }) => fresh !== undefined);
}

function eventLines(event: Event, { stamp, sequence }: { stamp: number; sequence: number }): string[] {
	const { uid, at, summary, description, isCancelled, alarms } = event;
	return [
		"BEGIN:VEVENT",
		`UID:${escaped(uid)}@otel-crossfade`,
		`DTSTAMP:${utc(stamp)}`,
		`DTSTART:${utc(at)}`,
		"DURATION:PT15M",
		`SEQUENCE:${sequence}`,
		`STATUS:${isCancelled ? "CANCELLED" : "CONFIRMED"}`,
		"TRANSP:TRANSPARENT",
		`SUMMARY:${escaped(summary)}`,
		`DESCRIPTION:${escaped(description)}`,
		...(isCancelled
			? []
			: alarms.flatMap((before) => [
					"BEGIN:VALARM",
					"ACTION:DISPLAY",
					`TRIGGER:${before}`,
					`DESCRIPTION:${escaped(summary)}`,
					"END:VALARM",
				])),
		"END:VEVENT",
	];
}

/** §3.3.5, form 2. */
function utc(at: number): string {
	return new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
}

/** §3.3.11; other control characters may not stand in a text. */
function escaped(text: string): string {
	const plain = text.replaceAll(/\r\n?/g, "\n").replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f]/g, " ");
	return plain.replaceAll(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
}

const LINE_BYTES = 75;

/** §3.1: at most 75 octets a line, and no character is cut. */
function folded(line: string): string {
	const lines: string[] = [];
	let [current, size] = ["", 0];
	for (const character of line) {
		const bytes = Buffer.byteLength(character);
		if (size + bytes > LINE_BYTES) {
			lines.push(current);
			[current, size] = [" ", 1];
		}
		current += character;
		size += bytes;
	}
	return [...lines, current].join("\r\n");
}
