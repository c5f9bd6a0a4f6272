import { type Node, visit } from "yaml";
import { shown } from "../../base/mask.ts";
import type { ConfigModel } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** A variable as a shell, Compose or Flux writes it with a default; with a second `$` before it, it is plain text to the collector. */
const OF_A_SHELL = /(?<!\$)\$\{([A-Za-z_]\w*):([-=?+])/;

/** What a collector replaces: the innermost braces, if the `$` before them is not itself written twice. */
const REPLACED = /(?<!\$)(?:\$\$)*\$\{([^{}]*)\}/g;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s;
/** Providers of the distributions, and those that are built into others. https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/confmap/provider */
const PROVIDERS: ReadonlySet<string> = new Set(
	"env file yaml http https s3 secretsmanager googlesecretmanager aes vault etcd2 zookeeper include includes".split(
		" ",
	),
);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*(:-.*)?$/s;

/** What is wrong with what stands between `${` and `}`, and how to write it; a provider that we do not know may be another distribution's. */
function notReplaced(
	inner: string,
): { readonly what: string; readonly fix: string; readonly isSure: boolean } | undefined {
	const [, scheme, rest = ""] = SCHEME.exec(inner) ?? [];
	if (scheme !== undefined && scheme !== "env") {
		if (PROVIDERS.has(scheme)) return undefined;
		return {
			what: `\${${shown(scheme)}:…} names no provider that we know`,
			fix: "Check the word before the colon: env, file, yaml, http or https.",
			isSure: false,
		};
	}
	const name = scheme === undefined ? inner : rest;
	if (NAME.test(name)) return undefined;
	const fix = "To have the text itself, write $${…}; a variable's name has letters, digits and underscores.";
	return { what: `\${${shown(inner)}} is no variable: the collector does not start`, fix, isSure: true };
}

/**
 * Variables that only another program would replace: the collector takes what is before the colon for a provider, and does not start. Measured
 * on otelcol 0.155.0. In a text in another file, what renders that file may replace them first: then it is a warning.
 */
export function variableFindings({ document, root }: ConfigModel, isInOther: boolean): ConfigFinding[] {
	const found: ConfigFinding[] = [];
	visit(root as Node, {
		Scalar(key, { value, range }) {
			// What stands in keys is not replaced.
			if (key === "key" || typeof value !== "string") return;
			const isOther = isInOther || root !== document.contents;
			const at = range?.[0] ?? 0;
			const [, name, sign] = OF_A_SHELL.exec(value) ?? [];
			if (name === undefined) {
				const wrong = [...value.matchAll(REPLACED)].flatMap(([, inner = ""]) => notReplaced(inner) ?? [])[0];
				if (!wrong) return;
				const { isSure, ...said } = wrong;
				found.push({
					rule: "refused-value",
					at,
					...said,
					...((isOther || !isSure) && { severity: "warning" as const }),
				});
				return;
			}
			found.push({
				rule: "refused-value",
				at,
				what: `the collector takes \${${shown(name)}:${sign}…} for a provider of that name${isOther ? ", unless something replaces it first" : ""}`,
				fix: `Write \${env:${shown(name)}:-…}: that is a variable with a default.`,
				...(isOther && { severity: "warning" as const }),
			});
		},
	});
	return found;
}
