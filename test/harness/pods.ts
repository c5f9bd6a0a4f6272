/** A pod as the API server shows it, as far as we read it. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface PodText {
	readonly name: string;
	readonly namespace?: string;
	readonly uid?: string;
	/** The revision of its last change. */
	readonly version?: number;
	readonly created?: number;
	readonly phase?: string;
	readonly node?: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly owner?: { readonly kind: string; readonly name: string; readonly uid?: string } | null;
	/** What its name begins with, if the API server made the rest; undefined for all but the last five characters. */
	readonly generateName?: string;
	readonly spec?: object;
}

export function podText({
	name,
	namespace = "prod",
	created = Date.parse("2026-01-30T00:00:00Z"),
	...more
}: PodText): object {
	const prefix = name.slice(0, -5);
	const { uid = `uid-${namespace}-${name}`, version = 100, node = "node-1", generateName = prefix, labels = {} } = more;
	const owner = more.owner === undefined ? { kind: "ReplicaSet", name: prefix.slice(0, -1) } : more.owner;
	const controller = owner && { uid: `uid-of-${owner.name}`, ...owner, controller: true };
	return {
		metadata: {
			name,
			namespace,
			uid,
			generateName,
			resourceVersion: String(version),
			creationTimestamp: new Date(created).toISOString(),
			labels,
			...(controller && { ownerReferences: [controller] }),
		},
		spec: { nodeName: node, containers: [{ env: [{ name: "TOKEN", value: "a-setting-of-this-pod" }] }], ...more.spec },
		status: { phase: more.phase ?? "Running" },
	};
}

/** A pod of a Deployment. */
export function replica(deployment: string, hash: string, end: string, more: Partial<PodText> = {}): PodText {
	const owner = { kind: "ReplicaSet", name: `${deployment}-${hash}` };
	return {
		name: `${deployment}-${hash}-${end}`,
		owner,
		labels: { app: deployment, "pod-template-hash": hash },
		...more,
	};
}

/** What `kubectl get --raw /api/v1/pods` prints, with a pod of the cluster's own that is in every list of it. */
export function podsText(
	pods: readonly PodText[],
	{ version = 200, cluster = "a", ...metadata } = {} as Record<string, unknown>,
): string {
	const own: PodText = {
		name: "proxy-bcdfg",
		namespace: "kube-system",
		uid: `uid-proxy-${cluster}`,
		version: 1,
		node: "node-0",
		owner: { kind: "DaemonSet", name: "proxy", uid: `uid-of-proxy-${cluster}` },
	};
	const items = [own, ...pods].map(podText);
	return JSON.stringify({
		kind: "PodList",
		apiVersion: "v1",
		metadata: { resourceVersion: String(version), ...metadata },
		items,
	});
}
