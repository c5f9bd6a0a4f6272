import { START } from "./simulated-fleet.ts";

/** The demo's narration by minute of the rotation. */
export interface NarrationStep {
	readonly at: number;
	readonly title: string;
	readonly text: string;
	/** What to show with it. */
	readonly show?: "probe" | "watch" | "report";
	/** What the rotation does before it is shown. */
	readonly does?: "rotate" | "confirm" | "finish";
}

export const narration: readonly NarrationStep[] = [
	{ at: START, title: "before", text: "every machine sends with one token" },
	{
		at: 0,
		title: "rotate",
		text: "the provider issues a new token; for 24 hours it accepts both",
		does: "rotate",
		show: "probe",
	},
	{ at: 60, title: "rollout", text: "the MDM delivers the new token to one machine after another", show: "watch" },
	{
		at: 6 * 60,
		title: "stragglers",
		text: "not yet migrated: a laptop that sleeps, a process that was not restarted, and an unknown credential",
		show: "watch",
	},
	{
		at: 13 * 60,
		title: "evening",
		text: "the old process was restarted; the laptop still sleeps, and silence does not prove migration",
	},
	{
		at: 19 * 60 + 15,
		title: "morning",
		text: "the laptop woke up and still sends with the old token, in time to be noticed",
		show: "watch",
	},
	{
		at: 22 * 60,
		title: "safe",
		text: "every sender migrated, and the old token was silent long enough",
		does: "confirm",
		show: "watch",
	},
	{
		at: 24 * 60 + 1,
		title: "deadline",
		text: "the old token expired, and no data was lost",
		does: "finish",
		show: "probe",
	},
];
