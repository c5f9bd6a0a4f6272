import { versionText } from "../../base/versions.ts";
import { configsIn } from "../splice/locate.ts";
import type { YamlText } from "../splice/yaml-document.ts";
import { offlineFindings } from "./check.ts";
import { configFileFindings } from "./config-files.ts";
import type { PlacedFinding } from "./finding.ts";
import { launchNotes } from "./launch.ts";
import { mapsIn } from "./mounts.ts";
import type { RuleId } from "./rules.ts";
import type { Target } from "./structure.ts";
import { valuesElsewhere } from "./values-elsewhere.ts";

/** Rules about what a collector refuses at its start; the others are about data and tokens. */
const REFUSED: ReadonlySet<RuleId> = new Set([
	...(["syntax", "unknown-section", "unknown-component", "unknown-field", "wrong-type", "refused-value"] as const),
	...(["missing-setting", "invalid-id", "duplicate-block", "connector-cycle", "missing-reference"] as const),
	...(["unlisted-extension", "empty-pipeline", "unknown-signal", "unsupported-signal"] as const),
	...(["one-sided-connector", "no-pipelines"] as const),
]);

/**
 * Why a collector does not start with a file that was changed, as a sentence with the first mistake and its place; undefined if T1 finds none
 * of that kind, which does not mean that it starts. `before` is the file as it was.
 */
export function whyNotStarting(text: string, before: string, file: string, target: Target): string | undefined {
	const found = refusals(text, file, target);
	const [first] = found;
	if (!first) return undefined;
	const release = `${target.distribution.title} ${versionText(target.own)}`;
	const already = refusals(before, file, target).length > 0 ? ", and did not before" : "";
	const more = found.length > 1 ? `; crossfade check finds ${found.length - 1} more` : "";
	return `${release} does not start with this file${already}: ${first.line}:${first.column}: ${first.what}${more}`;
}

function refusals(text: string, file: string, target: Target): PlacedFinding[] {
	return offlineFindings(text, file, target).filter(({ rule, severity }) => severity === "error" && REFUSED.has(rule));
}

/** What a collector is started with beside a config in a file, or in its place, as sentences. */
export function startedInstead({ documents }: YamlText): string[] {
	const maps = mapsIn(documents);
	const others = [...valuesElsewhere(maps, configsIn(documents)), ...configFileFindings(maps)].map(({ what }) => what);
	return [...launchNotes(maps), ...new Set(others)];
}
