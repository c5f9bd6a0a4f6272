import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import { otelcol } from "../../adapters/collectors/otelcol.ts";
import { shown } from "../../base/mask.ts";
import { isInRange, type Version } from "../../base/versions.ts";
import type { ConfigPlace } from "../splice/locate.ts";
import { keyOf, parseYaml } from "../splice/yaml-document.ts";
import {
	covers,
	type KeyPath,
	type Mount,
	mapsIn,
	mountsIn,
	nodeBelow,
	type PlacedMap,
	startsWith,
	textAt,
} from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";
import { secretFindings } from "./secrets.ts";
import { readQuietly, type TokenFile } from "./token-files.ts";
import { isCredentialOfUnit, OF_UNIT } from "./unit-credentials.ts";
import { volumeFindings } from "./volumes.ts";

/** What a file with manifests, Helm values or compose services holds. */
export interface PodFile {
	readonly documents: readonly Document[];
	readonly places: readonly ConfigPlace[];
	/** Files from which the configs read credentials. */
	readonly files: readonly TokenFile[];
	/** The otelcol release that runs a config. */
	readonly releaseAt: (place: ConfigPlace) => Version;
}

/** Paths that look like token files. */
const TOKEN_PATH = /token|secret|api[-_]?key|credential|\/etc\/crossfade\//i;
const TOKEN_NAME = /token|api[-_]?key|credential/i;
/** https://docs.docker.com/engine/swarm/secrets/#example-rotate-a-secret */
const OUTSIDE =
	"is a secret or config from outside of this file, whose value never changes: a new one needs a new container";
/** A bind mount: https://docs.docker.com/compose/how-tos/use-secrets/ */
const GIVEN = "is a secret or config of this file: a single file that is mounted when the container is made";
/** https://docs.docker.com/engine/swarm/secrets/, https://docs.podman.io/en/latest/markdown/podman-secret.1.html */
const OF_CONTAINER =
	"is where container engines put secrets: if this is one, it stays as it is for as long as the container lives";
/** Kubernetes mounts this folder into every pod. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/";

/** What around a config keeps a rotated token from it, or the collector from its start. */
export function podFindings(around: PodFile): ConfigFinding[] {
	const maps = mapsIn(around.documents);
	const mounts = mountsIn(maps);
	return [
		...mountFindings(mounts, around.files),
		...around.files.flatMap((file) => deliveryOf(file, mounts, maps)),
		...brokenWatches(around),
		...secretFindings(
			maps,
			around.files.map(({ path }) => path),
		),
		...restarts(maps, around),
		...sidecars(maps),
		...around.places.flatMap((place) => limits(place, maps)),
	];
}

/** Mounts that never deliver a replaced file. */
function mountFindings(mounts: readonly Mount[], files: readonly TokenFile[]): ConfigFinding[] {
	return mounts.flatMap(({ document, target, subPath, volume, given, isBind, at }): ConfigFinding[] => {
		const isNamed = files.some(({ path }) => path === target);
		if (given) {
			const isToken = isNamed || TOKEN_NAME.test(target.replace(/^\/run\/secrets\//, ""));
			const isOutside = nodeBelow(document.contents as Node | null, given.kind, given.name, "external") !== undefined;
			return isToken ? [{ rule: "file-mount", at, what: `${shown(target)} ${isOutside ? OUTSIDE : GIVEN}` }] : [];
		}
		if (subPath !== undefined) {
			const isToken = isNamed || TOKEN_PATH.test(`${subPath} ${target} ${volume}`);
			return isToken ? [{ rule: "subpath", at, what: `${shown(target)} is mounted with subPath` }] : [];
		}
		const isFile = isNamed || (TOKEN_PATH.test(target) && /\/[^/]*(\.[a-z]+|token|secret|key)$/i.test(target));
		return isBind && isFile ? [{ rule: "file-mount", at, what: `${shown(target)} is mounted as a single file` }] : [];
	});
}

/** Where the mounts of a config's container stand: keys from the top of the document; undefined if that may be anywhere in the file. */
function scopeOf({ path, chart, label }: ConfigPlace): KeyPath | undefined {
	const isResource = label.startsWith("OpenTelemetryCollector/");
	return chart || isResource ? path.slice(0, -1) : undefined;
}

function inKubernetes({ chart, label }: ConfigPlace): boolean {
	return chart !== undefined || label.includes(":");
}

/** Whether the file has a container that could mount something: that of a pod, or a compose service. */
function hasContainers(maps: readonly PlacedMap[]): boolean {
	return maps.some(
		({ map, path }) =>
			isSeq(nodeBelow(map, "containers")) || (path.length === 2 && path[0] === "services" && nodeBelow(map, "image")),
	);
}

/** Whether the token file is mounted, and what of that only the cluster shows. */
function deliveryOf(file: TokenFile, mounts: readonly Mount[], maps: readonly PlacedMap[]): ConfigFinding[] {
	const { place, path, at } = file;
	if (path.startsWith(SERVICE_ACCOUNT)) return [];
	if (isCredentialOfUnit(path)) return [{ rule: "written-once", at, what: `${shown(path)} ${OF_UNIT}` }];
	if (!/^(\/[^$]*|[A-Za-z]:[\\/][^$]*)$/.test(path)) {
		if (!inKubernetes(place) && !hasContainers(maps)) return [];
		const what = `${shown(path)} is no whole path: whether that file is mounted was not checked`;
		return [{ rule: "cluster-unknown", at, what }];
	}
	const scope = scopeOf(place);
	const inScope = scope
		? mounts.filter(({ document, owner }) => document === place.document && startsWith(owner, scope))
		: mounts;
	const mount = inScope.find((each) => covers(each, path));
	if (!mount && !scope && !hasContainers(maps)) {
		if (inKubernetes(place))
			return [{ rule: "cluster-unknown", at, what: `this file does not show how ${shown(path)} is mounted` }];
		return /^\/run\/secrets\/[^/]+$/.test(path)
			? [{ rule: "written-once", severity: "note", at, what: `${shown(path)} ${OF_CONTAINER}` }]
			: [];
	}
	const injected = mount ? undefined : injectedInto(path, maps);
	if (injected !== undefined) {
		return injected
			? [{ rule: "written-once", at, what: `an agent writes ${shown(path)} when the pod starts, and then ends` }]
			: [{ rule: "cluster-unknown", at, what: `an agent in the pod writes ${shown(path)}: when, its settings tell` }];
	}
	if (!mount) {
		const what = `nothing in this file mounts ${shown(path)} into the collector`;
		const fix = `Mount the folder ${shown(folderOf(path))}; crossfade collector --into prints how.`;
		return [{ rule: "token-not-mounted", at, what, fix, ...(place.chart ? { severity: "warning" as const } : {}) }];
	}
	const missing = missingIn(mount, path, maps);
	if (missing !== undefined) {
		const what = `${shown(mount.target)} has no ${shown(path.slice(mount.target.length).replace(/^\/+/, ""))}: ${missing}`;
		return [
			{ rule: "token-not-mounted", at: mount.at, what, fix: "Give the key that name under items, or omit items." },
		];
	}
	return volumeFindings(mount, maps);
}

/**
 * Whether an agent that annotations of a pod ask for writes a file only once; undefined if none writes into that folder.
 * https://developer.hashicorp.com/vault/docs/deploy/kubernetes/injector/annotations
 */
function injectedInto(path: string, maps: readonly PlacedMap[]): boolean | undefined {
	const found = maps.find(({ map, path: keys }) => {
		if (keys.at(-1) !== "annotations" || annotation(map, "agent-inject") !== "true") return false;
		const folder = annotation(map, "secret-volume-path") ?? "/vault/secrets";
		return path.startsWith(`${folder.replace(/\/$/, "")}/`);
	});
	return found && annotation(found.map, "agent-pre-populate-only") === "true";
}

/** The value of an annotation by its name without the prefix of who reads it. */
function annotation(map: Node, name: string): string | undefined {
	const pair = isMap(map) ? map.items.find((each) => keyOf(each)?.endsWith(`/${name}`)) : undefined;
	return isScalar(pair?.value) ? String(pair.value.value) : undefined;
}

function folderOf(path: string): string {
	return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Why a folder that is mounted has no file of this name, as far as the file tells: the volume gives its files others. */
function missingIn(
	{ document, volume, target, subPath }: Mount,
	path: string,
	maps: readonly PlacedMap[],
): string | undefined {
	if (volume === undefined || subPath !== undefined || target === path) return undefined;
	const named = maps.find(
		(each) =>
			each.document === document &&
			textAt(each.map, "name") === volume &&
			(nodeBelow(each.map, "secret") ?? nodeBelow(each.map, "projected")),
	);
	const sources = nodeBelow(named?.map, "projected", "sources");
	const all = isSeq(sources)
		? (sources.items as Node[]).map((each) => nodeBelow(each, "secret") ?? nodeBelow(each, "configMap"))
		: [nodeBelow(named?.map, "secret")];
	const lists = all.map((each) => nodeBelow(each, "items"));
	if (lists.length === 0 || !lists.every((list) => isSeq(list))) return undefined;
	const paths = lists.flatMap((list) =>
		isSeq(list) ? (list.items as Node[]).map((item) => textAt(item, "path") ?? "") : [],
	);
	const wanted = path.slice(target.length).replace(/^\/+/, "");
	return paths.includes(wanted)
		? undefined
		: `the items of the volume ${shown(volume)} are ${paths.map(shown).join(", ")}`;
}

/** Watched files of releases that lose sight of them. */
function brokenWatches({ files, releaseAt }: PodFile): ConfigFinding[] {
	return files.flatMap(({ byWatcher, place, path, at }): ConfigFinding[] => {
		if (!byWatcher || !isInRange(releaseAt(place), otelcol.bearerWatchBroken)) return [];
		if (inKubernetes(place)) {
			return [{ rule: "watch-broken", at, what: `this release misses updates of the Secret with ${shown(path)}` }];
		}
		if (isInRange(releaseAt(place), otelcol.bearerRenameSeen)) return [];
		const what = `this release may not notice that ${shown(path)} was replaced`;
		return [{ rule: "watch-broken", at, what, severity: "warning" }];
	});
}

/** Annotations that restart a pod when a Secret changes. https://docs.stakater.com/reloader/1.4/reference/annotations.html */
const RESTARTS =
	/^(((secret|secretproviderclass)\.)?reloader\.stakater\.com\/auto|(secret|secretproviderclass)\.reloader\.stakater\.com\/reload|reloader\.stakater\.com\/search|checksum\/.*(secret|token|cred).*)$/i;
/** With it, `auto` leaves some Secrets out: a list of names. */
const EXCLUDED = "secrets.exclude.reloader.stakater.com/reload";

function restarts(maps: readonly PlacedMap[], { files, releaseAt }: PodFile): ConfigFinding[] {
	const follows = files.some(
		({ isWatched, byWatcher, place }) =>
			isWatched && !(byWatcher && isInRange(releaseAt(place), otelcol.bearerWatchBroken)),
	);
	if (!follows) return [];
	return maps.flatMap(({ map, path }) => {
		if (!isMap(map) || !/annotations$/i.test(String(path.at(-1)))) return [];
		return map.items.flatMap((pair): ConfigFinding[] => {
			const key = keyOf(pair) ?? "";
			if (!RESTARTS.test(key) || (isScalar(pair.value) && String(pair.value.value) === "false")) return [];
			const at = (pair.key as Node).range?.[0] ?? 0;
			const what = `${shown(key)} restarts the collector, which reads the new token by itself`;
			const open = /\/search$/.test(key)
				? "if the Secret has reloader.stakater.com/match"
				: /\/auto$/.test(key) && map.has(EXCLUDED) && `unless ${EXCLUDED} names the Secret of the token`;
			return [
				{
					rule: "needless-restart",
					at,
					what: open ? `${what}, ${open}` : what,
					...(open && { severity: "note" as const }),
				},
			];
		});
	});
}

/** Sidecars whose token only a group can read. */
function sidecars(maps: readonly PlacedMap[]): ConfigFinding[] {
	const injected = maps.filter(({ map, path }) =>
		path.at(-1) === "annotations" ? nodeBelow(map, "sidecar.opentelemetry.io/inject") : false,
	);
	const withoutGroup = injected.filter(({ document, path }) => {
		const pod = maps.find((each) => each.document === document && samePath(each.path, path.slice(0, -2)));
		return nodeBelow(pod?.map, "spec", "securityContext", "fsGroup") === undefined;
	});
	if (injected.length > 0 && withoutGroup.length === 0) return [];
	return maps.flatMap(({ document, map, path }) => {
		if (textAt(map, "mode") !== "sidecar" || !nodeBelow(map, "config")) return [];
		const volumes = maps.filter((each) => each.document === document && startsWith(each.path, [...path, "volumes"]));
		return volumes.flatMap(({ map: volume }): ConfigFinding[] => {
			const mode = nodeBelow(volume, "secret", "defaultMode");
			if (!isScalar(mode) || isReadableByAll(mode.source ?? String(mode.value))) return [];
			const at = mode.range?.[0] ?? 0;
			return [
				{
					rule: "sidecar-group",
					at,
					what: "the sidecar's Secret is readable for its group alone, and the pod it gets into decides the group",
				},
			];
		});
	});
}

function samePath(a: KeyPath, b: KeyPath): boolean {
	return a.length === b.length && startsWith(a, b);
}

/** Whether a mode, octal (`0440`, `0o440`) or decimal, lets everyone read. */
function isReadableByAll(written: string): boolean {
	const octal = /^0o?([0-7]+)$/.exec(written)?.[1];
	const mode = octal === undefined ? Number(written) : Number.parseInt(octal, 8);
	return (mode & 0o004) !== 0;
}

/** Percentages of a memory limit that a container in this file does not have. */
function limits(place: ConfigPlace, maps: readonly PlacedMap[]): ConfigFinding[] {
	if (!inKubernetes(place) || place.chart?.limitsMemory) return [];
	const scope = scopeOf(place);
	const containers = maps.filter(({ document, path, map }) =>
		scope
			? document === place.document && samePath(path, scope)
			: path.at(-2) === "containers" && nodeBelow(map, "image") !== undefined,
	);
	const isLimited = ({ map }: PlacedMap) => textAt(map, "resources", "limits", "memory") !== undefined;
	const at = percentageAt(place);
	if (at === undefined || containers.length === 0 || containers.some(isLimited)) return [];
	return [{ rule: "limit-without-total", at, what: "limit_percentage is set, and resources.limits.memory is not" }];
}

/** Where a config limits memory by percentage; of a config in a text, where that begins. */
function percentageAt({ node }: ConfigPlace): number | undefined {
	const isText = isScalar(node);
	if (isText && !/\bmemory_limiter\b/.test(String(node.value))) return undefined;
	const root = isText ? textRoot(String(node.value)) : node;
	const processors = nodeBelow(root, "processors");
	if (!isMap(processors)) return undefined;
	const found = processors.items
		.filter((pair) => /^memory_limiter(\/|$)/.test(keyOf(pair) ?? ""))
		.map((pair) => nodeBelow(pair.value as Node | null, "limit_percentage"))
		.find((each) => each !== undefined);
	return found && (isText ? (node.range?.[0] ?? 0) : (found.range?.[0] ?? 0));
}

function textRoot(text: string): Node | undefined {
	const yaml = readQuietly(() => parseYaml(text, "embedded.yaml"));
	return (yaml?.documents[0]?.contents as Node | null) ?? undefined;
}
