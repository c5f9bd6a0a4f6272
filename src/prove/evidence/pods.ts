import type { KnownPod } from "./evidence.ts";
import { textOf } from "./text.ts";

/** One pod of a list. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
interface ListedPod {
	readonly uid: string;
	readonly name: string;
	readonly namespace: string;
	readonly node: string;
	readonly labels: Readonly<Record<string, string>>;
	/** When the API server created it, in milliseconds since the epoch. */
	readonly created: number;
	/** The revision of its last change; a cluster counts all changes in one sequence. */
	readonly version: bigint;
	/** Every container ended, and none is started again. */
	readonly isCompleted: boolean;
	/** No later pod has its name. */
	readonly isUnique: boolean;
	/** The host name that its programs see; undefined if that is another machine's, or may be. */
	readonly host: string | undefined;
	/** What started it, by uid, and what is called so in reports. */
	readonly owner: string | undefined;
	readonly workload: string;
}

/** The pods that a cluster's API server had at one moment. */
export interface PodList {
	/** When the file was written, in milliseconds since the epoch. */
	readonly at: number;
	/** The cluster had changed at least that often when the list was made. */
	readonly version: bigint;
	readonly pods: readonly ListedPod[];
}

/** Why a list proves nothing, as a sentence. */
export class UnusablePodList extends Error {
	override readonly name = "UnusablePodList";
}

/**
 * Reads what `kubectl get --raw /api/v1/pods` or `kubectl get pods -A -o json` prints. Keeps no settings of the pods, which can hold secrets.
 * Throws `UnusablePodList` for anything that is cut, paged or something else: what is missing there may still exist.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function readPods(pieces: AsyncIterable<Uint8Array>, at: number): Promise<PodList> {
	const { kind, metadata, items } = recordOf(await json(pieces));
	if (!Array.isArray(items) || (kind !== "PodList" && kind !== "List")) {
		throw new UnusablePodList("it is not a list of pods in JSON");
	}
	const { continue: next, remainingItemCount: rest, resourceVersion } = recordOf(metadata);
	if ((next !== undefined && next !== "") || (typeof rest === "number" && rest > 0)) {
		throw new UnusablePodList("it is only one page of a longer list");
	}
	const pods: ListedPod[] = [];
	for (const item of items)
		if (recordOf(item)["kind"] === "Pod" || kind === "PodList") pods.push(podOf(recordOf(item)));
	if (pods.length === 0) throw new UnusablePodList("it has no pods");
	let version = versionOf(resourceVersion) ?? 0n;
	for (const each of pods) if (each.version > version) version = each.version;
	return { at, version, pods };
}

async function json(pieces: AsyncIterable<Uint8Array>): Promise<unknown> {
	const texts: string[] = [];
	for await (const text of textOf(pieces)) texts.push(text);
	try {
		return JSON.parse(texts.join(""));
	} catch {
		throw new UnusablePodList("it is cut off, or not JSON");
	}
}

function recordOf(value: unknown): Record<string, unknown> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textsOf(value: unknown): Record<string, string> {
	const found: Record<string, string> = Object.create(null);
	for (const [name, text] of Object.entries(recordOf(value))) if (typeof text === "string") found[name] = text;
	return found;
}

function versionOf(value: unknown): bigint | undefined {
	return typeof value === "string" && /^\d{1,30}$/.test(value) ? BigInt(value) : undefined;
}

function podOf(item: Record<string, unknown>): ListedPod {
	const metadata = recordOf(item["metadata"]);
	const { uid = "", name = "", namespace = "", generateName = "", creationTimestamp = "" } = textsOf(metadata);
	const created = Date.parse(creationTimestamp);
	const version = versionOf(metadata["resourceVersion"]);
	if (uid === "" || name === "" || namespace === "" || version === undefined || Number.isNaN(created)) {
		throw new UnusablePodList("a pod in it has no uid, name, version or time");
	}
	const spec = recordOf(item["spec"]);
	const { phase = "" } = textsOf(item["status"]);
	const labels = textsOf(metadata["labels"]);
	const owner = controllerOf(metadata["ownerReferences"]);
	// A pod's host name is its own, unless it is given one or has the node's; a longer one is shortened.
	// https://kubernetes.io/docs/concepts/workloads/pods/pod-hostname/
	const hasOwnHost = spec["hostNetwork"] !== true && spec["hostname"] === undefined && name.length <= MAX_LABEL;
	return {
		uid,
		name,
		namespace,
		node: textsOf(spec)["nodeName"] ?? "",
		labels,
		created,
		version,
		isCompleted: phase === "Succeeded" || phase === "Failed",
		isUnique: owner !== undefined && generateName !== "" && isGenerated(name, generateName),
		host: hasOwnHost ? name : undefined,
		owner: owner?.uid,
		workload: owner ? workloadOf(owner, labels["pod-template-hash"], namespace) : `Pod ${namespace}/${name}`,
	};
}

const MAX_LABEL = 63;

/** Names that the API server makes end in five characters at random; others are given again. */
function isGenerated(name: string, prefix: string): boolean {
	return name.startsWith(prefix) && /^[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(name.slice(prefix.length));
}

interface PodOwner {
	readonly uid: string;
	readonly kind: string;
	readonly name: string;
}

function controllerOf(owners: unknown): PodOwner | undefined {
	for (const each of Array.isArray(owners) ? owners : []) {
		const { uid, kind, name } = textsOf(each);
		if (recordOf(each)["controller"] === true && uid && kind && name) return { uid, kind, name };
	}
	return undefined;
}

/** What a user calls a pod's owner: the Deployment of a ReplicaSet, the CronJob of a Job. */
function workloadOf({ kind, name }: PodOwner, hash: string | undefined, namespace: string): string {
	if (kind === "ReplicaSet" && hash !== undefined && name.endsWith(`-${hash}`)) {
		return `Deployment ${namespace}/${name.slice(0, -hash.length - 1)}`;
	}
	const [, cron] = kind === "Job" ? (/^(.+)-\d{8,10}$/.exec(name) ?? []) : [];
	return cron === undefined ? `${kind} ${namespace}/${name}` : `CronJob ${namespace}/${cron}`;
}

/**
 * What lists say together. A pod has ended if a list has it as completed, or if a list of its cluster no longer has it that is newer than the
 * last one with it, and than its last known state. Lists are of one cluster if they share a pod or an owner. A list that could be a selection (of another namespace or node,
 * or with a label that the pod does not have) says nothing of a pod, and neither does one that is older. Pods without a host name of their own
 * are left out.
 */
export function knownPods(lists: readonly PodList[]): KnownPod[] {
	let families = 0;
	const found: KnownPod[] = [];
	for (const cluster of clusters(lists)) {
		const known = new Map<string, number>();
		for (const { workload, ...pod } of podsOf(cluster)) {
			const family = known.get(workload) ?? families++;
			known.set(workload, family);
			found.push({ ...pod, workload, family });
		}
	}
	return found;
}

function podsOf(lists: readonly PodList[]): Omit<KnownPod, "family">[] {
	const newest = new Map<string, ListedPod>();
	const lastListed = new Map<string, number>();
	const completed = new Map<string, number>();
	for (const { at, pods } of lists) {
		for (const pod of pods) {
			const known = newest.get(pod.uid);
			if (!known || known.version <= pod.version) newest.set(pod.uid, pod);
			lastListed.set(pod.uid, Math.max(at, lastListed.get(pod.uid) ?? 0));
			if (pod.isCompleted) completed.set(pod.uid, Math.max(at, completed.get(pod.uid) ?? 0));
		}
	}
	const looks = lists.map(lookOf);
	const found: Omit<KnownPod, "family">[] = [];
	for (const pod of newest.values()) {
		const { host, uid, created, workload, isUnique } = pod;
		if (host === undefined) continue;
		let endedBy = isUnique ? completed.get(uid) : undefined;
		for (const look of isUnique ? looks : []) {
			// Versions begin again when a cluster is restored.
			const isLater = look.at > (lastListed.get(uid) ?? 0);
			if (isLater && isMissing(look, pod)) endedBy = Math.max(look.at, endedBy ?? 0);
		}
		found.push({ host, workload, created, endedBy });
	}
	return found;
}

/** What is needed of a list to see whether it should have a pod. */
interface Look extends Pick<PodList, "at" | "version"> {
	readonly uids: ReadonlySet<string>;
	readonly namespaces: ReadonlySet<string>;
	readonly nodes: ReadonlySet<string>;
	/** Labels that all of its pods have. */
	readonly labels: readonly (readonly [name: string, value: string])[];
}

function lookOf({ at, version, pods }: PodList): Look {
	let labels = Object.entries(pods[0]?.labels ?? {});
	for (const pod of pods) {
		if (labels.length === 0) break;
		labels = labels.filter(([name, value]) => pod.labels[name] === value);
	}
	return {
		at,
		version,
		uids: new Set(pods.map(({ uid }) => uid)),
		namespaces: new Set(pods.map(({ namespace }) => namespace)),
		nodes: new Set(pods.map(({ node }) => node)),
		labels,
	};
}

function isMissing({ version, uids, namespaces, nodes, labels }: Look, pod: ListedPod): boolean {
	if (version <= pod.version || uids.has(pod.uid) || !namespaces.has(pod.namespace)) return false;
	if (nodes.size === 1 && !nodes.has(pod.node)) return false;
	return labels.every(([name, value]) => pod.labels[name] === value);
}

/** Lists by cluster. */
function clusters(lists: readonly PodList[]): PodList[][] {
	const found: { lists: PodList[]; ids: Set<string> }[] = [];
	for (const list of lists) {
		const ids = new Set(list.pods.flatMap(({ uid, owner }) => (owner === undefined ? [uid] : [uid, owner])));
		const own = { lists: [list], ids };
		for (const other of found.filter((each) => sharesAny(each.ids, ids))) {
			own.lists = [...other.lists, ...own.lists];
			for (const id of other.ids) ids.add(id);
			found.splice(found.indexOf(other), 1);
		}
		found.push(own);
	}
	return found.map((each) => each.lists);
}

function sharesAny(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
	for (const id of others) if (some.has(id)) return true;
	return false;
}
