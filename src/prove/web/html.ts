import { xml } from "../../base/quote.ts";
import type { PageNode } from "./tree.ts";

const VOID = new Set(["meta", "link", "input", "br"]);

/** A tree as HTML; also valid inside SVG. */
export function html(node: PageNode): string {
	if (typeof node === "string") return xml(node);
	const { tag, attributes, children } = node;
	const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${xml(value)}"`);
	const open = `<${tag}${given.join("")}>`;
	return VOID.has(tag) ? open : `${open}${children.map(html).join("")}</${tag}>`;
}
