import { type Node, visit } from "yaml";
import { shown } from "../../base/mask.ts";
import type { ConfigModel } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** A variable as a shell, Compose or Flux writes it with a default; with a second `$` before it, it is plain text to the collector. */
const OF_A_SHELL = /(?<!\$)\$\{([A-Za-z_]\w*):([-=?+])/;

/**
 * Variables that only another program would replace: the collector takes what is before the colon for a provider, and does not start. Measured
 * on otelcol 0.155.0. In a text in another file, what renders that file may replace them first: then it is a warning.
 */
export function variableFindings({ document, root }: ConfigModel, isInOther: boolean): ConfigFinding[] {
	const found: ConfigFinding[] = [];
	visit(root as Node, {
		Scalar(_key, { value, range }) {
			const [, name, sign] = OF_A_SHELL.exec(typeof value === "string" ? value : "") ?? [];
			if (name === undefined) return;
			const isOther = isInOther || root !== document.contents;
			found.push({
				rule: "refused-value",
				at: range?.[0] ?? 0,
				what: `the collector takes \${${shown(name)}:${sign}…} for a provider of that name${isOther ? ", unless something replaces it first" : ""}`,
				fix: `Write \${env:${shown(name)}:-…}: that is a variable with a default.`,
				...(isOther && { severity: "warning" as const }),
			});
		},
	});
	return found;
}
