import type { Scalar } from "yaml";
import type { ConfigFinding } from "./rules.ts";

/** A variable that Compose does not understand: a provider of the collector's, with a single `$`. */
const OF_THE_COLLECTOR = /(?<!\$)\$\{[A-Za-z_]\w*:(?![-?+])/g;
/** A variable with a default, which Compose replaces. */
const OF_COMPOSE = /(?<!\$)\$\{([A-Za-z_]\w*)(?=:[-?+])/g;

/** The text as the collector gets it, but for what Compose puts in, which is read from a variable all the same. */
export function afterCompose(text: string): string {
	return text.replace(OF_COMPOSE, (_all, name) => `\${env:${name}`).replaceAll("$$", () => "$");
}

/** What Compose refuses in a text of its file; by its documentation, no Compose was asked. `text` is that of the whole file. */
export function composeFindings(text: string, { range }: Scalar): ConfigFinding[] {
	const [from = 0, to = 0] = range ?? [];
	return [...text.slice(from, to).matchAll(OF_THE_COLLECTOR)].map(({ index }) => ({
		rule: "refused-value",
		at: from + index,
		what: "Compose takes this variable for one of its own, and refuses the file",
		fix: "Write $$ in the place of $: Compose makes one of it, for the collector.",
	}));
}
