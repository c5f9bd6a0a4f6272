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
	if (plan.platform === "systemd" && systemd) return systemdPieces(plan, systemd);
	if (plan.platform === "docker" && docker) return dockerPieces(plan, docker);
	if (plan.platform === "kubernetes" && kubernetes) return kubernetesPieces(plan, kubernetes);
	if (plan.platform === "ecs" && ecs) return ecsPieces(plan, ecs);
	if (plan.platform === "windows" && windows) return windowsPieces(plan, windows);
	throw new TypeError(`${plan.distribution.id} has no facts for ${plan.platform}`);
}
