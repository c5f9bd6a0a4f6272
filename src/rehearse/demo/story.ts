/** The rotation that `crossfade demo` tells, as data: who sends what and when. Times are minutes since the new token was made. */

export type Credential = "old" | "new" | "stranger";

/** A CLI on a machine of the story. */
export interface Actor {
	readonly host: string;
	readonly cli: string;
	readonly service: string;
	readonly version: string;
	/** Minutes between two requests. */
	readonly every: number;
	/** Awake from and until, in minutes; machines that never sleep have one long span. */
	readonly awake: readonly (readonly [from: number, until: number])[];
	/** When it begins to send with the new token; never, if the story does not get there. */
	readonly moves: number;
}

/** Something that is told when its time has come. */
export interface Chapter {
	readonly at: number;
	readonly title: string;
	readonly text: string;
	/** What is shown with it. */
	readonly show?: "probe" | "watch" | "report";
	/** What happens before it is shown. */
	readonly does?: "rotate";
}

const STEP = 15;
export const START = -60;
const END = 25 * 60;
const ALWAYS = [[START, END]] as const;

const laptop = (
	host: string,
	moves: number,
	clis: readonly (readonly [cli: string, version: string, every: number])[],
): Actor[] =>
	clis.map(([cli, version, every]) => ({
		host,
		cli,
		service: SERVICES[cli] ?? cli,
		version,
		every,
		awake: ALWAYS,
		moves,
	}));

/** What each CLI calls itself in its telemetry. */
const SERVICES: Readonly<Record<string, string>> = {
	"claude-code": "claude-code",
	codex: "codex_cli_rs",
	gemini: "gemini-cli",
};

const claude = ["claude-code", "2.1.83", 15] as const;
const codex = ["codex", "0.166.0", 30] as const;
const gemini = ["gemini", "0.34.0", 30] as const;

/** The fleet: most machines get the MDM's new script within hours; one sleeps, one keeps an old process, one belongs to nobody. */
const actors: readonly Actor[] = [
	...laptop("mac-ada", 45, [claude, codex]),
	...laptop("mac-grace", 75, [claude]),
	...laptop("mac-linus", 120, [codex, gemini]),
	...laptop("mac-margaret", 180, [claude, gemini]),
	...laptop("mac-omar", 195, [claude]),
	// Its background process read the old token when it started, and nobody restarted it until the evening.
	...laptop("mac-omar", 12 * 60, [codex]),
	...laptop("linux-ken", 240, [claude, codex, gemini]),
	...laptop("mac-lena", 19 * 60 + 30, [claude]).map((actor) => ({
		...actor,
		awake: [
			[START, -30],
			[19 * 60, END],
		] as const,
	})),
	{
		host: "build-box",
		cli: "",
		service: "nightly-import",
		version: "3.2",
		every: 30,
		awake: [[5 * 60, 6 * 60]],
		moves: Number.POSITIVE_INFINITY,
	},
];

/** The machine whose credential is neither of the two. */
const STRANGER_HOST = "build-box";

/** The hosts that an admin would list: all but the one that nobody knows of. */
export const expectedHosts: readonly string[] = [...new Set(actors.map(({ host }) => host))].filter(
	(host) => host !== STRANGER_HOST,
);

export const chapters: readonly Chapter[] = [
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

/** The minutes the story steps through. */
export const steps: readonly number[] = Array.from(
	{ length: (END - START) / STEP + 1 },
	(_, index) => START + index * STEP,
);

/** Who sends in the step that begins at this minute, and with what. */
export function sending(minute: number): { readonly actor: Actor; readonly credential: Credential }[] {
	return actors
		.filter(
			({ every, awake }) => minute % every === 0 && awake.some(([from, until]) => minute >= from && minute <= until),
		)
		.map((actor) => ({ actor, credential: credentialAt(actor, minute) }));
}

function credentialAt({ host, moves }: Actor, minute: number): Credential {
	if (host === STRANGER_HOST) return "stranger";
	return minute >= moves ? "new" : "old";
}
