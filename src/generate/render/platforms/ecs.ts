import type { EcsHost } from "../../../adapters/collectors/distribution.ts";
import { sh } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces, RunbookStep } from "../artefact.ts";
import { renderConfig } from "../collector.ts";
import { imageOf } from "./docker.ts";
import { askInto, attributionPorts, exporterLabel, folderOf, proofText } from "./shared.ts";

/** A collector in an Amazon ECS task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html */
export function ecsPieces(plan: CollectorPlan, host: EcsHost): PlatformPieces {
	const secret = `${plan.name}-ingest`;
	const putSecret = askInto(
		`aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file:///dev/stdin`,
	);
	const replace: RunbookStep = {
		text: "Replace the tasks: new ones start with the new token before the old ones stop. A running task never sees the new secret.",
		commands: [host.restart, "aws ecs wait services-stable --cluster CLUSTER --services SERVICE"],
	};
	return {
		artefacts: [
			{
				path: "task-definition.json",
				content: taskDefinition(plan, host, secret),
				purpose: "parts of the task definition",
			},
		],
		install: [
			{
				text: "Create the secret. The command prompts for the token without showing it; no process gets it as an argument.",
				commands: [putSecret.replace("put-secret-value --secret-id", "create-secret --name")],
			},
			{
				isForOurConfig: true,
				text: "Add the containers of task-definition.json to your task definition, replace the placeholders in capitals, and grant the execution role secretsmanager:GetSecretValue on the secret.",
				commands: ["aws ecs register-task-definition --cli-input-json file://task-definition.json"],
			},
			{
				...replace,
				text: "Start tasks with it. The service must allow more tasks than its desired count (maximumPercent 200).",
			},
		],
		rotate: [{ text: "Store the new token in the secret.", commands: [putSecret] }, replace],
		proof: {
			text: `Run this in a container of the same task. ${proofText(plan)}`,
			commands: [
				`curl -s ${plan.distribution.metrics.url} | grep -E 'otelcol_exporter_(sent|send_failed)_' | grep -F ${sh(exporterLabel(plan))}`,
			],
		},
		rollBack: [{ text: "Store the old token in the secret, before the overlap ends.", commands: [putSecret] }, replace],
	};
}

/** The collector, and an init container that writes the secret to a file in their shared volume and exits. */
function taskDefinition(plan: CollectorPlan, host: EcsHost, secret: string): string {
	const folder = folderOf(plan.tokenFile);
	const valueFrom = `arn:aws:secretsmanager:REGION:ACCOUNT:secret:${secret}`;
	const mountPoint = { sourceVolume: "token", containerPath: folder };
	const isEnv = plan.delivery.way === "env";
	const writer = {
		name: "token-writer",
		image: "public.ecr.aws/docker/library/busybox:stable",
		essential: false,
		// The shell's own printf: no process gets the token as an argument.
		command: [
			"sh",
			"-c",
			`umask 077 && printf %s "$INGEST_TOKEN" > ${sh(plan.tokenFile)} && chown ${host.owner} ${sh(plan.tokenFile)} && chmod 0400 ${sh(plan.tokenFile)}`,
		],
		secrets: [{ name: "INGEST_TOKEN", valueFrom }],
		mountPoints: [mountPoint],
	};
	const collector = {
		name: "otelcol",
		image: imageOf(host, plan),
		essential: true,
		...(host.args.length > 0 ? { command: host.args } : {}),
		environment: [{ name: host.configVariable, value: renderConfig(plan) }],
		...(isEnv
			? { secrets: [{ name: plan.provider.variable, valueFrom }] }
			: {
					dependsOn: [{ containerName: "token-writer", condition: "SUCCESS" }],
					mountPoints: [{ ...mountPoint, readOnly: true }],
				}),
		portMappings: [4317, 4318, ...attributionPorts(plan)].map((containerPort) => ({ containerPort })),
	};
	const definition = {
		family: "otelcol",
		networkMode: "awsvpc",
		cpu: "256",
		memory: "512",
		executionRoleArn: "arn:aws:iam::ACCOUNT:role/EXECUTION_ROLE",
		containerDefinitions: isEnv ? [collector] : [writer, collector],
		...(isEnv ? {} : { volumes: [{ name: "token" }] }),
	};
	return `${JSON.stringify(definition, undefined, 2)}\n`;
}
