import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { choiceProblem } from "../base/suggest.ts";
import type { Effects } from "../effects/effects.ts";
import type { RotationPlace } from "../rotate/open.ts";
import { type FlagReader, readFlags } from "../spec/flags.ts";
import type { Invocation } from "./command.ts";
import { rotationPlace } from "./rotation-option.ts";

type Verb = (place: RotationPlace, flags: FlagReader, kind: string) => Promise<ExitName>;

/** Loaded when it is called: `status` must be quick. */
const run = () => import("./rotate-run.ts");
const records = () => import("./rotate-records.ts");
const schedules = () => import("./rotate-schedule.ts");

/** Each verb with the options that it takes besides `--fleet`, and the words of which one comes before the rotation's name. */
const verbs: Readonly<Record<string, readonly [run: Verb, takes: readonly string[], kinds?: readonly string[]]>> = {
	plan: [async (place, flags) => (await run()).plan(place, flags), ["json", "leaked"]],
	start: [startIfDue, ["ifOlder", "adopt", "publicId", "since", "oldEnds", "leaked", "acceptUnproven", "acceptOutage"]],
	resume: [
		async (place, flags) => (await run()).resume(place, flags),
		[
			"token",
			"publicId",
			"since",
			"oldEnds",
			"lost",
			"written",
			"confirmed",
			"removed",
			"same",
			"ended",
			"forward",
			"moved",
			"because",
			"acceptUnproven",
		],
	],
	status: [async (place, flags) => (await import("./rotate-status.ts")).status(place, flags), ["json", "prometheus"]],
	retire: [async (place, flags) => (await run()).retire(place, flags), ["despite"]],
	rollback: [async (place, flags) => (await run()).rollback(place, flags), ["because"]],
	close: [
		async (place, flags) => (await records()).closeStranded(place, flags),
		[
			"stranded",
			"because",
			"replace",
			"adopt",
			"publicId",
			"since",
			"oldEnds",
			"leaked",
			"acceptUnproven",
			"acceptOutage",
		],
	],
	reopen: [async (place, flags) => (await records()).reopen(place, flags), ["until"]],
	log: [async (place, flags) => (await records()).logOf(place, flags), ["json"]],
	export: [async (place, flags) => (await records()).exportToken(place, flags), ["out", "yes"]],
	schedule: [
		async (place, flags, kind) => (await schedules()).schedule(place, flags, kind),
		["every", "out"],
		["systemd", "cron", "windows", "kubernetes", "github", "calendar"],
	],
};

const ALWAYS = ["fleet", "quiet", "verbose"];

export async function runVerb(fx: Effects, { options, args }: Invocation): Promise<ExitName> {
	const [name = "", ...words] = args;
	const found = ownEntry(verbs, name);
	if (!found) throw new CrossfadeError("usage", choiceProblem("verb", name, Object.keys(verbs), "rotate"));
	const [verb, takes, kinds] = found;
	const foreign = Object.keys(options).filter((option) => ![...ALWAYS, ...takes].includes(option));
	if (foreign.length > 0) {
		throw new CrossfadeError(
			"usage",
			foreign.map((option) => ({
				what: `${flagOf(option)} is not an option of rotate ${name}`,
				...(takes.length > 0 && { expected: takes.map(flagOf).join(", ") }),
				fix: "leave it out",
			})),
		);
	}
	const kind = kinds === undefined ? "" : (words.shift() ?? "");
	if (kinds && !kinds.includes(kind)) throw new CrossfadeError("usage", choiceProblem("kind", kind, kinds, name));
	const [wanted, surplus] = words;
	if (surplus !== undefined) {
		throw new CrossfadeError("usage", { what: `rotate ${name} takes one name`, got: "more", fix: "name one rotation" });
	}
	refuseDebugging(fx);
	const place = await rotationPlace(fx, options, wanted, "rotate");
	return verb(place, readFlags(options), kind);
}

/** Begins, if the last rotation is as old as that; for schedulers. */
async function startIfDue(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	if (flags.text("ifOlder") === undefined) return (await run()).start(place, flags);
	const isDue = async () => (await schedules()).isDue(place, flags);
	return (await isDue()) ? (await run()).start(place, flags, { isDue }) : "waiting";
}

function flagOf(option: string): string {
	return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Node prints headers and paths of requests, with the token in them. https://nodejs.org/api/cli.html#node_debugmodule */
function refuseDebugging({ environment }: Effects): void {
	if (!/\b(http|http2|net|tls|undici|fetch)\b/i.test(environment["NODE_DEBUG"] ?? "")) return;
	throw new CrossfadeError("refused", {
		what: "NODE_DEBUG is set: Node would print tokens",
		fix: "unset NODE_DEBUG and run it again",
	});
}
