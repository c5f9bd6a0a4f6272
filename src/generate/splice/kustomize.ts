import { type Document, isMap, isSeq, type Node, Scalar, visit } from "yaml";

/** A file of Kustomize, of which only its program makes a config. */
export interface KustomizeFile {
	/** What the file is, as in `this is …`. */
	readonly what: string;
	/** Only a part of a config is in it: there is nothing to check. */
	readonly isPatch: boolean;
}

const OPERATIONS: ReadonlySet<unknown> = new Set(["add", "remove", "replace", "move", "copy", "test"]);
/** What only a Kustomization has at its top; its `kind` may be left out. */
const FIELDS = [
	"configMapGenerator",
	"secretGenerator",
	"patches",
	"patchesStrategicMerge",
	"patchesJson6902",
	"helmCharts",
	"namePrefix",
];
const NAMES = /(^|[/\\])(kustomization\.ya?ml|Kustomization)$/;
const DIRECTIVE = /^\$(patch|retainKeys|deleteFromPrimitiveList\/.*|setElementOrder\/.*)$/;
/** A section of a config with components by name; Alertmanager, too, has receivers, in a list. */
const SECTION = /^(receivers|processors|exporters|extensions|connectors):(\s*\{|[ \t]*(#.*)?\n[ \t]+[\w./-]+:)/m;

/**
 * What a file is to Kustomize; undefined for whole configs and objects. `hasConfig`: a config was found in it.
 * https://kubectl.docs.kubernetes.io/references/kustomize/ https://www.rfc-editor.org/rfc/rfc6902
 */
export function kustomizeFile(
	documents: readonly Document[],
	file: string,
	hasConfig: boolean,
): KustomizeFile | undefined {
	if (documents.some((document) => isKustomization(document, file))) return { what: "a Kustomization", isPatch: false };
	if (documents.some(isJsonPatch)) return { what: "a JSON patch (RFC 6902)", isPatch: true };
	if (documents.some(hasDirective)) return { what: "a strategic merge patch of Kubernetes", isPatch: true };
	if (!hasConfig && documents.some(isPartOfConfigMap)) {
		return { what: "a ConfigMap with a part of a config, such as a patch of Kustomize", isPatch: true };
	}
	return undefined;
}

/** Where to add something instead. */
export const BASE =
	"name the file of the base that contains the pipelines (kustomize build FOLDER shows what becomes of it)";
/** How to check a file of Kustomize. */
export const RENDER = "Render it (kustomize build FOLDER), and pipe that to crossfade check -d … -";

function isKustomization({ contents }: Document, file: string): boolean {
	if (!isMap(contents)) return false;
	const [kind, version] = [contents.get("kind"), contents.get("apiVersion")];
	if (kind === undefined)
		return NAMES.test(file) || FIELDS.some((field) => isSeq(contents.get(field)) && field !== "patches");
	return /^(Kustomization|Component)$/.test(String(kind)) && /^kustomize\./.test(String(version));
}

function isJsonPatch({ contents }: Document): boolean {
	return (
		isSeq(contents) &&
		contents.items.length > 0 &&
		contents.items.every(
			(item) => isMap(item) && OPERATIONS.has(item.get("op")) && /^\//.test(String(item.get("path"))),
		)
	);
}

function hasDirective(document: Document): boolean {
	let isFound = false;
	visit(document, {
		Pair(_key, { key }) {
			if (!(key instanceof Scalar) || !DIRECTIVE.test(String(key.value))) return undefined;
			isFound = true;
			return visit.BREAK;
		},
	});
	return isFound;
}

/** Whether a text of a ConfigMap has sections of a config, and nothing that starts them. */
function isPartOfConfigMap({ contents }: Document): boolean {
	if (!isMap(contents) || contents.get("kind") !== "ConfigMap") return false;
	const data = contents.get("data");
	return isMap(data) && data.items.some(({ value }) => isPartOfConfig(value as Node | null));
}

function isPartOfConfig(value: Node | null): boolean {
	return value instanceof Scalar && SECTION.test(String(value.value)) && !/^service:/m.test(String(value.value));
}
