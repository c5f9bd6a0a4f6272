/** Random numbers that a seed determines. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (mulberry32) */
export interface Random {
	/** 0 to 1, 1 excluded. */
	next(): number;
	between(low: number, high: number): number;
	whole(low: number, high: number): number;
	chance(probability: number): boolean;
	pick<T>(from: readonly T[]): T;
}

export function random(seed: number): Random {
	let state = seed >>> 0;
	const next = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
	const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
	return {
		next,
		between: (low, high) => low + next() * (high - low),
		whole,
		chance: (probability) => next() < probability,
		pick: (from) => from[whole(0, from.length - 1)] as (typeof from)[number],
	};
}
