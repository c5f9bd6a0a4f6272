import { shownFile } from "../base/mask.ts";
import { sh } from "../base/quote.ts";
import type { RotationSpec } from "./rotation.ts";

/** What a command of a rotation names: the rotation, and its fleet file where that is not the usual one. */
export type NamedRotation = Pick<RotationSpec, "name" | "fleetFile">;

/** A command of `crossfade rotate` as a POSIX shell takes it, run where the fleet file was named; `rest` is a verb and its options. */
export function rotateCommand(rotation: NamedRotation, rest: string): string {
	const [verb = "", ...options] = rest.split(" ");
	return ["crossfade rotate", verb, ...namedBy(rotation), ...options].join(" ");
}

/** The same of another command that takes `--rotation`. */
export function withRotation(rotation: NamedRotation, command: string): string {
	return [`crossfade ${command} --rotation`, ...namedBy(rotation)].join(" ");
}

function namedBy({ name, fleetFile }: NamedRotation): readonly string[] {
	return [sh(name), ...(fleetFile === undefined ? [] : ["-f", shownFile(sh(fleetFile))])];
}
