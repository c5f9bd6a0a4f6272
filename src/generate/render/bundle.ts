import type { CollectorPlan } from "../plan/collector.ts";
import type { Artefact } from "./artefact.ts";
import { renderConfig } from "./collector.ts";
import { platformPieces } from "./platforms/platforms.ts";
import { rotateScriptName } from "./platforms/shared.ts";
import { hasRotateScript, renderRotateScript } from "./rotate-script.ts";
import { type ExistingConfig, renderRunbook } from "./runbook.ts";

/** Everything needed to carry out a plan: config, companion files, rotation script and runbook. */
export function renderBundle(plan: CollectorPlan): Artefact[] {
	const config = { path: plan.distribution.configFile, content: renderConfig(plan), purpose: "the collector's config" };
	return bundleOf(plan, (artefacts) => [config, ...artefacts]);
}

/** The same for a collector that keeps its own config: what its host needs, rotation script and runbook. */
export function renderBundleFor(plan: CollectorPlan, existing: ExistingConfig): Artefact[] {
	return bundleOf(plan, (artefacts) => artefacts.filter(({ isForHost }) => isForHost), existing);
}

function bundleOf(
	plan: CollectorPlan,
	choose: (artefacts: readonly Artefact[]) => readonly Artefact[],
	existing?: ExistingConfig,
): Artefact[] {
	const pieces = platformPieces(plan);
	const files = [...choose(pieces.artefacts)];
	if (hasRotateScript(plan)) {
		const purpose = "installs a new token, verifies it, and restores the old one if it fails";
		files.push({ path: rotateScriptName(plan), content: renderRotateScript(plan), mode: 0o755, purpose });
	}
	return [
		...files,
		{
			path: "RUNBOOK.md",
			content: renderRunbook(plan, pieces, files, existing),
			purpose: "step-by-step instructions",
		},
	];
}
