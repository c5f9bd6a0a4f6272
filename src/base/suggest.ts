import { shown } from "./mask.ts";

/** With fewer letters, too many candidates share the prefix. */
const ENOUGH_LETTERS = 3;

/**
 * The candidate closest to a mistyped word: the only one that begins with it, or the nearest; undefined if none is close. One that could be a
 * token is never shown: a file's names can be one by mistake.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
	const candidates = names.filter((name) => shown(name, name.length) === name);
	const begun = candidates.filter((candidate) => candidate.startsWith(word.toLowerCase()));
	if (word.length >= ENOUGH_LETTERS && begun.length === 1) return begun[0];
	const scored = candidates
		.map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
		.filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
		.sort((a, b) => a.distance - b.distance);
	return scored[0]?.candidate;
}

/** `one of a, b, c`, and the probable meaning. */
export function choiceProblem(what: string, got: string, choices: readonly string[], flag: string) {
	const meant = nearest(got, choices);
	return {
		what: `unknown ${what}`,
		expected: `one of ${choices.map((choice) => shown(choice)).join(", ")}`,
		got: shown(got),
		where: { file: flag },
		fix: meant ? `did you mean ${flag} ${meant}?` : `choose one for ${flag}`,
	};
}

/** Edit distance, row by row; swapping two adjacent letters is one edit. */
function editDistance(a: string, b: string): number {
	let before: number[] = [];
	let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (const [i, left] of [...a].entries()) {
		const row = [i + 1];
		for (const [j, right] of [...b].entries()) {
			const substituted = (previous[j] ?? 0) + (left === right ? 0 : 1);
			const isSwap = i > 0 && j > 0 && left === b[j - 1] && right === a[i - 1];
			const swapped = isSwap ? (before[j - 1] ?? 0) + 1 : substituted;
			row.push(Math.min(substituted, swapped, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
		}
		[before, previous] = [previous, row];
	}
	return previous[b.length] ?? 0;
}
