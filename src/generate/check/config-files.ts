import { isMap, isSeq, type Node } from "yaml";
import { shown, shownName } from "../../base/mask.ts";
import { configFilesOf } from "./launch.ts";
import { covers, type Mount, mountsIn, nodeBelow, type PlacedMap, startsWith, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";

/**
 * Configs that a container or service of this file starts its collector with, and that are not in the file: with another one that was
 * read, the answer would be about that one alone.
 */
export function configFileFindings(maps: readonly PlacedMap[]): ConfigFinding[] {
	const mounts = mountsIn(maps);
	return maps.flatMap((container) => {
		const { map, document, path } = container;
		if (textAt(map, "image") === undefined) return [];
		const own = mounts.filter(
			(each) => each.document === document && each.owner.length === path.length && startsWith(each.owner, path),
		);
		return configFilesOf(map).flatMap(({ file, at }): ConfigFinding[] => {
			// Other programs have an option of that name, too.
			if (!/\.(ya?ml|json)$/.test(file)) return [];
			// The last mount on the way to a file hides the others.
			const mount = own.filter((each) => covers(each, file)).sort((a, b) => b.target.length - a.target.length)[0];
			if ((mount && isHere(mount, file, container, maps)) || isWritten(file, maps)) return [];
			const name = textAt(map, "name") ?? String(path.at(-1) ?? "");
			const what = `${shown(name)} is started with ${shownName(file)}, which is not in this file and was not checked`;
			return [{ rule: "not-read", at, severity: "warning", what, fix: "Check that file, too." }];
		});
	});
}

/** Whether a template of this file, as a Nomad job has them, writes a file. https://developer.hashicorp.com/nomad/docs/job-specification/template */
function isWritten(file: string, maps: readonly PlacedMap[]): boolean {
	return maps.some(({ map }) => textAt(map, "DestPath") === file && textAt(map, "EmbeddedTmpl") !== undefined);
}

/** Whether what is mounted stands in this file: the text of a Compose config, or an object of Kubernetes. */
function isHere(
	{ document, given, volume }: Mount,
	file: string,
	container: PlacedMap,
	maps: readonly PlacedMap[],
): boolean {
	if (given) return nodeBelow(document.contents as Node | null, given.kind, given.name, "content") !== undefined;
	if (volume === undefined) return false;
	// The volumes of a pod stand beside its containers, outside of what each of them is.
	const spec = maps.findLast(
		(each) => each.document === document && startsWith(container.path, each.path) && nodeBelow(each.map, "volumes"),
	);
	const volumes = nodeBelow(spec?.map, "volumes");
	const found = isSeq(volumes) ? volumes.items.find((item) => isMap(item) && item.get("name") === volume) : undefined;
	// A container group of Azure has the files of a volume in it.
	if (nodeBelow(found as Node | undefined, "secret", file.split("/").at(-1) ?? "")) return true;
	const sources = nodeBelow(found as Node | undefined, "projected", "sources");
	return [found as Node | undefined, ...(isSeq(sources) ? (sources.items as Node[]) : [])].some((each) => {
		const [map, secret] = [
			textAt(each, "configMap", "name"),
			textAt(each, "secret", "secretName") ?? textAt(each, "secret", "name"),
		];
		return isObject(maps, "ConfigMap", map) || isObject(maps, "Secret", secret);
	});
}

function isObject(maps: readonly PlacedMap[], kind: string, name: string | undefined): boolean {
	return (
		name !== undefined &&
		maps.some(({ map }) => textAt(map, "kind") === kind && textAt(map, "metadata", "name") === name)
	);
}
