import { type Document, isMap, isScalar, type Node, type Pair, Scalar, visit, type YAMLMap } from "yaml";
import { CrossfadeError } from "../../base/errors.ts";
import { entryOf, keyOf, type YamlText } from "./yaml-document.ts";

/** The position of a collector config in a YAML text. */
export interface ConfigPlace {
	readonly document: Document;
	/** How to name it with `--at`: empty for the file itself, else e.g. `spec.config` or `OpenTelemetryCollector/edge:spec.config`. */
	readonly label: string;
	/** A map in the file, or a block of text that contains the config. */
	readonly node: YAMLMap | Scalar;
	/** Extensions that apply unless the config has its own list: the Helm chart's defaults. */
	readonly defaultExtensions: readonly string[];
}

/** Chart defaults that a list in the values would replace. https://github.com/open-telemetry/opentelemetry-helm-charts */
const CHART_EXTENSIONS = ["health_check"];

const SECTIONS = ["receivers", "processors", "exporters", "connectors", "extensions", "service"];

/** How deep a config may sit in values or manifests. */
const MAX_DEPTH = 5;

/**
 * The only collector config of a text: the document itself, or the map or block of text embedded in a custom resource, ConfigMap or Helm values
 * file. Throws (refused) if there is none, or several and `at` does not select one.
 */
export function locateConfig(yaml: YamlText, at: string | undefined): ConfigPlace {
	const places = configsIn(yaml.documents);
	const chosen = at === undefined ? places : places.filter(({ label }) => label === at || label.endsWith(`:${at}`));
	const [place] = chosen;
	if (place && chosen.length === 1) return place;
	const where = { file: yaml.file };
	if (places.length === 0) {
		throw new CrossfadeError("refused", {
			what: "there is no collector config in this file",
			expected: "service.pipelines, at the top or embedded in Helm values, a custom resource or a ConfigMap",
			got: yaml.text.trim() === "" ? "an empty file" : "none",
			where,
			fix: "name the file that contains the pipelines",
		});
	}
	const labels = places.map(({ label }) => label || "(the file itself)").join(", ");
	throw new CrossfadeError("refused", {
		what: at === undefined ? "several collector configs in this file" : "--at matches no single config in this file",
		expected: `--at with one of: ${labels}`,
		where,
		fix: "choose one with --at",
	});
}

/** Every collector config in the documents. */
export function configsIn(documents: readonly Document[]): ConfigPlace[] {
	return documents.flatMap((document) => placesIn(document));
}

function placesIn(document: Document): ConfigPlace[] {
	const root = document.contents;
	if (!isMap(root)) return [];
	if (looksLikeConfig(root)) return [{ document, label: "", node: root, defaultExtensions: [] }];
	const owner = ownerOf(root);
	const found: ConfigPlace[] = [];
	const search = (map: YAMLMap, path: readonly string[]) => {
		for (const pair of map.items as Pair<Node, Node | null>[]) {
			const key = keyOf(pair);
			const value = pair.value;
			if (key === undefined || path.length >= MAX_DEPTH) continue;
			const here = [...path, key];
			const label = owner ? `${owner}:${here.join(".")}` : here.join(".");
			if (isMap(value) && looksLikeConfig(value)) {
				found.push({ document, label, node: value, defaultExtensions: owner ? [] : CHART_EXTENSIONS });
			} else if (isMap(value)) search(value, here);
			else if (isConfigText(value)) found.push({ document, label, node: value, defaultExtensions: [] });
		}
	};
	search(root, []);
	return found;
}

/** `Kind/name` of a Kubernetes object; undefined for Helm values. */
function ownerOf(root: YAMLMap): string | undefined {
	const kind = root.get("kind");
	const metadata = root.get("metadata");
	const name = isMap(metadata) ? metadata.get("name") : undefined;
	return typeof kind === "string" ? `${kind}/${typeof name === "string" ? name : "?"}` : undefined;
}

function looksLikeConfig(map: YAMLMap): boolean {
	const service = entryOf(map, "service")?.value;
	if (isMap(service) && entryOf(service, "pipelines")) return true;
	return map.items.length > 0 && map.items.every((pair) => SECTIONS.includes(keyOf(pair) ?? ""));
}

function isConfigText(value: Node | null): value is Scalar {
	if (!isScalar(value) || typeof value.value !== "string") return false;
	if (value.type !== Scalar.BLOCK_LITERAL) return false;
	return /^service:/m.test(value.value) && /^\s+pipelines:/m.test(value.value);
}

/** Blocks of text with an Alloy config, as in a ConfigMap or Helm values. */
export function alloyTexts(document: Document): Scalar[] {
	const found: Scalar[] = [];
	visit(document, {
		Scalar(_key, node) {
			const isText = node.type === "BLOCK_LITERAL" && typeof node.value === "string";
			if (isText && /^[a-z][\w.]*( "[^"]*")? \{/m.test(String(node.value))) found.push(node);
		},
	});
	return found;
}
