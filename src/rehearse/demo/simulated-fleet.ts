import { forms } from "../../adapters/clis/emits.generated.ts";
import type { TelemetryForm } from "../../adapters/clis/form.ts";
import { clis } from "../../adapters/clis/registry.ts";

/** The fleet of `crossfade demo` as data: who sends what and when. Times are minutes since the new token was issued. */

export type CredentialRole = "old" | "new" | "stranger";

/** A CLI on a machine of the demo. */
export interface SimulatedCli {
	readonly host: string;
	readonly cli: string;
	readonly service: string;
	readonly version: string;
	/** Where it sends the token. */
	readonly path: TelemetryForm["path"];
	/** Minutes between requests. */
	readonly every: number;
	/** When it is awake, in minutes; machines that never sleep have one long span. */
	readonly awake: readonly (readonly [from: number, until: number])[];
	/** When it starts to use the new token; never, if after the end. */
	readonly moves: number;
}

const STEP = 15;
export const START = -60;
const END = 25 * 60;
const ALWAYS = [[START, END]] as const;

/** The demo's CLIs: the first three, with the minutes between requests. */
const cast = [15, 30, 30].flatMap((every, index) => {
	const [cli, form] = [clis[index], forms[index]];
	return cli && form ? [{ cli, form, every }] : [];
});

/** Titles of these CLIs; of those that send the token in the URL. */
export const titles: readonly string[] = cast.map(({ cli }) => cli.title);
export const titlesInUrl: readonly string[] = cast.flatMap(({ cli, form }) => (form.path === "url" ? [cli.title] : []));

/** `members` are places in the cast. */
const laptop = (host: string, moves: number, members: readonly number[]): SimulatedCli[] =>
	members.flatMap((index) =>
		cast.slice(index, index + 1).map(({ cli, form: { resource, path }, every }) => ({
			host,
			cli: cli.id,
			service: String(resource["service.name"]),
			version: cli.system.since,
			path,
			every,
			awake: ALWAYS,
			moves,
		})),
	);

/** The fleet: most machines get the MDM's new script within hours; one sleeps, one keeps an old process, one is unknown. */
const fleet: readonly SimulatedCli[] = [
	...laptop("mac-ada", 45, [0, 1]),
	...laptop("mac-grace", 75, [0]),
	...laptop("mac-linus", 120, [1, 2]),
	...laptop("mac-margaret", 180, [0, 2]),
	...laptop("mac-omar", 195, [0]),
	// Its background process read the old token at start, and was not restarted until the evening.
	...laptop("mac-omar", 12 * 60, [1]),
	...laptop("linux-ken", 240, [0, 1, 2]),
	...laptop("mac-lena", 19 * 60 + 30, [0]).map((sender) => ({
		...sender,
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
		path: "bearer",
		every: 30,
		awake: [[5 * 60, 6 * 60]],
		moves: Number.POSITIVE_INFINITY,
	},
];

/** The machine with an unrecognized credential. */
export const STRANGER_HOST = "build-box";

/** The hosts an admin would list: all but the unknown one. */
export const expectedHosts: readonly string[] = [...new Set(fleet.map(({ host }) => host))].filter(
	(host) => host !== STRANGER_HOST,
);

/** The minutes of the demo. */
export const minutes: readonly number[] = Array.from(
	{ length: (END - START) / STEP + 1 },
	(_, index) => START + index * STEP,
);

/** Who sends in the step starting at this minute, and with which token. */
export function sending(minute: number): { readonly sender: SimulatedCli; readonly credential: CredentialRole }[] {
	return fleet
		.filter(
			({ every, awake }) => minute % every === 0 && awake.some(([from, until]) => minute >= from && minute <= until),
		)
		.map((sender) => ({ sender, credential: credentialAt(sender, minute) }));
}

function credentialAt({ host, moves }: SimulatedCli, minute: number): CredentialRole {
	if (host === STRANGER_HOST) return "stranger";
	return minute >= moves ? "new" : "old";
}
