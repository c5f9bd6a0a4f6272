import { isMap, isScalar, isSeq, type Node } from "yaml";
import { COLLECTOR_CHART } from "../../adapters/collectors/charts.ts";
import { shown } from "../../base/mask.ts";
import type { ConfigPlace } from "../splice/locate.ts";
import { nodeBelow, type PlacedMap, startsWith, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";

type Test = (node: Node) => boolean;

const isFilled: Test = (node) => (isScalar(node) ? node.value !== null && node.value !== "" : isListed(node));
const isListed: Test = (node) => (isMap(node) || isSeq(node)) && node.items.length > 0;
const hasFiles: Test = (node) =>
	isSeq(node) && node.items.some((item) => isScalar(item) && /\.(ya?ml|json|gotmpl)$/.test(String(item.value)));

const FILES = "values of the chart are in other files or objects: what is in them was not checked";
const SET = "single values of the chart are set beside those in this file: what they make of them was not checked";
const AFTER = "what the chart makes of these values is changed afterwards: that was not checked";

/**
 * Keys of tools that install charts, beside a config or a chart's name, by which it has other values than those in the file.
 * Flux (fluxcd.io/flux/components/helm/helmreleases), Argo CD (argo-cd.readthedocs.io/en/stable/user-guide/helm), Fleet (fleet.rancher.io/ref-fleet-yaml),
 * helmfile (helmfile.readthedocs.io), Skaffold (skaffold.dev/docs/references/yaml), Pulumi (pulumi.com/registry/packages/kubernetes), K3s (docs.k3s.io/helm),
 * Crossplane (github.com/crossplane-contrib/provider-helm), Kustomize (kubectl.docs.kubernetes.io/references/kustomize/builtins).
 */
const KEYS: Readonly<Record<string, readonly [is: Test, what: string]>> = {
	valuesFrom: [isListed, FILES],
	valueFiles: [isListed, FILES],
	valuesFiles: [isListed, FILES],
	valuesFile: [isFilled, FILES],
	additionalValuesFiles: [isListed, FILES],
	valueYamlFiles: [isListed, FILES],
	valuesSecrets: [isListed, FILES],
	values: [hasFiles, FILES],
	secrets: [hasFiles, FILES],
	set: [isListed, SET],
	setString: [isListed, SET],
	setTemplate: [isListed, SET],
	setFiles: [isListed, SET],
	setValues: [isListed, SET],
	setValueTemplates: [isListed, SET],
	parameters: [isListed, SET],
	fileParameters: [isListed, SET],
	postRenderers: [isListed, AFTER],
	postRenderer: [isFilled, AFTER],
	jsonPatches: [isListed, AFTER],
	strategicMergePatches: [isListed, AFTER],
};
/** Keys that other files have, too. */
const OF_HELM: ReadonlySet<string> = new Set(["parameters", "fileParameters"]);
const FIX = "Check the chart as helm template renders it with all of them, too.";

/** Values, and changes to them, that a chart gets besides those in this file, as the tool that installs it names them. */
export function valuesElsewhere(maps: readonly PlacedMap[], places: readonly ConfigPlace[]): ConfigFinding[] {
	const charts = maps.filter(({ map }) => isOfChart(map)).map(({ map }) => map);
	const options = charts.map((map) => nodeBelow(map, "helm"));
	const concerns = ({ document, path, map }: PlacedMap) =>
		charts.includes(map) ||
		options.includes(map) ||
		places.some((place) => place.document === document && isAround(path, place.path));
	const found = maps.filter(concerns).flatMap(({ map, path }) => {
		const all = Object.entries(KEYS).flatMap(([key, [is, what]]): ConfigFinding[] => {
			const node = nodeBelow(map, key);
			if (!node || !is(node) || (OF_HELM.has(key) && path.at(-1) !== "helm")) return [];
			return [{ rule: "not-read", at: node.range?.[0] ?? 0, severity: "warning", what, fix: FIX }];
		});
		return all.filter(({ what }, index) => all.findIndex((each) => each.what === what) === index);
	});
	return [...found, ...maps.flatMap(({ map }) => replaced(map))];
}

/** Whether a map leads to a config. */
function isAround(path: PlacedMap["path"], config: ConfigPlace["path"]): boolean {
	return path.length < config.length && startsWith(config, path);
}

/** Whether a map, or what is around its `helm`, names a chart that installs a collector. */
function isOfChart(map: Node): boolean {
	const names = [
		...[textAt(map, "chart"), textAt(map, "chart", "name"), textAt(map, "chart", "spec", "chart")],
		...[textAt(map, "chartRef", "name"), textAt(map, "remoteChart")],
	];
	return names.some((name) => name !== undefined && COLLECTOR_CHART.test(name));
}

/** Values by which the chart mounts another ConfigMap than that of the config beside them. https://github.com/open-telemetry/opentelemetry-helm-charts/tree/main/charts/opentelemetry-collector */
function replaced(map: Node): ConfigFinding[] {
	const other = textAt(map, "configMap", "existingName") ?? "";
	const isMade = textAt(map, "configMap", "create") !== "false";
	const at = nodeBelow(map, "configMap")?.range?.[0] ?? 0;
	if (!isMap(nodeBelow(map, "config")) || (isMade && other === "")) return [];
	const name = other === "" ? "another ConfigMap" : `the ConfigMap ${shown(other)}`;
	const what = `the collector reads ${name}, which was not checked, and not the config beside this`;
	return [{ rule: "not-read", at, severity: "error", what, fix: "Check the config that is in it." }];
}
