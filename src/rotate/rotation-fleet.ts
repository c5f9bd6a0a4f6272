import type { Fleet } from "../spec/fleet.ts";
import type { RotationState } from "./state.ts";

/** The fleet with the tokens of a rotation, as its journal knows them: no reference can show both once a store was written. */
export function fleetOfRotation(fleet: Fleet, { old, fresh, deadline, forwardAt, direction }: RotationState): Fleet {
	const token = (name: string, fingerprint: string | undefined) =>
		fingerprint === undefined ? [] : [{ name, fingerprint, ref: undefined }];
	return {
		...fleet,
		tokens: [
			...token("old", old?.fingerprint),
			...token("new", fresh?.fingerprint),
			...fleet.tokens.filter(({ name }) => name !== "old" && name !== "new"),
		],
		started: fresh?.since ?? fleet.started,
		spreadFrom: forwardAt,
		isTakenBack: direction === "back",
		deadline: deadline ?? fleet.deadline,
	};
}
