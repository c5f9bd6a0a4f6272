import { type Document, isSeq, type Node } from "yaml";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { type KeyPath, type Mount, nodeBelow, type PlacedMap, startsWith, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";
import { secretMadeBy } from "./secrets.ts";

/** What a token file lies on. */
interface Volume {
	readonly mount: Mount;
	readonly map: Node;
	readonly maps: readonly PlacedMap[];
}

/** The CSI driver that puts values of a secret store into a volume. https://secrets-store-csi-driver.sigs.k8s.io/topics/secret-auto-rotation */
const SECRETS_STORE = "secrets-store.csi.k8s.io";

/** By kind of volume: what this file tells of a new token's way into it. https://kubernetes.io/docs/concepts/storage/volumes/ */
const KINDS: Readonly<Record<string, (volume: Volume) => ConfigFinding[]>> = {
	secret: ({ mount, map, maps }) => ofSecrets([textAt(map, "secret", "secretName")], mount, maps),
	projected: ({ mount, map, maps }) => {
		const sources = nodeBelow(map, "projected", "sources");
		return ofSecrets(
			isSeq(sources) ? sources.items.map((each) => textAt(each as Node, "secret", "name")) : [],
			mount,
			maps,
		);
	},
	csi: ({ mount, map }) =>
		textAt(map, "csi", "driver") === SECRETS_STORE
			? unknown(
					mount,
					"comes from a secret store: whether its driver looks for new values (rotation-poll-interval), only the cluster knows",
				)
			: unknown(mount, "comes from a CSI driver: whether that brings new values, only the cluster knows"),
	emptyDir: ofEmptyDir,
	configMap: ({ mount }) => ofConfigMap(mount),
	hostPath: ({ mount }) => unknown(mount, "is a folder of the node: who writes a new token there, only the node knows"),
	persistentVolumeClaim: ({ mount }) =>
		unknown(mount, "is a volume of its own: who writes a new token there, only the cluster knows"),
	ephemeral: ({ mount }) =>
		unknown(mount, "is a volume of its own: who writes a new token there, only the cluster knows"),
	nfs: ({ mount }) => unknown(mount, "is on another machine: who writes a new token there, only that one knows"),
};

/** The same, where the mount itself tells its kind. https://docs.docker.com/reference/compose-file/services/#volumes */
const STORES: Readonly<Record<string, (mount: Mount, name: string) => ConfigFinding[]>> = {
	configMap: ofConfigMap,
	volume: (mount, name) => {
		// A folder of the host under a name.
		const options = nodeBelow(mount.document.contents as Node | null, "volumes", name, "driver_opts");
		if (/(^|,)r?bind(,|$)/.test(textAt(options, "o") ?? "")) return [];
		const volume = name === "" ? "a volume without a name" : `the volume ${shown(name)}`;
		return unknown(mount, `is ${volume}: who writes a new token there, this file does not show`);
	},
	tmpfs: (mount) => [
		{
			rule: "token-not-mounted",
			at: mount.at,
			what: `${shown(mount.target)} is a tmpfs, which is empty when the container starts`,
		},
	],
	image: (mount) => [
		{
			rule: "file-mount",
			at: mount.at,
			what: `${shown(mount.target)} comes from an image, whose files never change`,
			fix: "Mount a directory of the host, in which the token file can be replaced.",
		},
	],
};

/** What is known of how a replaced token gets into the volume that its file is mounted from. */
export function volumeFindings(mount: Mount, maps: readonly PlacedMap[]): ConfigFinding[] {
	const { document, volume, store } = mount;
	if (store) return (ownEntry(STORES, store.type) ?? STORES["volume"])?.(mount, store.name) ?? [];
	if (volume === undefined) return [];
	for (const { map, document: other } of maps) {
		if (other !== document || textAt(map, "name") !== volume) continue;
		const [, findings] = Object.entries(KINDS).find(([kind]) => nodeBelow(map, kind)) ?? [];
		if (findings) return findings({ mount, map, maps });
	}
	return unknown(mount, `comes from the volume ${shown(volume)}, which this file does not define`);
}

function unknown({ target, at }: Mount, what: string): ConfigFinding[] {
	return [{ rule: "cluster-unknown", at, what: `${shown(target)} ${what}` }];
}

function ofConfigMap(mount: Mount): ConfigFinding[] {
	return unknown(
		mount,
		"comes from a ConfigMap: who writes a token there, and who may read it, only the cluster knows",
	);
}

function ofSecrets(names: readonly (string | undefined)[], { at }: Mount, maps: readonly PlacedMap[]): ConfigFinding[] {
	const isHere = (name: string) =>
		maps.some(({ map }) => textAt(map, "kind") === "Secret" && textAt(map, "metadata", "name") === name);
	return names.flatMap((name): ConfigFinding[] => {
		if (name === undefined || isHere(name)) return [];
		if (maps.some(({ map }) => textAt(map, "kind") === "ExternalSecret" && secretMadeBy(map) === name)) {
			const what = `the Secret ${shown(name)} is written by the controller of an ExternalSecret: whether a new token has come there, only the cluster knows`;
			return [
				{ rule: "cluster-unknown", at, what, fix: "Write a new token to the store behind it, and look at its status." },
			];
		}
		const what = `the Secret ${shown(name)} is not in this file: whether it is immutable, or written by a controller, only the cluster knows`;
		return [{ rule: "cluster-unknown", at, what }];
	});
}

/** Nothing is in it but what other containers of the pod write, and it dies with the pod. */
function ofEmptyDir({ mount, maps }: Volume): ConfigFinding[] {
	const { document, volume, owner, target, at } = mount;
	const writers = maps
		.filter((each) => each.document === document && textAt(each.map, "name") === volume && isMountOf(each.map))
		.map(({ path }) => path.slice(0, -2))
		.filter((path) => !(path.length === owner.length && startsWith(path, owner)));
	if (writers.length === 0) {
		const what = `${shown(target)} is an emptyDir that no other container of this file writes to`;
		return [
			{
				rule: "token-not-mounted",
				at,
				what,
				severity: "warning",
				fix: "Mount the Secret, or name what writes the token file.",
			},
		];
	}
	if (writers.every((path) => endsWithStart(path, document, maps))) {
		return [
			{ rule: "written-once", at, what: `${shown(target)} is an emptyDir that only an init container writes to` },
		];
	}
	return unknown(
		mount,
		"is an emptyDir: whether the container that writes to it brings new tokens, this file does not show",
	);
}

function isMountOf(map: Node): boolean {
	return nodeBelow(map, "mountPath") !== undefined;
}

/** Whether a container ends before the others start; with `restartPolicy: Always` it stays. */
function endsWithStart(path: KeyPath, document: Document, maps: readonly PlacedMap[]): boolean {
	if (!path.some((key) => /initContainers$/i.test(String(key)))) return false;
	const container = maps.find(
		(each) => each.document === document && each.path.length === path.length && startsWith(each.path, path),
	);
	return textAt(container?.map, "restartPolicy") !== "Always";
}
