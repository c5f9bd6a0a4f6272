import { CrossfadeError } from "../../base/errors.ts";
import type { Effects } from "../../effects/effects.ts";

/** The gateway between the fleet and the provider, which counts who sends with which token. */
export interface DemoGateway {
	/** Display name. */
	readonly title: string;
	/** How to use the other one. */
	readonly other: string;
	/** Where the fleet sends. */
	readonly url: string;
	/** The file with the token that it forwards with; undefined if requests keep theirs. */
	readonly tokenFile: string | undefined;
	/** Its metrics pages; none if it writes evidence itself. */
	readonly metrics: readonly string[];
	/** Resolves when its readable counters show a number of records since its start. */
	counted(records: number): Promise<void>;
	close(): Promise<void>;
}

const POLL_MS = 5;
const PATIENCE_MS = 60_000;

/** Waits for a condition, or until stopped. Throws `CrossfadeError` (partial) on timeout. */
export async function waitUntil(
	{ clock, stopped }: Pick<Effects, "clock" | "stopped">,
	what: string,
	isTrue: () => Promise<boolean>,
): Promise<void> {
	const end = clock.now() + PATIENCE_MS;
	while (!(await isTrue())) {
		if (await stopped(POLL_MS)) return;
		if (clock.now() < end) continue;
		throw new CrossfadeError("partial", {
			what: `the demo timed out waiting for ${what}`,
			expected: `within ${PATIENCE_MS / 1000} s`,
			fix: "run it again, or with --collector tap",
		});
	}
}
