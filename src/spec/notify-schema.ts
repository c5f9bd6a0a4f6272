import * as v from "valibot";
import { parseTokenRef } from "../token/reference.ts";
import { noticeEvents } from "./notify.ts";

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

/** What is there when nobody types. */
function isKept(value: string): boolean {
	const ref = parseTokenRef(value, "");
	return "kind" in ref && (ref.kind === "file" || ref.kind === "env");
}
