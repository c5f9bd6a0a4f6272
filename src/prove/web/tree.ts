/** A page fragment as data: printed as HTML for a report, or mounted as DOM nodes in a browser. Text is never parsed as markup. */
export interface PageElement {
	readonly tag: string;
	readonly attributes: Readonly<Record<string, string>>;
	readonly children: readonly PageNode[];
}

export type PageNode = PageElement | string;

type Attribute = string | number | boolean | undefined;
type Content = PageNode | number | undefined | readonly Content[];

/** An element. Attributes that are `false` or undefined are omitted; `true` is an empty attribute. */
export function h(
	tag: string,
	attributes: Readonly<Record<string, Attribute>>,
	...content: readonly Content[]
): PageElement {
	const given = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== false);
	return {
		tag,
		attributes: Object.fromEntries(given.map(([name, value]) => [name, value === true ? "" : String(value)])),
		children: content.flatMap(nodes),
	};
}

function nodes(content: Content): readonly PageNode[] {
	if (content === undefined) return [];
	if (typeof content === "number") return [String(content)];
	if (typeof content === "string" || "tag" in content) return [content];
	return content.flatMap(nodes);
}
