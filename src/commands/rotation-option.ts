import { resolve } from "node:path";
import { CrossfadeError, type Problem } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import { choiceProblem } from "../base/suggest.ts";
import type { Effects } from "../effects/effects.ts";
import type { OverlapView } from "../prove/overlap/view.ts";
import type { FollowedRotation } from "../rotate/follow.ts";
import type { RotationPlace } from "../rotate/open.ts";
import { type Flags, readFlags } from "../spec/flags.ts";
import type { Fleet } from "../spec/fleet.ts";
import { FLEET_FILE } from "../spec/fleet-text.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import type { Secret } from "../token/secret.ts";
import type { OptionSpec } from "./command.ts";
import { readFleet } from "./fleet-options.ts";

export const rotationOption: OptionSpec = {
	flags: "--rotation <name>",
	description: "old and new token, and the deadline, from the journal of this rotation of the fleet file",
};

/** The place of a rotation of the fleet file: the named one, or the only one. Throws `CrossfadeError` (usage). */
export async function rotationPlace(
	fx: Effects,
	options: Flags,
	wanted: string | undefined,
	flag: string,
): Promise<RotationPlace> {
	const reader = readFlags(options);
	const fleet = await readFleet(fx, options);
	if (!fleet) {
		throw new CrossfadeError("usage", {
			what: "there is no fleet file here",
			expected: FLEET_FILE,
			fix: "write one: crossfade init --rotate, or name it with -f",
		});
	}
	const { openPlace } = await import("../rotate/open.ts");
	const file = resolve(reader.text("fleet") ?? FLEET_FILE);
	return openPlace(fx, { fleet, file, spec: chosen(fleet.rotations, wanted, flag) });
}

function chosen(rotations: readonly RotationSpec[], wanted: string | undefined, flag: string): RotationSpec {
	const names = rotations.map(({ name }) => name);
	const [only] = rotations;
	if (!only) {
		throw new CrossfadeError("usage", {
			what: "the fleet file has no rotations",
			expected: "a block rotations: with one or more",
			fix: "add one; crossfade init --rotate -o - prints an example",
		});
	}
	if (wanted === undefined) {
		if (rotations.length === 1) return only;
		throw new CrossfadeError("usage", {
			what: "the fleet file has several rotations",
			expected: names.map((name) => shown(name)).join(", "),
			fix: "name one: crossfade rotate VERB NAME",
		});
	}
	const found = rotations.find(({ name }) => name === wanted);
	if (found) return found;
	throw new CrossfadeError("usage", choiceProblem("rotation", wanted, names, flag));
}

/** A rotation that a command follows; `look` reads its journal again. */
export interface RotationFollower {
	readonly place: RotationPlace;
	look(fleet: Fleet): Promise<FollowedRotation>;
}

/** The rotation of `--rotation`, if it is given. `alone` are the flags that say the same, and cannot be given with it. */
export async function followRotation(
	fx: Effects,
	options: Flags,
	alone: readonly string[],
): Promise<RotationFollower | undefined> {
	const reader = readFlags(options);
	const name = reader.text("rotation");
	if (name === undefined) return undefined;
	const both = alone.filter((flag) => reader.text(flag) !== undefined || reader.all(flag).length > 0);
	if (reader.text("fleet") === "-") both.push("fleet");
	const problems = both.map(
		(flag): Problem => ({
			what:
				flag === "fleet"
					? "the journal of a rotation goes with its fleet file, not with standard input"
					: `--rotation and --${flag} cannot be combined`,
			where: { file: `--${flag}` },
			fix: flag === "fleet" ? "name the file" : `leave out --${flag}: the journal of the rotation has it`,
		}),
	);
	if (problems.length > 0) throw new CrossfadeError("usage", problems);
	const place = await rotationPlace(fx, options, name, "--rotation");
	const { followedRotation } = await import("../rotate/follow.ts");
	return {
		place,
		async look(fleet) {
			const found = await followedRotation(place, fleet);
			if (found) return found;
			throw new CrossfadeError("refused", {
				what: `rotation ${shown(name)} has no journal: it never began, or its journal is elsewhere`,
				where: { file: place.folder.path },
				fix: `begin it: ${rotateCommand(place.spec, "start")}; or leave out --rotation and give the tokens with --token`,
			});
		},
	};
}

/** A view with how the rotation stands beside it. */
export function withOperation(view: OverlapView, followed: FollowedRotation | undefined): OverlapView {
	if (!followed) return view;
	const { operation } = followed;
	return { ...view, rotation: { ...view.rotation, provider: operation.provider }, operation };
}

/** The rotation's tokens by value, as far as they may be presented now. Throws `CrossfadeError` (refused) if they cannot be opened. */
export async function rotationTokens(
	{ place }: RotationFollower,
	{ journal, state }: FollowedRotation,
): Promise<{
	readonly tokens: readonly { readonly name: string; readonly secret: Secret }[];
	readonly skipsOld: boolean;
}> {
	if (state.closed && (await journal.key()) === undefined) {
		throw new CrossfadeError("refused", {
			what: "the rotation is over, and its tokens can no longer be opened",
			got: state.closed.how,
			fix: "name the token with --token in the place of --rotation",
		});
	}
	const { openEngine } = await import("../rotate/open.ts");
	const { presentable } = await import("../rotate/follow.ts");
	const engine = await openEngine(place, journal);
	const roles = presentable(state);
	const tokens: { name: string; secret: Secret }[] = [];
	for (const name of roles) tokens.push({ name, secret: await engine.secret(name) });
	await engine.close();
	return { tokens, skipsOld: state.old !== undefined && !roles.includes("old") };
}
