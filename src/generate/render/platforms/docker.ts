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
				text: "Create the token's folder on the host. Mount the folder, not the file: a mounted file keeps its old content.",
				commands: [`sudo install -d -m 0750 -o root -g ${sh(host.owner.split(":")[1] ?? "0")} ${sh(folder)}`],
			},
			{ text: "Store the token. The script prompts for it without showing it.", commands: [`sudo sh ${script}`] },
			{ text: "Start the container.", commands: ["docker compose up -d", host.logs], isForOurConfig: true },
		],
		rotate: [
			{
				text: "Run the script in the folder with the Compose file and enter the new token. It checks the token with the provider, replaces the file atomically, makes the collector use it, waits for proof that exports succeed with the new token and not the old one, and restores the old token if they fail. Exit code 14 means replaced but not proven: the output says what to check and where the old token is kept.",
				commands: [`sudo sh ${script}`, `sudo sh ${script} --from new.token   # or from a file`],
			},
			rotateByHand(plan),
		],
		proof: proofOnHost(plan),
		rollBack: [
			{ text: "Run the same script with the old token, before the overlap ends.", commands: [`sudo sh ${script}`] },
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
				volumes: new Commented(
					"The token's folder, not its file: a mounted file keeps its old content when it is replaced.",
					[
						...(isEnv ? [] : [`${folder}:${folder}:ro`]),
						`./${plan.distribution.configFile}:${host.config}:ro`,
						...queue,
					],
				),
				...(isEnv ? { env_file: [`./${plan.name}.env`] } : {}),
				ports: [4317, 4318, Number(port), ...attributionPorts(plan)].map((each) => `127.0.0.1:${each}:${each}`),
			},
		},
		...(queue.length > 0 ? { volumes: { [`${plan.name}-queue`]: {} } } : {}),
	});
}
