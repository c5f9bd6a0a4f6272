import { random } from "../../../prove/judge/world/random.ts";

/** Choices that are the same for the same seed. */
export interface Choices {
	/** True with this probability. */
	maybe(probability: number): boolean;
	pick<T>(list: readonly T[]): T;
	/** As `pick`, where the first is taken with this probability. */
	mostly<T>(probability: number, first: T, ...others: readonly T[]): T;
}

export function choices(seed: number): Choices {
	const { chance, pick } = random(seed);
	return {
		maybe: chance,
		pick,
		mostly: (probability, first, ...others) => (chance(probability) ? first : pick(others)),
	};
}
