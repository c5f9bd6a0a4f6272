import type { KubernetesHost } from "../../../adapters/collectors/distribution.ts";
import { ownEntry } from "../../../base/lookup.ts";
import { sh } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { Artefact, PlatformPieces, RunbookStep } from "../artefact.ts";
import { renderConfig } from "../collector.ts";
import { otelcolConfig } from "../otelcol.ts";
import { Commented, type YamlMap, type YamlValue, yamlText } from "../yaml.ts";
import { imageOf } from "./docker.ts";
import { ASK_TOKEN, attributionPorts, containerArguments, fileOf, folderOf, proofByHand, uptakeOf } from "./shared.ts";

/** A collector in Kubernetes: plain manifests, and values for the vendor's Helm chart. */
export function kubernetesPieces(plan: CollectorPlan, host: KubernetesHost): PlatformPieces {
	const secret = `${plan.name}-ingest`;
	const key = fileOf(plan.tokenFile);
	const isEnv = plan.delivery.way === "env";
	const putSecret = `${ASK_TOKEN} | kubectl -n NAMESPACE create secret generic ${secret} --from-file=${sh(key)}=/dev/stdin --dry-run=client -o yaml | kubectl apply --server-side --force-conflicts -f -`;
	const apply: RunbookStep[] =
		plan.delivery.apply === "nothing"
			? [
					{
						text: "Wait a minute or two: the kubelet updates the Secret in the pod, and the collector switches by itself.",
					},
				]
			: [
					{
						text: "Restart the collector so that it reads the new token.",
						commands: [host.restart, `${host.restart.replace(" restart ", " status ")}`],
					},
				];
	const workload = /(deployment|daemonset)\/\S+/.exec(host.restart)?.[0] ?? "deployment/otelcol";
	const port = new URL(plan.distribution.metrics.url).port;
	const uptake = uptakeOf(plan);
	const logged = "log" in uptake ? [`${host.logs} --since=10m | grep -F ${sh(uptake.log)}`] : [];
	return {
		artefacts: [
			{
				path: "kubernetes.yaml",
				content: manifests(plan, host, secret),
				purpose: "ConfigMap, Deployment and Service, without Helm",
			},
			...helmValues(plan, host, secret),
		],
		install: [
			{
				text: "Create the Secret. The command prompts for the token without showing it; no process gets it as an argument.",
				commands: [putSecret],
			},
			{
				text: "Apply the manifests, or pass the values to the chart. The Secret is mounted as a folder: a mount with subPath would never update.",
				commands: [
					"kubectl -n NAMESPACE apply -f kubernetes.yaml",
					...(host.helm
						? [
								`helm upgrade --install otelcol ${host.helm.chart} --repo ${host.helm.repository} -n NAMESPACE -f values.yaml   # instead`,
							]
						: []),
				],
			},
			{ text: "Check its log.", commands: [host.logs] },
		],
		rotate: [
			{ text: isEnv ? "Replace the Secret." : "Replace the Secret with the new token.", commands: [putSecret] },
			...apply,
		],
		proof: proofByHand(plan, logged, [
			`kubectl -n NAMESPACE port-forward ${workload} ${port}:${port} &`,
			`kubectl -n NAMESPACE get secret ${secret} -o ${sh(`go-template={{index .data "${key}"}}`)} | base64 -d | sha256sum | cut -c1-12   # the new token's fingerprint`,
		]),
		rollBack: [
			{
				text: "Replace the Secret with the old token in the same way, before the overlap ends.",
				commands: [putSecret],
			},
			...apply,
		],
	};
}

function manifests(plan: CollectorPlan, host: KubernetesHost, secret: string): string {
	const labels = { "app.kubernetes.io/name": "otelcol", "app.kubernetes.io/instance": plan.name };
	const folder = folderOf(host.config);
	const ports = [4317, 4318, ...attributionPorts(plan)].map((containerPort) => ({ containerPort }));
	const documents: YamlMap[] = [
		{
			apiVersion: "v1",
			kind: "ConfigMap",
			metadata: { name: "otelcol", labels },
			data: { [fileOf(host.config)]: renderConfig(plan) },
		},
		{
			apiVersion: "apps/v1",
			kind: "Deployment",
			metadata: { name: "otelcol", labels },
			spec: {
				replicas: 1,
				selector: { matchLabels: labels },
				template: {
					metadata: { labels },
					spec: {
						...podSecurity(host),
						containers: [
							{
								name: "otelcol",
								image: imageOf(host, plan),
								args: containerArguments(plan, host.args),
								...environment(plan, secret),
								ports,
								volumeMounts: [{ name: "config", mountPath: folder, readOnly: true }, ...mounts(plan, secret)],
							},
						],
						volumes: [{ name: "config", configMap: { name: "otelcol" } }, ...volumes(plan, secret)],
					},
				},
			},
		},
		{
			apiVersion: "v1",
			kind: "Service",
			metadata: { name: "otelcol", labels },
			spec: {
				selector: labels,
				ports: [
					{ name: "otlp-grpc", port: 4317, targetPort: 4317 },
					{ name: "otlp-http", port: 4318, targetPort: 4318 },
					...attributionPorts(plan).map((port) => ({ name: "attribution", port, targetPort: port })),
				],
			},
		},
	];
	return documents.map(yamlText).join("---\n");
}

/** Secret files belong to root; the group makes them readable for the image's account. */
function podSecurity({ owner }: KubernetesHost): YamlMap {
	const group = Number(owner.split(":")[1]);
	return group === 0 ? {} : { securityContext: { fsGroup: group } };
}

function volumes(plan: CollectorPlan, secret: string): YamlMap[] {
	const defaultMode = new Commented("0440: readable for the group set by fsGroup", 0o440);
	const token = { name: secret, secret: { secretName: secret, defaultMode } };
	const queue = plan.queue === "persistent" ? [{ name: "queue", emptyDir: {} }] : [];
	return [...(plan.delivery.way === "env" ? [] : [token]), ...queue];
}

function mounts(plan: CollectorPlan, secret: string): YamlMap[] {
	const queue = plan.queue === "persistent" ? [{ name: "queue", mountPath: plan.queueFolder }] : [];
	const token = { name: secret, mountPath: folderOf(plan.tokenFile), readOnly: true };
	return [...(plan.delivery.way === "env" ? [] : [token]), ...queue];
}

function environment(plan: CollectorPlan, secret: string): YamlMap {
	const token = {
		name: plan.provider.variable,
		valueFrom: { secretKeyRef: { name: secret, key: fileOf(plan.tokenFile) } },
	};
	const node = { name: "NODE_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } };
	const all = [
		...(plan.delivery.way === "env" ? [token] : []),
		...(plan.agentEndpoint?.includes("NODE_IP") ? [node] : []),
	];
	return all.length > 0 ? { env: all } : {};
}

function helmValues(plan: CollectorPlan, { helm, owner }: KubernetesHost, secret: string): Artefact[] {
	if (!helm) return [];
	const group = Number(owner.split(":")[1]);
	const parts: (readonly [path: readonly string[], value: YamlValue])[] = [
		[helm.config, helm.configAs === "text" ? renderConfig(plan) : otelcolConfig(plan)],
		[helm.volumes, volumes(plan, secret)],
		[helm.mounts, mounts(plan, secret)],
	];
	if (helm.stability && plan.stability) parts.push([helm.stability, plan.stability]);
	if (helm.podSecurity && group > 0) parts.push([helm.podSecurity, { fsGroup: group }]);
	const values = parts.reduce<YamlMap>((all, [path, value]) => withValue(all, path, value), helm.values);
	const head = `# Values for the Helm chart ${helm.chart} of ${helm.repository}.\n\n`;
	return [
		{ path: "values.yaml", content: head + yamlText(values), purpose: `values for the Helm chart ${helm.chart}` },
	];
}

/** A map with a value at a path of keys. */
function withValue(map: YamlMap, [key = "", ...rest]: readonly string[], value: YamlValue): YamlMap {
	return { ...map, [key]: rest.length === 0 ? value : withValue((ownEntry(map, key) ?? {}) as YamlMap, rest, value) };
}
