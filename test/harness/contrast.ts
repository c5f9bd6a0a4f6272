/**
 * JavaScript for a page: every visible text whose contrast to what is behind it is below WCAG 2.2 AA (4.5, or 3 for large text), and
 * how many texts were measured. https://www.w3.org/TR/WCAG22/#contrast-minimum
 */
export const measureContrast = String.raw`(() => {
	const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
	const parse = (color) => {
		const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
		return { r, g, b, a };
	};
	const light = ({ r, g, b }) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
	const behind = (node) => {
		for (let each = node; each; each = each.parentElement) {
			const color = parse(getComputedStyle(each).backgroundColor);
			if (color.a === 1) return color;
			if (color.a !== 0) throw new Error("a half transparent background is not measured");
		}
		return { r: 255, g: 255, b: 255 };
	};
	const weak = [];
	let measured = 0;
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const text = walker.currentNode.nodeValue.trim();
		const node = walker.currentNode.parentElement;
		if (text === "" || ["SCRIPT", "STYLE"].includes(node.tagName) || !node.checkVisibility()) continue;
		const style = getComputedStyle(node);
		const [front, back] = [parse(node instanceof SVGElement ? style.fill : style.color), behind(node)];
		const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
		const size = parseFloat(style.fontSize);
		const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
		const ratio = (high + 0.05) / (low + 0.05);
		measured++;
		if (ratio < (isLarge ? 3 : 4.5)) weak.push(text.slice(0, 40) + " " + ratio.toFixed(2));
	}
	return { weak, measured };
})()`;
