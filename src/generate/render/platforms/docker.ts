import type { ContainerHost } from "../../../adapters/collectors/distribution.ts";
import { sh } from "../../../base/quote.ts";
import { versionText } from "../../../base/versions.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces } from "../artefact.ts";
import { Commented, yamlText } from "../yaml.ts";
import {
	attributionPorts,
	containerArguments,
	folderOf,
	proofOnHost,
	rotateByHand,
	rotateScriptName,
} from "./shared.ts";

/** A collector in a container that Docker Compose runs. */
export function dockerPieces(plan: CollectorPlan, host: ContainerHost): PlatformPieces {
	const script = rotateScriptName(plan);
	const folder = folderOf(plan.tokenFile);
	return {
		artefacts: [{ path: "compose.yaml", content: composeFile(plan, host), purpose: "the container, with its mounts" }],
		install: [
			{
				text: "Make the folder for the token on the host. It is mounted as a folder: a single mounted file would stay the old one for ever.",
				commands: [`sudo install -d -m 0750 -o root -g ${sh(host.owner.split(":")[1] ?? "0")} ${sh(folder)}`],
			},
			{ text: "Put the token there. The script asks for it and does not show it.", commands: [`sudo sh ${script}`] },
			{ text: "Start the container.", commands: ["docker compose up -d", host.logs] },
		],
		rotate: [
			{
				text: "Give the new token to the script, in the folder of compose.yaml. It asks the provider whether the token is accepted, replaces the file whole, has the collector use it, waits until it is proven that exports succeed with it and not with the old one, and puts the old one back when they fail. Exit code 14 is replaced, not proven: it says what to look at, and where the old token is kept.",
				commands: [`sudo sh ${script}`, `sudo sh ${script} --from new.token   # or from a file`],
			},
			rotateByHand(plan),
		],
		proof: proofOnHost(plan),
		rollBack: [
			{ text: "Give the old token to the same script, before the overlap ends.", commands: [`sudo sh ${script}`] },
		],
	};
}

/** Image and tag of a release. */
export function imageOf(host: ContainerHost, plan: CollectorPlan): string {
	return `${host.image}:${host.tagPrefix ?? ""}${versionText(plan.release.own)}`;
}

function composeFile(plan: CollectorPlan, host: ContainerHost): string {
	const folder = folderOf(plan.tokenFile);
	const port = new URL(plan.distribution.metrics.url).port;
	const isEnv = plan.delivery.way === "env";
	const queue = plan.queue === "persistent" ? [`${plan.name}-queue:${plan.queueFolder}`] : [];
	return yamlText({
		services: {
			otelcol: {
				image: imageOf(host, plan),
				command: containerArguments(plan, host.args),
				restart: "unless-stopped",
				volumes: new Commented("The token's folder, not its file: a file keeps its old content when it is replaced.", [
					...(isEnv ? [] : [`${folder}:${folder}:ro`]),
					`./${plan.distribution.configFile}:${host.config}:ro`,
					...queue,
				]),
				...(isEnv ? { env_file: [`./${plan.name}.env`] } : {}),
				ports: [4317, 4318, Number(port), ...attributionPorts(plan)].map((each) => `127.0.0.1:${each}:${each}`),
			},
		},
		...(queue.length > 0 ? { volumes: { [`${plan.name}-queue`]: {} } } : {}),
	});
}
