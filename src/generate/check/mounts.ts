import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import { keyOf } from "../splice/yaml-document.ts";

export type KeyPath = readonly (string | number)[];

/** A place inside a container that a manifest, values or a compose file fills. */
export interface Mount {
	readonly document: Document;
	/** Keys that lead to what has the mount: a container, a service, or a part of Helm values. */
	readonly owner: KeyPath;
	readonly target: string;
	readonly subPath: string | undefined;
	/** The name of the volume; undefined in compose files. */
	readonly volume: string | undefined;
	/** A config or secret of a compose file that it shows: a single file, too. */
	readonly given?: { readonly kind: string; readonly name: string } | undefined;
	/** What is mounted, where no list of volumes of a pod tells it: the type of a compose file's volume, or the operator's ConfigMap; its name if it has one. */
	readonly store?: { readonly type: string; readonly name: string } | undefined;
	/** A compose file's bind mount of a path of the host. */
	readonly isBind: boolean;
	readonly at: number;
}

/** A map in a document, and the keys that lead to it. */
export interface PlacedMap {
	readonly document: Document;
	readonly path: KeyPath;
	readonly map: Node;
}

/** Every map of some documents, outer ones first. */
export function mapsIn(documents: readonly Document[]): PlacedMap[] {
	const below = (document: Document, node: Node | null, path: KeyPath): PlacedMap[] => {
		if (isSeq(node)) return node.items.flatMap((item, index) => below(document, item as Node, [...path, index]));
		if (!isMap(node)) return [];
		return [
			{ document, path, map: node },
			...node.items.flatMap((pair) => below(document, pair.value as Node | null, [...path, keyOf(pair) ?? "?"])),
		];
	};
	return documents.flatMap((document) => below(document, document.contents as Node | null, []));
}

/** Every mount of some documents. */
export function mountsIn(maps: readonly PlacedMap[]): Mount[] {
	return maps.flatMap(({ document, path, map }): Mount[] => {
		const target = textAt(map, "mountPath");
		if (target !== undefined) {
			const subPath = textAt(map, "subPath") ?? textAt(map, "subPathExpr");
			const at = map.range?.[0] ?? 0;
			return [{ document, owner: path.slice(0, -2), target, subPath, volume: textAt(map, "name"), isBind: false, at }];
		}
		if (textAt(map, "kind") === "OpenTelemetryCollector") return resourceMounts(document, path, map);
		return path.length === 2 && path[0] === "services" ? composeMounts(document, path, map) : [];
	});
}

/** ConfigMaps that the operator mounts. https://github.com/open-telemetry/opentelemetry-operator/blob/v0.158.0/internal/manifests/collector/container.go */
function resourceMounts(document: Document, path: KeyPath, resource: Node): Mount[] {
	const list = nodeBelow(resource, "spec", "configmaps");
	return (isSeq(list) ? (list.items as Node[]) : []).map((item) => {
		const name = textAt(item, "name") ?? "";
		const folder = (textAt(item, "mountpath") ?? "").replace(/^\/+|\/+$/g, "");
		const target = ["/var/conf", folder, `configmap-${name}`].filter((part) => part !== "").join("/");
		const common = { document, owner: [...path, "spec"], subPath: undefined, volume: undefined, isBind: false };
		return { ...common, target, store: { type: "configMap", name }, at: item.range?.[0] ?? 0 };
	});
}

/** Mounts of a compose service: volumes, configs and secrets, short or long. */
function composeMounts(document: Document, owner: KeyPath, service: Node): Mount[] {
	const defaults: Readonly<Record<string, string>> = { volumes: "", configs: "/", secrets: "/run/secrets/" };
	return Object.entries(defaults).flatMap(([key, folder]) => {
		const list = nodeBelow(service, key);
		if (!isSeq(list)) return [];
		return (list.items as Node[]).flatMap((item): Mount[] => {
			const named = isScalar(item) ? String(item.value) : (textAt(item, "target") ?? textAt(item, "source") ?? "");
			const short = key === "volumes" && isScalar(item);
			const found = short ? named.split(":").find((part, index) => index > 0 && part.startsWith("/")) : named;
			if (!found) return [];
			const target = found.startsWith("/") ? found : folder + found;
			const name = isScalar(item) ? named : (textAt(item, "source") ?? "");
			const given = key === "volumes" ? undefined : { kind: key, name };
			const store = key === "volumes" ? storeOf(item) : undefined;
			const isBind = key === "volumes" && store === undefined;
			const at = item.range?.[0] ?? 0;
			return [{ document, owner, target, subPath: undefined, volume: undefined, given, store, isBind, at }];
		});
	});
}

/** The volume of a compose service that is no path of the host. https://docs.docker.com/reference/compose-file/services/#volumes */
function storeOf(item: Node): Mount["store"] {
	if (!isScalar(item)) {
		const type = textAt(item, "type") ?? "volume";
		return type === "bind" ? undefined : { type, name: textAt(item, "source") ?? "" };
	}
	const [name = "", second] = String(item.value).split(":");
	// A path of the host begins with a dot, a slash, a tilde, a variable or a drive.
	return second === undefined || !/^[A-Za-z0-9][\w.-]+$/.test(name) ? undefined : { type: "volume", name };
}

/** Whether a mount shows a file inside the container. */
export function covers({ target }: Mount, file: string): boolean {
	return file === target || file.startsWith(`${target.replace(/\/$/, "")}/`);
}

export function startsWith(path: KeyPath, start: KeyPath): boolean {
	return start.every((key, index) => path[index] === key);
}

export function nodeBelow(node: Node | null | undefined, ...keys: readonly string[]): Node | undefined {
	return keys.reduce<Node | undefined>(
		(here, key) => (isMap(here) ? ((here.get(key, true) as Node | undefined) ?? undefined) : undefined),
		node ?? undefined,
	);
}

/** The text of a scalar below a map; numbers and booleans as they are written. */
export function textAt(node: Node | null | undefined, ...keys: readonly string[]): string | undefined {
	const found = nodeBelow(node, ...keys);
	return isScalar(found) && found.value !== null ? String(found.value) : undefined;
}
