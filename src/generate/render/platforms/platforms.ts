import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces } from "../artefact.ts";
import { dockerPieces } from "./docker.ts";
import { ecsPieces } from "./ecs.ts";
import { kubernetesPieces } from "./kubernetes.ts";
import { systemdPieces } from "./systemd.ts";
import { windowsPieces } from "./windows.ts";

/** What the plan's platform adds. */
export function platformPieces(plan: CollectorPlan): PlatformPieces {
	const { systemd, docker, kubernetes, ecs, windows } = plan.distribution.hosts;
	// The plan's path: a collector can have its config in another place than its package.
	const { config } = plan.host;
	if (plan.platform === "systemd" && systemd) return systemdPieces(plan, { ...systemd, config });
	if (plan.platform === "docker" && docker) return dockerPieces(plan, { ...docker, config });
	if (plan.platform === "kubernetes" && kubernetes) return kubernetesPieces(plan, { ...kubernetes, config });
	if (plan.platform === "ecs" && ecs) return ecsPieces(plan, { ...ecs, config });
	if (plan.platform === "windows" && windows) return windowsPieces(plan, { ...windows, config });
	throw new TypeError(`${plan.distribution.id} has no facts for ${plan.platform}`);
}
