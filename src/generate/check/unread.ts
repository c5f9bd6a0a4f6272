import { isMap, isScalar, isSeq, type Node, type YAMLSeq } from "yaml";
import { COLLECTOR_CHART } from "../../adapters/collectors/charts.ts";
import { shown } from "../../base/mask.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { nodeBelow, type PlacedMap, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";

/** Keys under which whole configs stand. */
const CONFIG_KEY = /\.(ya?ml|alloy|river|json)$|^(config|relay|collector)/i;
/** A section of a config on a line of its own. */
const SECTION = /^\s*(receivers|processors|exporters|extensions|connectors|service):\s*$/;

/** Configs that this file has, or names, in a form that is not read: with one that is read beside them, the answer would be about that one alone. */
export function unreadFindings(maps: readonly PlacedMap[]): ConfigFinding[] {
	return maps.flatMap(({ map }) => [...encrypted(map), ...packed(map), ...joined(map), ...valuesElsewhere(map)]);
}

function finding(node: Node | null | undefined, what: string, fix: string): ConfigFinding {
	return { rule: "not-read", at: node?.range?.[0] ?? 0, severity: "error", what: `${what} was not checked`, fix };
}

/** https://getsops.io/docs/ */
function encrypted(map: Node): ConfigFinding[] {
	return entries(map).flatMap(({ key, value }) =>
		CONFIG_KEY.test(key) && isScalar(value) && /^ENC\[/.test(String(value.value))
			? [
					finding(
						value,
						`${shown(key)} is encrypted: what is in it`,
						"Decrypt it, and pipe it to crossfade check -d … -",
					),
				]
			: [],
	);
}

/** A file that cloud-init unpacks. https://cloudinit.readthedocs.io/en/latest/reference/modules.html#write-files */
function packed(map: Node): ConfigFinding[] {
	const path = textAt(map, "path");
	if (path === undefined || !CONFIG_KEY.test(path) || !/^(gz|gzip)/i.test(textAt(map, "encoding") ?? "")) return [];
	return [
		finding(
			nodeBelow(map, "content"),
			`${shown(path)} is compressed: what is in it`,
			"Unpack it, and check that file, too.",
		),
	];
}

/** A config that is put together from a list of its lines, as by CloudFormation's Join. */
function joined(map: Node): ConfigFinding[] {
	return entries(map).flatMap(({ value }) =>
		lists(value).flatMap((list) => {
			const lines = list.items.filter((item) => isScalar(item) && SECTION.test(String(item.value)));
			return lines.length > 1
				? [finding(list, "a config is put together from a list of lines: it", "Check the text that comes out of it.")]
				: [];
		}),
	);
}

/** Values that Flux or Argo CD take from other files and objects. */
function valuesElsewhere(map: Node): ConfigFinding[] {
	const chart = textAt(map, "chart") ?? textAt(map, "chart", "spec", "chart") ?? textAt(map, "chartRef", "name") ?? "";
	if (!COLLECTOR_CHART.test(chart)) return [];
	const named = [nodeBelow(map, "valuesFrom"), nodeBelow(map, "helm", "valueFiles")].find(
		(list) => isSeq(list) && list.items.length > 0,
	);
	const fix = "Check these values, too, or the chart as helm template renders it with all of them.";
	return named
		? [
				{
					...finding(named, "values of the chart are in other files or objects: what is in them", fix),
					severity: "warning",
				},
			]
		: [];
}

function entries(map: Node): { key: string; value: Node | null }[] {
	return isMap(map) ? map.items.map((pair) => ({ key: keyOf(pair) ?? "", value: pair.value as Node | null })) : [];
}

/** A list, and those in it. */
function lists(node: unknown): YAMLSeq[] {
	return isSeq(node) ? [node, ...node.items.flatMap(lists)] : [];
}
