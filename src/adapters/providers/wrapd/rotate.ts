/**
 * How a key of Wrapd is rotated: by a person in the dashboard, who chooses for how long the old one is accepted: not at all, 15 minutes, 1, 6
 * or 24 hours, 3 or 7 days. When the old one ends is on its page, and typed in from there: a wrong choice shows then.
 *
 * An agent's token is rotated in the same dashboard, but not by this: it signs in to a WebSocket of which nothing is documented, so that only
 * the log of an agent that was started again shows whether it is accepted; and whether a socket outlives the end of its token is unknown.
 *
 * Sources: https://docs.wrapd.sh/guides/key-rotation, https://docs.wrapd.sh/api/authentication,
 * https://docs.wrapd.sh/api/calling-endpoints, https://docs.wrapd.sh/agent/installation.
 */
import { durationMs } from "../../../base/duration.ts";
import { type ProviderRotation, type RotationAbout, shortestOf } from "../rotation.ts";
import { provider } from "./index.ts";

const GRACES = Object.fromEntries(["15m", "1h", "6h", "24h", "3d", "7d"].map((each) => [each, durationMs(each) ?? 0]));

/** Twice what the slowest place needs, so that one missed check-in is no outage. */
function graceOf({ isLeaked, slowestMs }: RotationAbout): string {
	return isLeaked ? "0s" : shortestOf(GRACES, 2 * slowestMs);
}

export const rotation: ProviderRotation = {
	id: provider.id,
	api: "https://api.wrapd.sh",
	settings: [
		{
			name: "harmless",
			form: "text",
			description: "USER/ENDPOINT that may be called to see whether a key is accepted; it is run each time.",
			example: "alice/uptime",
			neededBy: ["dashboard"],
		},
	],
	strategies: [
		{
			id: "dashboard",
			title: "a person rotates in the dashboard and chooses how long the old one is accepted",
			by: "person",
			ends: "clock",
			overlapMs: (about) => durationMs(graceOf(about)),
			noReturn: "when the grace that was chosen ends; at once for Immediate",
			lost: "rotate once more in the dashboard, and revoke the key whose value was lost",
			again: "no",
			asksEnd: true,
			ask: (about) => [
				"In Wrapd's dashboard, open the key and choose Rotate.",
				about.isLeaked
					? "Choose Immediate: the old one is known to others."
					: `Choose ${graceOf(about)} as the grace: the slowest place needs up to half of it.`,
				"Copy the new one, which is shown once, and note when the old one ends, which its page shows.",
			],
		},
	],
	otherKinds: [
		{
			starts: "wrapd_at_",
			is: "the token of an agent, which only that agent's log shows to be accepted",
			fix: "rotate it by hand: choose a grace in the dashboard, start the agent with the new one as WRAPD_TOKEN, and see in its log that it signed in",
		},
	],
	whoami: ({ settings: { harmless } }) =>
		harmless === undefined
			? undefined
			: {
					method: "GET",
					path: `v1/${harmless}`,
					by: "token",
					header: "X-API-Key",
					scheme: "",
					accept: "application/json",
				},
	sources: provider.sources,
};
