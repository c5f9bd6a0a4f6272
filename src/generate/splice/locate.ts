import { type Document, isMap, isScalar, isSeq, type Node, type Pair, Scalar, visit, type YAMLMap } from "yaml";
import { type ChartConfig, chartAt } from "../../adapters/collectors/charts.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { positionOf } from "./edit.ts";
import { BASE, kustomizeFile } from "./kustomize.ts";
import { entryOf, keyOf, type YamlText } from "./yaml-document.ts";

/** The position of a collector config in a YAML text. */
export interface ConfigPlace {
	readonly document: Document;
	/** How to name it with `--at`: empty for the file itself, else e.g. `spec.config` or `OpenTelemetryCollector/edge:spec.config`. */
	readonly label: string;
	/** A map in the file, or a text in it that holds the config, or a file around it: Helm values in an Argo CD application. */
	readonly node: YAMLMap | Scalar;
	/** Keys and positions that lead to it from the top of the document. */
	readonly path: readonly (string | number)[];
	/** The Helm chart that merges it with a config of its own; undefined if it is the whole config. */
	readonly chart: ChartConfig | undefined;
}

const SECTIONS = ["receivers", "processors", "exporters", "connectors", "extensions", "service"];

/**
 * The only collector config of a text: the document itself, or the map or block of text embedded in a custom resource, ConfigMap or Helm values
 * file. Throws (refused) if there is none, or several and `at` does not select one.
 */
export function locateConfig(yaml: YamlText, at: string | undefined, byHand: string): ConfigPlace {
	const found = configsIn(yaml.documents);
	const all = found.filter(({ node }) => isMap(node) || isConfigBlock(node));
	const later = laterConfigs(yaml.documents, all);
	const places = all.filter((each) => !later.includes(each));
	if (places.length === 0 && later[0]) {
		throw new CrossfadeError("refused", {
			what: "this config is not in the first document of the file, and the collector reads no other",
			where: { file: yaml.file, ...positionOf(yaml.text, later[0].node.range?.[0] ?? 0) },
			fix: `remove what is before it; or ${byHand}`,
		});
	}
	const chosen = at === undefined ? places : places.filter(({ label }) => label === at || label.endsWith(`:${at}`));
	const [place] = chosen;
	if (place && chosen.length === 1) return place;
	const where = { file: yaml.file };
	if (places.length === 0) {
		const kustomize = kustomizeFile(yaml.documents, yaml.file, false)?.what;
		const [inText] = found;
		if (inText && kustomize === undefined) {
			throw new CrossfadeError("refused", {
				what: `the config is in the text at ${inText.label}, which is read and not changed`,
				expected: "a map, or a block of text (|) with the config and nothing else",
				where: { ...where, ...positionOf(yaml.text, inText.node.range?.[0] ?? 0) },
				fix: `move it to a map or a file of its own; or ${byHand}`,
			});
		}
		const nothing = yaml.text.trim() === "" ? "an empty file" : "none";
		throw new CrossfadeError("refused", {
			what: "there is no collector config in this file",
			expected: "service.pipelines, at the top or embedded in Helm values, a custom resource or a ConfigMap",
			got: kustomize ?? nothing,
			where,
			fix: `${kustomize === undefined ? "name the file that contains the pipelines" : BASE}; or ${byHand}`,
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

/** Further configs of a file that begins with one, or with nothing: measured on otelcol 0.155.0, which reads the first document alone. */
export function laterConfigs(documents: readonly Document[], places: readonly ConfigPlace[]): ConfigPlace[] {
	const whole = places.filter(({ path, node }) => path.length === 0 && isMap(node));
	const [first] = documents;
	const isEmpty = first?.contents === null || (isScalar(first?.contents) && first.contents.value === null);
	if (!isEmpty && !whole.some(({ document }) => document === first)) return [];
	return whole.filter(({ document }) => document !== first);
}

/** Every collector config in some documents, wherever YAML can hold one: below any key, in lists, in texts of any style. */
export function configsIn(documents: readonly Document[]): ConfigPlace[] {
	return documents.flatMap((document) => placesIn(document));
}

/** Where a search stands: the Kubernetes object it is in, and the keys and positions below that. */
interface Spot {
	readonly owner?: string | undefined;
	readonly path: readonly (string | number)[];
	/** The same from the top of the document. */
	readonly trail: readonly (string | number)[];
}

function placesIn(document: Document): ConfigPlace[] {
	const found: ConfigPlace[] = [];
	const search = (node: Node | null, spot: Spot, beside: readonly string[] = []): void => {
		const { owner, path, trail } = spot;
		const label = owner ? `${owner}:${path.join(".")}` : path.join(".");
		const below = (key: string | number, from: Spot = spot): Spot => ({
			owner: from.owner,
			path: [...from.path, key],
			trail: [...trail, key],
		});
		if (isSeq(node)) {
			for (const [index, item] of (node.items as Node[]).entries()) search(item, below(index));
		} else if (isMap(node) && looksLikeConfig(node, trail, beside)) {
			found.push({
				document,
				label,
				node,
				path: trail,
				chart: owner && !isValues(path) ? undefined : chartAt(path, beside),
			});
		} else if (isMap(node)) {
			const own = ownerOf(node);
			const here: Spot = own === undefined ? spot : { owner: own, path: [], trail };
			const keys = node.items.map((pair) => keyOf(pair) ?? "");
			for (const pair of node.items as Pair<Node, Node | null>[]) {
				const key = keyOf(pair);
				if (key === undefined) continue;
				search(isBase64(here) ? decoded(pair.value) : pair.value, below(key, here), keys);
			}
		} else {
			const text = isConfigText(node) ? node : unpacked(node);
			if (text) found.push({ document, label, node: text, path: trail, chart: undefined });
		}
	};
	search(document.contents as Node | null, { path: [], trail: [] });
	return found;
}

/** Whether values at a place in a Kubernetes object are in base64. */
function isBase64({ owner = "", path }: Spot): boolean {
	return (
		path.length === 1 &&
		path[0] === (owner.startsWith("Secret/") ? "data" : owner.startsWith("ConfigMap/") && "binaryData")
	);
}

/** A config in base64, wherever it stands, as its text; undefined for anything else. */
export function unpacked(node: Node | null | undefined): Scalar | undefined {
	if (!isScalar(node)) return undefined;
	const isPacked = typeof node.value === "string" && /^[A-Za-z0-9+/\s]{40,}=*\s*$/.test(node.value);
	const text = isPacked || node.value instanceof Uint8Array ? decoded(node) : null;
	return isConfigText(text) ? text : undefined;
}

/** A scalar in base64 as the text that it stands for, in its place. */
function decoded(node: Node | null): Node | null {
	if (!isScalar(node)) return node;
	// The parser has taken apart what is tagged as binary.
	const bytes = typeof node.value === "string" ? Buffer.from(node.value, "base64") : node.value;
	if (!(bytes instanceof Uint8Array)) return node;
	const scalar = new Scalar(Buffer.from(bytes).toString("utf8"));
	scalar.range = node.range ?? null;
	scalar.type = Scalar.PLAIN;
	return scalar;
}

/** Whether a place in a Kubernetes object holds Helm values: those of an Argo CD application, or of a Flux release. */
function isValues(path: readonly (string | number)[]): boolean {
	return path.includes("valuesObject") || path.includes("values");
}

/** `Kind/name` of a Kubernetes object; undefined for Helm values, and for a list of objects, which have names of their own. */
function ownerOf(map: YAMLMap): string | undefined {
	const [kind, metadata] = [map.get("kind"), map.get("metadata")];
	if (typeof kind !== "string" || !isMap(metadata)) return undefined;
	const name = metadata.get("name");
	return `${kind}/${typeof name === "string" ? name : "?"}`;
}

/** Whether a map is a config: it has pipelines, or nothing but sections of one. Other files have a `service` or `receivers`, too. */
function looksLikeConfig(map: YAMLMap, path: Spot["path"], beside: readonly string[]): boolean {
	const service = entryOf(map, "service")?.value;
	if (isMap(service) && entryOf(service, "pipelines")) return true;
	// A key such as `receivers::otlp` is two.
	const keys = map.items.map((pair) => (keyOf(pair) ?? "").split("::", 1)[0] ?? "");
	if (keys.length === 0 || !keys.every((key) => SECTIONS.includes(key))) return false;
	const sections = keys.filter((key) => key !== "service");
	const isExpected = path.length === 0 || chartAt(path, beside) !== undefined;
	const hasLists = sections.some((key) => isSeq(entryOf(map, key)?.value));
	// The lists of a pipeline have the names of sections, too.
	if (hasLists && !isExpected) return false;
	return (
		sections.length > (isExpected ? 0 : 1) ||
		(isMap(service) && ["extensions", "telemetry"].some((key) => service.has(key)))
	);
}

/** A text that holds a config, as JSON or YAML, alone or in a file of its own around it. */
function isConfigText(value: Node | null): value is Scalar {
	if (!isScalar(value) || typeof value.value !== "string") return false;
	return /(^|[{,\s])"?service"?\s*:/.test(value.value) && /(^|[{,\s])"?pipelines"?\s*:/.test(value.value);
}

/** A block of text that is a config as a whole: what an edit can put back byte for byte. */
function isConfigBlock({ type, value }: Scalar): boolean {
	// A literal of a generator of Kustomize has its key before the text.
	if (/^[\w.-]+=/.test(String(value))) return false;
	// A script that writes one is changed by hand.
	if (/^#!|<<-?[ \t]*['"\\]?[A-Za-z_]/.test(String(value))) return false;
	return type === Scalar.BLOCK_LITERAL && /^service:/m.test(String(value)) && /^\s+pipelines:/m.test(String(value));
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
