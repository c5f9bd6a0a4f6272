import * as v from "valibot";
import { parseTokenRef, type TokenRef } from "../token/reference.ts";

/** What a rotation tells people of; the words of `on:`. */
export const noticeEvents = ["needs-a-person", "deadline-near", "done", "failed"] as const;
export type NoticeEvent = (typeof noticeEvents)[number];

/** Who is told of a rotation's events, and how. A webhook's URL often has a credential in it, so it is a reference. */
export interface NotifySpec {
	readonly webhook?: TokenRef | undefined;
	readonly command?: readonly string[] | undefined;
	readonly on: readonly NoticeEvent[];
}

const REFERENCE = "file:PATH or env:NAME, which has the URL; never the URL itself";
const line = v.pipe(v.string(), v.regex(/^[^\u0000-\u001f\u007f]{1,4096}$/, "a text of one line"));

const receiver = v.pipe(
	v.strictObject({
		webhook: v.optional(
			v.pipe(
				v.string(),
				v.check((value) => isKept(value), REFERENCE),
				v.description(
					"Where the URL of a webhook is read from: file:PATH or env:NAME. It gets JSON with a field text, as Slack wants it.",
				),
			),
		),
		command: v.optional(
			v.pipe(
				v.array(line),
				v.minLength(1, "a program and its arguments, as a list"),
				v.description(
					"A program with its arguments; the notice is in CROSSFADE_TEXT, and as JSON in CROSSFADE_NOTICE.",
				),
			),
		),
		on: v.optional(
			v.pipe(
				v.array(v.picklist(noticeEvents, `one of ${noticeEvents.join(", ")}`)),
				v.minLength(1, "at least one event"),
				v.description(`What it is told of: ${noticeEvents.join(", ")}; default: all.`),
			),
		),
	}),
	v.check(({ webhook, command }) => (webhook === undefined) !== (command === undefined), "either webhook or command"),
);

export const notifySchema = v.array(receiver);
export type NotifyText = v.InferOutput<typeof notifySchema>;

/** What is there when nobody types. */
function isKept(value: string): boolean {
	const ref = parseTokenRef(value, "");
	return "kind" in ref && (ref.kind === "file" || ref.kind === "env");
}

/** Receivers without problems; paths by `from`. */
export function toNotify(given: NotifyText, from: (path: string) => string): NotifySpec[] {
	return given.map(({ webhook, command, on = noticeEvents }) => {
		const ref = webhook === undefined ? undefined : parseTokenRef(webhook, "");
		if (ref && "what" in ref) throw new Error(ref.what);
		return { command, on, webhook: ref?.kind === "file" ? { ...ref, path: from(ref.path) } : ref };
	});
}
