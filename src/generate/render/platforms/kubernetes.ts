import type {
	ConfigValue,
	ConfigValues,
	HelmChart,
	KubernetesHost,
} from "../../../adapters/collectors/distribution.ts";
import { INSTANCE } from "../../../adapters/collectors/hosts.ts";
import { sh } from "../../../base/quote.ts";
import { versionText } from "../../../base/versions.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { Artefact, PlatformPieces, RunbookStep } from "../artefact.ts";
import { renderConfig } from "../collector.ts";
import { otelcolConfig } from "../otelcol.ts";
import { Commented, flowText, withValue, type YamlMap, type YamlValue, yamlText } from "../yaml.ts";
import { imageOf } from "./docker.ts";
import {
	askInto,
	attributionPorts,
	containerArguments,
	fileOf,
	folderOf,
	proofByHand,
	SHA256,
	uptakeOf,
} from "./shared.ts";

/** Where its workload, its claim and its Service are found, and the release of a chart. */
function namesOf({ name }: CollectorPlan) {
	return { workload: `otelcol-${name}`, secret: `${name}-ingest`, claim: `${name}-queue`, release: name };
}

/** The labels of the workload and its pods, as a selector. */
function selectorOf(plan: CollectorPlan, { helm, pods }: KubernetesHost): string {
	return pods ?? (helm?.selector ?? INSTANCE).replaceAll("RELEASE", namesOf(plan).release);
}

/** A collector in Kubernetes: plain manifests, and values for the vendor's Helm chart. */
export function kubernetesPieces(plan: CollectorPlan, host: KubernetesHost): PlatformPieces {
	const { secret } = namesOf(plan);
	const key = fileOf(plan.tokenFile);
	const selector = selectorOf(plan, host);
	const ours = (command: string) => command.replaceAll(INSTANCE, selector);
	const putSecret = askInto(
		`kubectl -n NAMESPACE create secret generic ${secret} --from-file=${sh(key)}=/dev/stdin --dry-run=client -o yaml | kubectl apply --server-side --field-manager=otel-crossfade -f -`,
	);
	const apply = applySteps(plan, ours(host.restart));
	const port = Number(new URL(plan.distribution.metrics.url).port);
	const uptake = uptakeOf(plan);
	const logged = "log" in uptake ? [`${ours(host.logs)} --since=10m | grep -F ${sh(uptake.log)}`] : [];
	const proof = proofByHand(
		plan,
		[
			`kubectl -n NAMESPACE get secret ${secret} -o ${sh(`go-template={{index .data "${key}"}}`)} | base64 -d | ${SHA256} | cut -c1-12`,
			...logged,
		],
		(filter) => ofEachPod(selector, port, filter),
	);
	return {
		artefacts: [
			{
				path: "kubernetes.yaml",
				content: manifests(plan, host),
				purpose: "all objects, without Helm",
			},
			...helmValues(plan, host),
		],
		install: [
			{
				text: "Create the Secret. The command prompts for the token without showing it; no process gets it as an argument.",
				commands: [putSecret],
			},
			...startSteps(plan, host).map((step) => ({ ...step, isForOurConfig: true as const })),
			{ text: "Check its log.", commands: [ours(host.logs)] },
		],
		rotate: [
			{
				text: `Replace the Secret's token; other keys in it stay. ${CONFLICT}`,
				commands: [putSecret],
			},
			...apply,
		],
		proof: { ...proof, text: `${proof.text} ${EVERY_POD}` },
		rollBack: [
			{
				text: "Replace the Secret with the old token in the same way, before the overlap ends.",
				commands: [putSecret],
			},
			...apply,
		],
	};
}

/** The manifests, or the chart. */
function startSteps(plan: CollectorPlan, host: KubernetesHost): RunbookStep[] {
	const { release } = namesOf(plan);
	return [
		{
			text:
				plan.delivery.way === "env"
					? "Apply the manifests. The token is a variable of the container, which a new value of the Secret never reaches."
					: "Apply the manifests. The Secret is mounted as a folder: a mount with subPath would never update.",
			commands: ["kubectl -n NAMESPACE apply -f kubernetes.yaml"],
		},
		...(host.helm
			? [
					{
						text: `Or, instead of the manifests, ${host.helm.release ? CHANGE_RELEASE : NEW_RELEASE}`,
						commands: [
							// The chart makes no claim for the queue; without one it would end with the pod.
							...queueClaim(plan).map((claim) => `echo ${sh(flowText(claim, true))} | kubectl -n NAMESPACE apply -f -`),
							helmCommand(host.helm, release),
						],
					},
				]
			: []),
	];
}

/** What makes the pods use a new token. */
function applySteps(plan: CollectorPlan, restart: string): RunbookStep[] {
	return plan.delivery.apply === "nothing"
		? [
				{
					text: "Wait a minute or two: the kubelet updates the Secret in the pods, and the collector switches by itself.",
				},
			]
		: [
				{
					text: "Restart the collector so that it reads the new token.",
					commands: [restart, restart.replace(" restart ", " status ")],
				},
			];
}

const NEW_RELEASE =
	"install a release of the chart. Not into a release that has work of its own: these values replace its config, and crossfade collector --into YOUR-VALUES.yaml adds to it.";
const CHANGE_RELEASE = "change the release of the agent, whose own values stay except for those in values.yaml.";

function helmCommand({ chart, repository, release }: HelmChart, name: string): string {
	const verb = release ? `upgrade ${release}` : `upgrade --install ${name}`;
	return `helm ${verb} ${chart} --repo ${repository} -n NAMESPACE${release ? " --reset-then-reuse-values" : ""} -f values.yaml`;
}

const CONFLICT =
	"If kubectl reports a conflict, nothing was changed, and something else writes this Secret (External Secrets, a Vault operator, Argo CD, Flux): store the new token at its source, which would undo what is forced here. Only if the conflict is with kubectl itself, as after kubectl create, or with otel-crossfade's own store, add --force-conflicts.";
const EVERY_POD =
	"This has to be seen in every pod: the commands read each of them, for which you need the right to use the proxy of pods. Let Prometheus scrape the pods, not the Service, which would give it one pod at a time.";

/** Reads a page of every pod through the API server, one after the other. */
function ofEachPod(selector: string, port: number, filter: string): string {
	const pods = `$(kubectl -n NAMESPACE get pods -l ${selector} -o jsonpath='{.items[*].metadata.name}')`;
	return `for pod in ${pods}; do echo "$pod"; kubectl get --raw "/api/v1/namespaces/NAMESPACE/pods/$pod:${port}/proxy/metrics" | ${filter}; done`;
}

/** The same as in the runbook, for pods of this plan. */
export function podPages(plan: CollectorPlan, url: string, filter: string): string {
	const { kubernetes } = plan.distribution.hosts;
	return ofEachPod(kubernetes ? selectorOf(plan, kubernetes) : INSTANCE, Number(new URL(url).port), filter);
}

function manifests(plan: CollectorPlan, host: KubernetesHost): string {
	const { workload: name, release } = namesOf(plan);
	const chosen = (host.helm?.selector ?? INSTANCE).replaceAll("RELEASE", release).split(",");
	const labels = {
		"app.kubernetes.io/name": "otelcol",
		...Object.fromEntries([`app.kubernetes.io/instance=${release}`, ...chosen].map((each) => each.split("="))),
	};
	const folder = folderOf(host.config);
	const ports = [
		{ name: "otlp-grpc", containerPort: 4317 },
		{ name: "otlp-http", containerPort: 4318 },
		{ name: "metrics", containerPort: Number(new URL(plan.distribution.metrics.url).port) },
		...attributionPorts(plan).map((containerPort) => ({ name: "attribution", containerPort })),
	];
	const documents: YamlMap[] = [
		...queueClaim(plan),
		{
			apiVersion: "v1",
			kind: "ConfigMap",
			metadata: { name, labels },
			data: { [fileOf(host.config)]: renderConfig(plan) },
		},
		{
			apiVersion: "apps/v1",
			kind: "Deployment",
			metadata: { name, labels },
			spec: {
				replicas: 1,
				...(plan.queue === "persistent"
					? {
							strategy: new Commented("the queue has one writer: the old pod ends before the new one starts", {
								type: "Recreate",
							}),
						}
					: {}),
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
								...environment(plan),
								ports,
								resources: RESOURCES,
								securityContext: CONTAINER_SECURITY,
								volumeMounts: [{ name: "config", mountPath: folder, readOnly: true }, ...mounts(plan)],
							},
						],
						volumes: [{ name: "config", configMap: { name } }, ...volumes(plan)],
					},
				},
			},
		},
		{
			apiVersion: "v1",
			kind: "Service",
			metadata: { name, labels },
			spec: {
				selector: labels,
				ports: [
					{ name: "otlp-grpc", port: 4317, targetPort: 4317 },
					{ name: "otlp-http", port: 4318, targetPort: 4318 },
				],
			},
		},
	];
	return documents.map(yamlText).join("---\n");
}

/** The memory limiter's percentages are of this limit. */
const RESOURCES: YamlMap = {
	requests: { cpu: "100m", memory: "256Mi" },
	limits: { memory: new Commented("the memory limiter's percentages are of this", "512Mi") },
};

/** What a namespace with `enforce: restricted` asks for. https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
const CONTAINER_SECURITY: YamlMap = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

/** Secret files belong to root; the group makes them readable for the image's account. */
function podSecurityOf({ owner }: KubernetesHost): YamlMap | undefined {
	const [user = 0, group = 0] = owner.split(":").map(Number);
	if (user === 0) return undefined;
	return {
		runAsNonRoot: true,
		runAsUser: user,
		runAsGroup: group,
		fsGroup: group,
		seccompProfile: { type: "RuntimeDefault" },
	};
}

function podSecurity(host: KubernetesHost): YamlMap {
	const context = podSecurityOf(host);
	return context ? { securityContext: context } : {};
}

function volumes(plan: CollectorPlan): YamlMap[] {
	const { secret, claim } = namesOf(plan);
	const defaultMode = new Commented("0440: readable for the group set by fsGroup", 0o440);
	const token = { name: secret, secret: { secretName: secret, defaultMode } };
	const queue = plan.queue === "persistent" ? [{ name: "queue", persistentVolumeClaim: { claimName: claim } }] : [];
	return [...(plan.delivery.way === "env" ? [] : [token]), ...queue];
}

function mounts(plan: CollectorPlan): YamlMap[] {
	const queue = plan.queue === "persistent" ? [{ name: "queue", mountPath: plan.queueFolder }] : [];
	const token = { name: namesOf(plan).secret, mountPath: folderOf(plan.tokenFile), readOnly: true };
	return [...(plan.delivery.way === "env" ? [] : [token]), ...queue];
}

/** The volume of a queue on disk: a folder of the pod would end with it. */
function queueClaim(plan: CollectorPlan): YamlMap[] {
	if (plan.queue !== "persistent") return [];
	return [
		{
			apiVersion: "v1",
			kind: "PersistentVolumeClaim",
			metadata: { name: namesOf(plan).claim },
			spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "2Gi" } } },
		},
	];
}

function environment(plan: CollectorPlan): YamlMap {
	const token = {
		name: plan.provider.variable,
		valueFrom: { secretKeyRef: { name: namesOf(plan).secret, key: fileOf(plan.tokenFile) } },
	};
	const node = { name: "NODE_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } };
	const all = [
		...(plan.delivery.way === "env" ? [token] : []),
		...(plan.agentEndpoint?.includes("NODE_IP") ? [node] : []),
	];
	return all.length > 0 ? { env: all } : {};
}

function helmValues(plan: CollectorPlan, host: KubernetesHost): Artefact[] {
	const { helm, tagPrefix = "" } = host;
	if (!helm) return [];
	const security = podSecurityOf(host);
	const parts: (readonly [path: readonly string[] | undefined, value: YamlValue | undefined])[] = [
		[helm.tag, `${tagPrefix}${versionText(plan.release.own)}`],
		[helm.ports?.path, openPorts(plan, helm)],
		[helm.config, helm.configAs === "text" ? renderConfig(plan) : otelcolConfig(plan)],
		[helm.volumes, volumes(plan)],
		[helm.mounts, mounts(plan)],
		[helm.stability, plan.stability],
		[helm.resources, RESOURCES],
		[helm.podSecurity, security],
		...(helm.containerSecurity ?? []).map((path) => [path, security && CONTAINER_SECURITY] as const),
		[helm.recreate?.path, plan.queue === "persistent" ? helm.recreate?.value : undefined],
	];
	const values = parts.reduce<YamlMap>(
		(all, [path, value]) => (path && value !== undefined ? withValue(all, path, value) : all),
		helm.values,
	);
	const head = `# Values for the Helm chart ${helm.chart} of ${helm.repository}.\n\n`;
	return [
		{ path: "values.yaml", content: head + yamlText(values), purpose: `values for the Helm chart ${helm.chart}` },
	];
}

/** The ports that the chart does not open by itself, beside those in its values. */
function openPorts(plan: CollectorPlan, { ports, values }: HelmChart): YamlValue | undefined {
	if (!ports) return undefined;
	const otlp = ports.hasOtlp
		? []
		: ([
				["otlp-grpc", 4317],
				["otlp-http", 4318],
			] as const);
	const entries = [...otlp, ...attributionPorts(plan).map((port) => ["attribution", port] as const)].map(
		([name, port]) => [name, ports.entry(name, port)] as const,
	);
	const before = ports.path.reduce<ConfigValue | undefined>(
		(map, key) => (map as ConfigValues | undefined)?.[key],
		values,
	) as ConfigValues | undefined;
	if (entries.length === 0) return before;
	return ports.form === "list" ? entries.map(([, entry]) => entry) : { ...before, ...Object.fromEntries(entries) };
}
