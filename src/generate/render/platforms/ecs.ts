import type { EcsHost } from "../../../adapters/collectors/distribution.ts";
import { sh } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces, RunbookStep } from "../artefact.ts";
import { renderConfig } from "../collector.ts";
import { imageOf } from "./docker.ts";
import { askInto, attributionPorts, exporterLabel, folderOf, SHA256 } from "./shared.ts";

const STABLE = "aws ecs wait services-stable --cluster CLUSTER --services SERVICE";

/**
 * Not a name that ends in a hyphen and six characters, which Secrets Manager would take for the end of a whole ARN.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
 */
function secretOf({ name }: CollectorPlan): string {
	return `${name}-ingest-token`;
}

/** A family of its own: another one of the same name would get a new revision. */
function familyOf({ name }: CollectorPlan): string {
	return `otelcol-${name}`;
}

/** A collector in an Amazon ECS task. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html */
export function ecsPieces(plan: CollectorPlan, host: EcsHost): PlatformPieces {
	const secret = secretOf(plan);
	const putSecret = askInto(
		`aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file:///dev/stdin`,
	);
	const replace: RunbookStep = {
		text: "Replace the tasks: new ones start with the new token before the old ones stop. A running task never sees the new secret.",
		commands: [host.restart, STABLE],
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
				text: "Create the secret. The command prompts for the token without showing it; no process gets it as an argument. It prints the secret's ARN.",
				commands: [putSecret.replace("put-secret-value --secret-id", "create-secret --name")],
			},
			{
				isForOurConfig: true,
				text: `Replace the placeholders in capitals in task-definition.json, each ARN by the one that was printed, and grant the execution role secretsmanager:GetSecretValue on the secret. The log group must exist. If your tasks have other containers, add ours to your own task definition instead, register that, and give its family below: this one is ${familyOf(plan)}.`,
				commands: ["aws ecs register-task-definition --cli-input-json file://task-definition.json"],
			},
			{
				text: "Start tasks with it: without the name of the task definition, the service stays on the one it has. The service must allow more tasks than its desired count (maximumPercent 200).",
				commands: [`${host.restart} --task-definition ${familyOf(plan)}`, STABLE],
				isForOurConfig: true,
			},
		],
		rotate: [{ text: "Store the new token in the secret.", commands: [putSecret] }, replace],
		proof: {
			text: `A task has the secret's value of its start and no other: it is proven if the secret contains the new token (the first command shows its fingerprint), each task started after that, and the sent counters of each rise between two checks while the send_failed counters do not. Successful exports alone prove nothing while both tokens are accepted. The last command runs in a container of the task that has curl; the collector's image has none.`,
			commands: [
				`aws secretsmanager get-secret-value --secret-id ${secret} --query SecretString --output text | tr -d '\\n' | ${SHA256} | cut -c1-12`,
				`aws secretsmanager describe-secret --secret-id ${secret} --query LastChangedDate`,
				"aws ecs describe-tasks --cluster CLUSTER --tasks $(aws ecs list-tasks --cluster CLUSTER --service-name SERVICE --query 'taskArns[]' --output text) --query 'tasks[].[taskArn,startedAt]'",
				`curl -s ${plan.distribution.metrics.url} | grep -E 'otelcol_exporter_(sent|send_failed)_' | grep -F ${sh(exporterLabel(plan))}`,
			],
		},
		rollBack: [{ text: "Store the old token in the secret, before the overlap ends.", commands: [putSecret] }, replace],
	};
}

/** The collector, and an init container that writes the secret to a file in their shared volume and exits. */
function taskDefinition(plan: CollectorPlan, host: EcsHost, secret: string): string {
	const folder = folderOf(plan.tokenFile);
	const valueFrom = `arn:aws:secretsmanager:REGION:ACCOUNT:secret:${secret}-SUFFIX`;
	const mountPoint = { sourceVolume: "token", containerPath: folder };
	const isEnv = plan.delivery.way === "env";
	const logConfiguration = {
		logDriver: "awslogs",
		options: { "awslogs-group": "LOG_GROUP", "awslogs-region": "REGION", "awslogs-stream-prefix": plan.name },
	};
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
		logConfiguration,
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
		logConfiguration,
		portMappings: [4317, 4318, ...attributionPorts(plan)].map((containerPort) => ({ containerPort })),
	};
	const definition = {
		family: familyOf(plan),
		networkMode: "awsvpc",
		cpu: "256",
		memory: "512",
		executionRoleArn: "arn:aws:iam::ACCOUNT:role/EXECUTION_ROLE",
		containerDefinitions: isEnv ? [collector] : [writer, collector],
		...(isEnv ? {} : { volumes: [{ name: "token" }] }),
	};
	return `${JSON.stringify(definition, undefined, 2)}\n`;
}
