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

/** A receiver as the fleet file has it. */
interface NotifyText {
	readonly webhook?: string | undefined;
	readonly command?: readonly string[] | undefined;
	readonly on?: readonly NoticeEvent[] | undefined;
}

/** Receivers without problems; paths by `from`. */
export function toNotify(given: readonly NotifyText[], from: (path: string) => string): NotifySpec[] {
	return given.map(({ webhook, command, on = noticeEvents }) => {
		const ref = webhook === undefined ? undefined : parseTokenRef(webhook, "");
		if (ref && "what" in ref) throw new Error(ref.what);
		return { command, on, webhook: ref?.kind === "file" ? { ...ref, path: from(ref.path) } : ref };
	});
}
