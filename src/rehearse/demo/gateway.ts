import { CrossfadeError } from "../../base/errors.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Secret } from "../../token/secret.ts";

/** What stands between the fleet and the provider, and counts who sends with which token. */
export interface DemoGateway {
	/** What it is, for a person. */
	readonly title: string;
	/** How to have the other one. */
	readonly other: string;
	/** Where the fleet sends to. */
	readonly url: string;
	/** Whether it sends on with a token of its own; else every request keeps the token it came with. */
	readonly hasOwnToken: boolean;
	/** Pages with its counters; none where it writes evidence by itself. */
	readonly metrics: readonly string[];
	/** Resolves when so many records that were sent since its start are counted, where a reader sees them. */
	counted(records: number): Promise<void>;
	/** Brings a new token to it, as an admin would. */
	rotate(token: Secret): Promise<void>;
	close(): Promise<void>;
}

const POLL_MS = 5;
const PATIENCE_MS = 60_000;

/** Waits for a condition, or until somebody asks us to stop. Throws `CrossfadeError` (partial) when it does not come true in time. */
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
			what: `the demo waited in vain for ${what}`,
			expected: `within ${PATIENCE_MS / 1000} s`,
			fix: "run it again, or with --collector tap",
		});
	}
}
