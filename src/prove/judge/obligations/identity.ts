import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { statementText } from "../statements.ts";

/** Each name stands for one machine. */
export function identity({ conflicts, said }: KnownFacts): Obligation[] {
	const found = conflicts.map(({ name, witness }): Obligation => {
		const statement = said.of("host", name);
		const base = { id: "identity", about: name } as const;
		if (statement) {
			return { ...base, state: "proven", witness: statementText(statement), nextStep: "", byStatement: true };
		}
		return {
			...base,
			state: "unknown",
			witness,
			nextStep: `give each machine its own name, or record what they are: crossfade attest host ${JSON.stringify(name)} known --because "…"`,
		};
	});
	if (found.length > 0) return found;
	return [
		{ id: "identity", about: "names", state: "proven", witness: "each name stands for one machine", nextStep: "" },
	];
}
