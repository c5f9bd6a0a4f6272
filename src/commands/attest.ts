import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { couldBeToken, shown } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import type { Statement } from "../prove/evidence/evidence.ts";
import { openStore } from "../prove/evidence/store.ts";
import { openThings } from "../prove/overlap/things.ts";
import { observe } from "../prove/watch/observe.ts";
import { type FlagReader, type Flags, readFlags } from "../spec/flags.ts";
import type { Fleet } from "../spec/fleet.ts";
import type { Command, Invocation } from "./command.ts";
import { fleetOptions, loadFleet } from "./fleet-options.ts";
import { followRotation, rotationOption } from "./rotation-option.ts";

const KINDS = ["host", "gateway", "credential"] as const;
const WORDS = ["gone", "moved", "known"] as const;
const MAX_REASON = 500;

export const attestCommand: Command = {
	name: "attest",
	description: `Records what you know and evidence cannot show: that a stolen laptop no longer sends, that a retired gateway is gone, or what an
unknown credential is. The statement is stored in the evidence folder with your name and the time. Reports then show this item as
"proven, by statement". Later traffic that contradicts the statement makes it void.`,
	arguments: [
		{ name: "<kind>", description: `what the statement is about: ${KINDS.join(", ")}` },
		{ name: "<name>", description: "its name in reports; - for data without a host name" },
		{ name: "<says>", description: "gone (no longer sends), moved (uses the new token) or known (is as expected)" },
	],
	options: [
		...fleetOptions,
		rotationOption,
		{ flags: "--because <text>", description: "the reason, for later readers" },
		{ flags: "--by <name>", description: "who states this (default: the name of this account)" },
	],
	examples: [
		['crossfade attest host mac-7 gone --because "stolen in May"', "a stolen laptop"],
		[
			'crossfade attest host mac-8 moved --inventory export.csv --because "looked into its WSL"',
			"a machine of an MDM's export",
		],
		['crossfade attest gateway gw-eu moved --because "its token file was replaced, see CHG-17"', "its own exporter"],
		['crossfade attest credential 0123456789ab known --because "the synthetic monitor"', "an unknown credential"],
	],
	run,
};

async function run(fx: Effects, { options, args }: Invocation): Promise<ExitName> {
	const reader = readFlags(options);
	const [kind, name, says] = [
		one(reader, "kind", args[0], KINDS),
		args[1] ?? "",
		one(reader, "statement", args[2], WORDS),
	];
	const because = (reader.text("because") ?? "").trim();
	if (because === "" || because.length > MAX_REASON || couldBeToken(because)) {
		reader.wrong("--because", {
			what: "a statement needs a reason",
			expected: `a sentence of at most ${MAX_REASON} characters`,
			got: because === "" ? "nothing" : `${because.length} characters`,
			fix: 'write why, such as --because "stolen in May"',
		});
	}
	if (reader.problems.length > 0 || !kind || !says) throw new CrossfadeError("usage", reader.problems);
	const given = await loadFleet(fx, options);
	const followed = await (await followRotation(fx, withOnlyRotation(options, given), ["token"]))?.look(given);
	const fleet = followed?.fleet ?? given;
	const observer = await observe(fx, fleet);
	const view = await observer.look();
	await observer.close();
	const [old, fresh] = (["old", "new"] as const).map(
		(role) => view.judgement.tokens.find((token) => token.role === role)?.fingerprint,
	);
	if (old === undefined) {
		throw new CrossfadeError("usage", {
			what: "the old token of this rotation is not given",
			expected: "the old token",
			fix: "add --rotation NAME, --token old=fp:<12 hex digits>, or tokens.old in the fleet file",
		});
	}
	const known = openThings(view, kind, says);
	if (!known.includes(name)) throw unknownThing(kind, name, known);
	const actor = reader.text("by") ?? fx.environment["USER"] ?? fx.environment["USERNAME"] ?? "unknown";
	const statement: Statement = { kind, name, says, because, actor, at: fx.clock.now(), old, new: fresh };
	await (await openStore(fx, fleet.evidence)).addStatement(statement);
	fx.terminal.print(
		`recorded: ${kind} ${shown(name)} is ${says}, says ${shown(actor)}: ${shown(because, MAX_REASON)}\n`,
	);
	return "ok";
}

/** Of a fleet file with a rotation and no tokens it is that rotation that a statement is about. */
function withOnlyRotation(options: Flags, { tokens, rotations }: Fleet): Flags {
	const [only, second] = rotations;
	const isImplied = options["rotation"] === undefined && tokens.length === 0 && only && !second;
	return isImplied ? { ...options, rotation: only.name } : options;
}

function one<T extends string>(
	reader: FlagReader,
	what: string,
	got: string | undefined,
	choices: readonly T[],
): T | undefined {
	const found = choices.find((each) => each === got);
	if (found === undefined) {
		reader.wrong("attest", {
			what: `unknown ${what}`,
			expected: choices.join(", "),
			got: shown(got ?? "nothing"),
			fix: 'write it like: crossfade attest host mac-7 gone --because "stolen in May"',
		});
	}
	return found;
}

const SHOWN = 5;

function unknownThing(kind: string, name: string, known: readonly string[]): CrossfadeError {
	const more = known.length > SHOWN ? `, and ${known.length - SHOWN} more` : "";
	return new CrossfadeError("usage", {
		what: `unknown ${kind}`,
		expected:
			known.length === 0
				? `a ${kind} that is listed or was seen`
				: `${known
						.slice(0, SHOWN)
						.map((each) => shown(each))
						.join(", ")}${more}`,
		got: shown(name),
		fix: "use a name that crossfade report shows, and give the options that report has (--inventory, --hosts, --gateway)",
	});
}
