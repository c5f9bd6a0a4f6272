import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { statementText } from "../statements.ts";

/** A name is one machine. */
export function identity({ names, said }: KnownFacts): Obligation[] {
	const found = names.conflicts.map(({ name, witness }): Obligation => {
		const statement = said.of("host", name);
		const base = { id: "identity", about: name } as const;
		if (statement) {
			return { ...base, state: "proven", witness: statementText(statement), nextStep: "", byStatement: true };
		}
		return {
			...base,
			state: "unknown",
			witness,
			nextStep: `give each its own name, or say what they are: crossfade attest host ${JSON.stringify(name)} known --because "…"`,
		};
	});
	if (found.length > 0) return found;
	return [{ id: "identity", about: "names", state: "proven", witness: "each name is one machine", nextStep: "" }];
}
