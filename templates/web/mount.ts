import type { PageElement, PageNode } from "../../src/prove/web/tree.ts";

/** Makes the children of a node those of the tree, touching only what differs, so that focus, selection and scrolling stay. */
export function mount(parent: Element, children: readonly PageNode[]): void {
	// The script that draws the page stays where it is, after all that it draws.
	const present = [...parent.childNodes].filter((node) => node.nodeName !== "SCRIPT");
	const merged = joinTexts(children);
	for (const [index, child] of merged.entries()) {
		const node = present[index];
		if (node && matches(node, child)) update(node, child);
		else if (node) node.replaceWith(create(child, parent));
		else parent.append(create(child, parent));
	}
	for (const node of present.slice(merged.length)) node.remove();
}

/** A parser makes one text of neighbours, and none of empty ones. */
function joinTexts(children: readonly PageNode[]): PageNode[] {
	const joined: PageNode[] = [];
	for (const child of children) {
		const last = joined.at(-1);
		if (typeof child === "string" && typeof last === "string") joined[joined.length - 1] = last + child;
		else if (child !== "") joined.push(child);
	}
	return joined;
}

function matches(node: Node, child: PageNode): boolean {
	if (typeof child === "string") return node instanceof Text;
	return node instanceof Element && node.localName === child.tag && node.id === (child.attributes["id"] ?? "");
}

function update(node: Node, child: PageNode): void {
	if (typeof child === "string") {
		if (node.nodeValue !== child) node.nodeValue = child;
	} else if (node instanceof Element) {
		setAttributes(node, child);
		mount(node, child.children);
	}
}

function setAttributes(node: Element, { attributes }: PageElement): void {
	for (const { name } of [...node.attributes]) if (!Object.hasOwn(attributes, name)) node.removeAttribute(name);
	for (const [name, value] of Object.entries(attributes)) {
		if (node.getAttribute(name) !== value) node.setAttribute(name, value);
	}
}

const SVG = "http://www.w3.org/2000/svg";

function create(child: PageNode, parent: Element): Node {
	if (typeof child === "string") return document.createTextNode(child);
	const inSvg = child.tag === "svg" || parent.namespaceURI === SVG;
	const node = inSvg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
	setAttributes(node, child);
	mount(node, child.children);
	return node;
}
