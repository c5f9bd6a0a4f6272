import { START } from "./simulated-fleet.ts";

/** What the demo says, and shows, at a minute of the rotation. */
export interface NarrationStep {
	readonly at: number;
	readonly title: string;
	readonly text: string;
	/** What is shown with it. */
	readonly show?: "probe" | "watch" | "report";
	/** What happens before it is shown. */
	readonly does?: "rotate";
}

export const narration: readonly NarrationStep[] = [
	{ at: START, title: "before", text: "every machine sends with one token" },
	{
		at: 0,
		title: "rotate",
		text: "the provider makes a new token; for 24 hours it accepts both",
		does: "rotate",
		show: "probe",
	},
	{ at: 60, title: "rollout", text: "the MDM brings the new token to one machine after another", show: "watch" },
	{
		at: 6 * 60,
		title: "stragglers",
		text: "who is left: a laptop that sleeps, a process that was not restarted, and a credential nobody knew of",
		show: "watch",
	},
	{
		at: 13 * 60,
		title: "evening",
		text: "the old process was restarted; the laptop still sleeps, and silence is not migration",
	},
	{
		at: 19 * 60 + 15,
		title: "morning",
		text: "the laptop woke up and still sends with the old token: just in time to be seen",
		show: "watch",
	},
	{ at: 22 * 60, title: "safe", text: "everybody moved, and the old token was silent long enough", show: "watch" },
	{ at: 24 * 60 + 1, title: "deadline", text: "the old token died, and nobody noticed", show: "probe" },
];
