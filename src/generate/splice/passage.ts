import { type Document, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { PipelineEntry } from "./pipelines.ts";
import { effectOf, typeOf } from "./processors.ts";
import { entryOf, keyOf, resolvedValue } from "./yaml-document.ts";

/** Attributes by which a backend tells who sent a record. */
const IDENTITY =
	/^(user\.|enduser\.|session\.|organization\.|account\.|service\.(name|version|instance)|host\.|terminal\.|app\.)/;

/** Statements that take attributes away. */
const REMOVES =
	/\b(delete_key|delete_matching_keys|keep_keys|keep_matching_keys|limit|truncate_all|replace_all_patterns)\(/;

/**
 * What stands between the receivers and our exporter, one sentence for each: processors that drop, delete or merge, and receivers
 * whose data is sent along.
 */
export function passageNotes(
	document: Document,
	root: YAMLMap,
	chosen: readonly PipelineEntry[],
	exporter: string,
	connectors: ReadonlySet<string>,
): string[] {
	const settings = (id: string) => {
		const section = resolvedValue(document, entryOf(root, "processors"));
		return isMap(section) ? resolvedValue(document, entryOf(section, id)) : undefined;
	};
	return chosen.flatMap(({ id: pipeline, receivers, processors }) => [
		...(processors ?? []).flatMap((id) =>
			processorNote(typeOf(id), id, pipeline, textsOf(settings(id)), deletedKeys(settings(id))),
		),
		...(receivers ?? [])
			.filter((id) => typeOf(id) !== "otlp" && !connectors.has(id))
			.map((id) => foreignNote(id, pipeline, exporter)),
	]);
}

export function foreignNote(id: string, pipeline: string, exporter: string): string {
	return `${id} also feeds ${pipeline}, so ${exporter} gets its data, too: to send OTLP alone, give it a pipeline of its own`;
}

/** The sentence about one processor; `texts` are the texts in its settings, `deleted` the keys it deletes. */
export function processorNote(
	type: string,
	id: string,
	pipeline: string,
	texts: readonly string[],
	deleted: readonly string[],
): string[] {
	const effect = effectOf(type);
	if (effect === "drops")
		return [
			`${id} in ${pipeline} drops records before they reach this backend: check that it lets through what you want to see there`,
		];
	if (effect === "merges")
		return [`${id} in ${pipeline} merges records: counts at this backend differ from what was sent`];
	if (effect !== "deletes") return [];
	const identity = deleted.filter((key) => IDENTITY.test(key));
	if (identity.length > 0)
		return [`${id} in ${pipeline} deletes ${identity.join(", ")}: this backend cannot tell who sent a record`];
	const removes = type === "redaction" || texts.some((text) => REMOVES.test(text));
	return removes
		? [`${id} in ${pipeline} removes or masks attributes: check that it keeps those that tell who sent a record`]
		: [];
}

function deletedKeys(settings: Node | undefined): string[] {
	if (!isMap(settings)) return [];
	return ["actions", "attributes"].flatMap((list) => {
		const items = entryOf(settings, list)?.value;
		if (!isSeq(items)) return [];
		return items.items.flatMap((item) => {
			if (!isMap(item) || !["delete", "hash"].includes(String(item.get("action")))) return [];
			return [String(item.get("key") ?? item.get("pattern") ?? "?")];
		});
	});
}

function textsOf(node: Node | null | undefined): string[] {
	if (isScalar(node)) return typeof node.value === "string" ? [node.value] : [];
	if (isSeq(node)) return node.items.flatMap((item) => textsOf(item as Node));
	return isMap(node)
		? node.items.flatMap((pair) => (keyOf(pair) === undefined ? [] : textsOf(pair.value as Node | null)))
		: [];
}
