import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { isNullValue } from "./empties.ts";
import type { ParsedConfig } from "./parsed-config.ts";
import { isOwn, ownSections } from "./request.ts";
import { entryOf, keyOf } from "./yaml-document.ts";

/**
 * Final check: the new text, parsed again, must have exactly the old content, plus or minus our entries,
 * and contain everything requested. A difference is a bug in crossfade and aborts the change.
 */
export function verifySplice(before: ParsedConfig, after: ParsedConfig): void {
	const [old, now] = [foreignFacts(before), foreignFacts(after)];
	const at = old.findIndex((fact, index) => fact !== now[index]);
	if (at !== -1 || old.length !== now.length) {
		const place = (old[at] ?? now[old.length] ?? "").split(" ", 1)[0];
		throw new Error(`the splice would change ${place}; nothing was changed`);
	}
	for (const { section, id, value } of after.request.remove ? [] : after.request.entries) {
		const map = entryOf(after.root, section)?.value;
		const entry = isMap(map) ? entryOf(map, id)?.value : undefined;
		if (JSON.stringify(entry?.toJSON()) !== JSON.stringify(value)) throw new Error(`the splice lost ${section}.${id}`);
	}
}

/** The content of a file except our entries, one fact per node, in order; aliases are not followed. */
function foreignFacts(config: ParsedConfig): string[] {
	const facts: string[] = [];
	for (const document of config.documents) collect(config, document.contents as Node | null, "$", undefined, facts);
	return facts;
}

/** `inside` is the path below the config's root, or undefined outside of it. */
function collect(
	config: ParsedConfig,
	node: Node | null,
	path: string,
	inside: readonly string[] | undefined,
	facts: string[],
): void {
	const here = node === config.root ? [] : inside;
	if (!here || !(mayBeCreated(here) || (here.length === 4 && mayBeFilled(here, node))))
		facts.push(`${path} ${headOf(node)}`);
	if (isMap(node)) {
		for (const pair of node.items as Pair<Node, Node | null>[]) {
			const key = keyOf(pair) ?? "?";
			if (here?.length === 1 && isOwn(here[0] ?? "", key, config.request.name)) continue;
			if (!here || !mayBeCreated([...here, key])) facts.push(`${path}.${key} key ${headOf(pair.key)}`);
			collect(config, pair.value, `${path}.${key}`, here && [...here, key], facts);
		}
	} else if (isSeq(node)) {
		for (const item of node.items as Node[]) {
			if (here && isOwnItem(config, here, item)) continue;
			collect(config, item, `${path}[]`, here && [...here, "[]"], facts);
		}
	}
}

/** Sections and the list of extensions may appear or disappear with our entries, and may have been empty. */
function mayBeCreated(inside: readonly string[]): boolean {
	const [first, second] = inside;
	if (inside.length === 1) return ownSections.includes(first ?? "");
	return inside.length === 2 && first === "service" && second === "extensions";
}

/** A list of exporters may have been empty; what is in it is compared item by item. */
function mayBeFilled([first, second, , last]: readonly string[], node: Node | null): boolean {
	return first === "service" && second === "pipelines" && last === "exporters" && (isSeq(node) || isNullValue(node));
}

function isOwnItem({ request, chart }: ParsedConfig, inside: readonly string[], item: Node): boolean {
	const id = isScalar(item) ? String(item.value) : "";
	const [first, second, , last] = inside;
	if (first !== "service") return false;
	if (inside.length === 2 && second === "extensions")
		return isOwn("extensions", id, request.name) || (chart?.extensions ?? []).includes(id);
	return second === "pipelines" && last === "exporters" && isOwn("exporters", id, request.name);
}

/** A node's own content: kind, style, anchor, tag, and a scalar's text. */
function headOf(node: Node | null): string {
	if (!node) return "nothing";
	if (isAlias(node)) return `alias ${node.source}`;
	const anchor = "anchor" in node ? (node.anchor ?? "") : "";
	const kind = isMap(node) ? "map" : isSeq(node) ? "list" : "scalar";
	const style = isScalar(node)
		? `${node.type} ${JSON.stringify(node.source)}`
		: String((node as { flow?: boolean }).flow === true);
	return `${kind} &${anchor} ${node.tag ?? ""} ${style}`;
}
