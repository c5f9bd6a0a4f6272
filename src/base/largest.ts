/**
 * The largest of numbers, or `least` if there is none larger. `Math.max(...numbers)` puts each of them on the stack, which overflows with
 * some hundred thousand.
 */
export function largest(numbers: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
	let most = least;
	for (const each of numbers) if (each > most) most = each;
	return most;
}
