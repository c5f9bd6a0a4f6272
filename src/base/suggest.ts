import { shown } from "./mask.ts";

/** The candidate a mistyped word most likely meant, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
	const scored = candidates
		.map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
		.filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
		.sort((a, b) => a.distance - b.distance);
	return scored[0]?.candidate;
}

/** `one of a, b, c`, and what was probably meant. */
export function choiceProblem(what: string, got: string, choices: readonly string[], flag: string) {
	const meant = nearest(got, choices);
	return {
		what: `${what} is not known`,
		expected: `one of ${choices.join(", ")}`,
		got: shown(got),
		where: { file: flag },
		fix: meant ? `did you mean ${flag} ${meant}?` : `choose one of them for ${flag}`,
	};
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
	let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (const [i, left] of [...a].entries()) {
		const row = [i + 1];
		for (const [j, right] of [...b].entries()) {
			const substituted = (previous[j] ?? 0) + (left === right ? 0 : 1);
			row.push(Math.min(substituted, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
		}
		previous = row;
	}
	return previous[b.length] ?? 0;
}
