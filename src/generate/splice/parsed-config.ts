import { type Document, isAlias, isMap, isScalar, type Node, type Pair, type YAMLMap } from "yaml";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { shown } from "../../base/mask.ts";
import { lineBreak, positionOf } from "./edit.ts";
import { isNullValue } from "./empties.ts";
import { BASE } from "./kustomize.ts";
import type { ConfigPlace } from "./locate.ts";
import { manualEdit, type OtelcolRequest } from "./request.ts";
import { entryOf, hasMerge, usedAnchors, type YamlText } from "./yaml-document.ts";
import { type SourceText, stepOf } from "./yaml-edit.ts";

/** A collector config in a YAML text: what is wanted of it, where it is, how the text is written. */
export interface ParsedConfig {
	readonly request: OtelcolRequest;
	readonly file: string;
	/** Every document of the file, and the one with the config. */
	readonly documents: readonly Document[];
	readonly document: Document;
	readonly root: YAMLMap;
	readonly service: YAMLMap;
	/** The Helm chart that merges it with a config of its own. */
	readonly chart: ConfigPlace["chart"];
	readonly source: SourceText;
}

/** An entry of a map, as the parser types it where keys are nodes. */
export type YamlEntry = Pair<Node, Node | null>;

/** Reads a config that is a map; throws if it has no service section that can be changed. */
export function parsedConfig(
	{ text, file, documents }: YamlText,
	place: ConfigPlace & { node: YAMLMap },
	request: OtelcolRequest,
): ParsedConfig {
	const { document, node: root, chart } = place;
	const source = { text, eol: lineBreak(text), step: stepOf(text, root) };
	const service = entryOf(root, "service");
	const config = { request, file, documents, document, root, service: root, chart, source };
	guard(config, root, "the config");
	guard(config, service?.value, "service");
	refuseExplicit(config, root);
	if (!service || !isMap(service.value)) {
		const patch = /^(OpenTelemetryCollector\/.+?):/.exec(place.label)?.[1];
		if (!service && patch !== undefined) {
			const what = `there are no pipelines in ${shown(patch)}: this may be a patch of Kustomize`;
			throw refusal(config, { what, fix: `${BASE}; or ${manualEdit(request)}` }, root.range?.[0]);
		}
		const fix =
			"name the file that contains service.pipelines (the collector merges several --config files, and replaces lists)";
		const what = service ? "the service section is empty" : "the config has no service section";
		throw refusal(config, { what, fix: `${fix}; or ${manualEdit(request)}` }, root.range?.[0]);
	}
	refuseExplicit(config, service.value);
	return { ...config, service: service.value };
}

/** Refuses a map with keys in the long form of YAML (`? key`), below which lines cannot be added by their column. */
export function refuseExplicit(config: Omit<ParsedConfig, "service">, { items }: YAMLMap): void {
	const { text } = config.source;
	for (const { key } of items as YamlEntry[]) {
		const at = key.range?.[0] ?? 0;
		if (!/(^|[\s{,])\?[ \t]+$/.test(text.slice(Math.max(0, at - 80), at))) continue;
		const name = shown(String(isScalar(key) ? key.value : key));
		const fix = `write it as ${name}: and run this again; or ${manualEdit(config.request)}`;
		throw refusal(config, { what: `the key ${name} is written in the long form (? ${name})`, fix }, at);
	}
}

/** A reason not to change a file; `fix` if there is a better one than editing by hand. */
type SpliceObstacle = Omit<Problem, "fix" | "where"> & { readonly fix?: string };

/** The error for an obstacle: what, where, and what to write by hand instead. */
export function refusal(
	{ request, file, source }: Pick<ParsedConfig, "request" | "file" | "source">,
	obstacle: SpliceObstacle,
	at?: number,
): CrossfadeError {
	const where = { file, ...(at === undefined ? {} : positionOf(source.text, at)) };
	return new CrossfadeError("refused", { where, ...obstacle, fix: obstacle.fix ?? manualEdit(request) });
}

/** Refuses a value whose entries are, or may be, shared with other places, or are not in this file. */
export function guard(config: Omit<ParsedConfig, "service">, node: Node | null | undefined, what: string): void {
	if (!node || isNullValue(node)) {
		if (node && (node.tag !== undefined || ("anchor" in node && node.anchor !== undefined))) {
			throw refusal(config, { what: `${what} is empty but has an anchor or tag` }, node.range?.[0]);
		}
		return;
	}
	const stop = (why: string) => refusal(config, { what: `${what} ${why}` }, node.range?.[0]);
	if (isAlias(node)) throw stop("is an alias: a change would also affect its other uses");
	if (isScalar(node)) throw stop("is not in this file");
	if (isMap(node) && hasMerge(node)) throw stop("takes entries from elsewhere through a merge key");
	const anchor = "anchor" in node ? node.anchor : undefined;
	if (anchor !== undefined && usedAnchors(config.document).has(anchor)) {
		throw stop("is also used by an alias, which a change would affect");
	}
}
