import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { choiceProblem } from "../base/suggest.ts";
import type { Effects } from "../effects/effects.ts";
import type { RotationPlace } from "../rotate/open.ts";
import { type FlagReader, readFlags } from "../spec/flags.ts";
import type { Invocation } from "./command.ts";
import { closeStranded, exportToken, logOf, reopen, status } from "./rotate-records.ts";
import { plan, resume, retire, rollback, start } from "./rotate-run.ts";
import { rotationPlace } from "./rotation-option.ts";

type Verb = (place: RotationPlace, flags: FlagReader) => Promise<ExitName>;

/** Each verb with the options that it takes besides `--fleet`. */
const verbs: Readonly<Record<string, readonly [run: Verb, takes: readonly string[]]>> = {
	plan: [plan, ["json", "leaked"]],
	start: [start, ["adopt", "since", "oldEnds", "leaked", "acceptUnproven", "acceptOutage"]],
	resume: [
		resume,
		[
			"token",
			"since",
			"oldEnds",
			"lost",
			"written",
			"confirmed",
			"removed",
			"same",
			"ended",
			"forward",
			"because",
			"acceptUnproven",
		],
	],
	status: [status, ["json", "prometheus"]],
	retire: [retire, ["despite"]],
	rollback: [rollback, ["because"]],
	close: [closeStranded, ["stranded", "because"]],
	reopen: [reopen, ["until"]],
	log: [logOf, ["json"]],
	export: [exportToken, ["out", "yes"]],
};

const ALWAYS = ["fleet", "quiet", "verbose"];

export async function runVerb(fx: Effects, { options, args }: Invocation): Promise<ExitName> {
	const [name = "", wanted] = args;
	const found = ownEntry(verbs, name);
	if (!found) throw new CrossfadeError("usage", choiceProblem("verb", name, Object.keys(verbs), "rotate"));
	const [run, takes] = found;
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
	refuseDebugging(fx);
	return run(await rotationPlace(fx, options, wanted, "rotate"), readFlags(options));
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
