import type { Effects } from "../../src/effects/effects.ts";
import { nodeEffects } from "../../src/effects/node.ts";
import { nodeTerminal } from "../../src/effects/terminal/terminal.ts";

/** The real world with a silent terminal, and tokens that are the same each time if `seed` is given. */
export function quietEffects(seed?: string): Effects {
	const real = nodeEffects(nodeTerminal({ quiet: true, verbose: false, color: false }));
	if (seed === undefined) return real;
	let drawn = 0;
	return { ...real, random: { token: () => `${seed}-${++drawn}-${"x".repeat(32)}` } };
}
