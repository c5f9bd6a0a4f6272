import type { ContainerHost } from "../../../adapters/collectors/distribution.ts";
import { sh } from "../../../base/quote.ts";
import { versionText } from "../../../base/versions.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces, RunbookStep } from "../artefact.ts";
import { Commented, yamlText } from "../yaml.ts";
import {
	attributionPorts,
	containerArguments,
	folderOf,
	makeFolder,
	proofOnHost,
	rotateByHand,
	rotateByScript,
	rotateScriptName,
} from "./shared.ts";
import { rotateVariable, storeVariable, variableFile } from "./variable.ts";

/** A collector in a container that Docker Compose runs. */
export function dockerPieces(plan: CollectorPlan, host: ContainerHost): PlatformPieces {
	const script = rotateScriptName(plan);
	const isEnv = plan.delivery.way === "env";
	const made = makeFolder(folderOf(plan.tokenFile), host.owner.split(":")[1] ?? "0");
	const store: RunbookStep[] = isEnv
		? [
				storeVariable(
					plan,
					`In the folder with the Compose file, store the token in ${variableFile(plan)}, which Compose reads when it makes the container.`,
				),
			]
		: [
				{
					text: `Create the token's folder on the host. Mount the folder, not the file: a mounted file keeps its old content. ${made.note}`,
					commands: [made.command],
				},
				{ text: "Store the token. The script prompts for it without showing it.", commands: [`sudo sh ${script}`] },
			];
	return {
		artefacts: [{ path: "compose.yaml", content: composeFile(plan, host), purpose: "the container, with its mounts" }],
		install: [
			...store,
			...queueSteps(plan, host),
			{
				text: "Start the container.",
				commands: ["sudo docker compose up -d", `sudo ${host.logs}`],
				isForOurConfig: true,
			},
		],
		...(isEnv
			? {
					rotate: rotateVariable(plan, "In the folder with the Compose file, enter the new token."),
					rollBack: rotateVariable(plan, "Enter the old token in the same way, before the overlap ends."),
				}
			: {
					rotate: [rotateByScript(plan, "Run the script in the folder with the Compose file"), ...rotateByHand(plan)],
					rollBack: [
						{
							text: "Run the same script with the old token, before the overlap ends.",
							commands: [`sudo sh ${script}`],
						},
					],
				}),
		proof: proofOnHost(plan),
	};
}

/** The folder of a queue on disk: a volume that Docker makes belongs to root, and the image's account could not write it. */
function queueSteps(plan: CollectorPlan, { owner }: ContainerHost): RunbookStep[] {
	if (plan.queue !== "persistent") return [];
	const [user = "0", group = user] = owner.split(":");
	return [
		{
			text: "Create the queue's folder on the host: the image's account writes it.",
			commands: [`sudo install -d -m 0700 -o ${sh(user)} -g ${sh(group)} ${sh(plan.queueFolder)}`],
		},
	];
}

/** Image and tag of a release. */
export function imageOf(host: ContainerHost, plan: CollectorPlan): string {
	return `${host.image}:${host.tagPrefix ?? ""}${versionText(plan.release.own)}`;
}

function composeFile(plan: CollectorPlan, host: ContainerHost): string {
	const folder = folderOf(plan.tokenFile);
	const port = new URL(plan.distribution.metrics.url).port;
	const isEnv = plan.delivery.way === "env";
	const config = `./${plan.distribution.configFile}:${host.config}:ro`;
	const queue = plan.queue === "persistent" ? [`${plan.queueFolder}:${plan.queueFolder}`] : [];
	return yamlText({
		services: {
			otelcol: {
				image: imageOf(host, plan),
				command: containerArguments(plan, host.args),
				restart: "unless-stopped",
				...(isEnv
					? { volumes: [config, ...queue], env_file: [`./${variableFile(plan)}`] }
					: {
							volumes: new Commented(
								"The token's folder, not its file: a mounted file keeps its old content when it is replaced.",
								[`${folder}:${folder}:ro`, config, ...queue],
							),
						}),
				ports: [4317, 4318, Number(port), ...attributionPorts(plan)].map((each) => `127.0.0.1:${each}:${each}`),
			},
		},
	});
}
