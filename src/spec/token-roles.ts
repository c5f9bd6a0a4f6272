import type { Place, Problem } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import { nearest } from "../base/suggest.ts";

const ROLES = ["old", "new"];

/** Names of tokens that are meant as a role of the rotation and are none, where one of the two is not there. */
export function misnamedRoles(names: readonly string[], place: (name: string) => Place): Problem[] {
	if (ROLES.every((role) => names.includes(role))) return [];
	return names.flatMap((name): Problem[] => {
		const word = name.toLowerCase();
		const meant = ROLES.find((role) => word.startsWith(role)) ?? nearest(word, ROLES);
		if (ROLES.includes(name) || meant === undefined || names.includes(meant)) return [];
		return [
			{
				what: `${shown(name)} is neither old nor new`,
				expected: "old and new as the names of the rotation's tokens",
				where: place(name),
				fix: `did you mean ${meant}?`,
			},
		];
	});
}
