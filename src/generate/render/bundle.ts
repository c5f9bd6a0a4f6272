import type { CollectorPlan } from "../plan/collector.ts";
import type { Artefact } from "./artefact.ts";
import { renderConfig } from "./collector.ts";
import { platformPieces } from "./platforms/platforms.ts";
import { rotateScriptName } from "./platforms/shared.ts";
import { hasRotateScript, renderRotateScript } from "./rotate-script.ts";
import { renderRunbook } from "./runbook.ts";

/** Everything needed to carry out a plan: config, companion files, rotation script and runbook. */
export function renderBundle(plan: CollectorPlan): Artefact[] {
	const pieces = platformPieces(plan);
	const files: Artefact[] = [
		{ path: plan.distribution.configFile, content: renderConfig(plan), purpose: "the collector's config" },
		...pieces.artefacts,
	];
	if (hasRotateScript(plan)) {
		const purpose = "installs a new token, verifies it, and restores the old one if it fails";
		files.push({ path: rotateScriptName(plan), content: renderRotateScript(plan), mode: 0o755, purpose });
	}
	return [
		...files,
		{ path: "RUNBOOK.md", content: renderRunbook(plan, pieces, files), purpose: "step-by-step instructions" },
	];
}
