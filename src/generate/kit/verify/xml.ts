/** Declarations, comments and tags; what is between them is text. */
const MARKUP =
	/<\?[^>]*\?>|<!--[\s\S]*?-->|<!DOCTYPE[^>]*>|<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;
const TEXT = /^(?:[^<&]|&(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)*$/;

/** Why a text is not well-formed XML with one root element, or undefined. Supports only what our payloads use. */
export function xmlProblem(text: string): string | undefined {
	const open: string[] = [];
	let end = 0;
	let roots = 0;
	for (const match of text.matchAll(MARKUP)) {
		const before = text.slice(end, match.index);
		end = match.index + match[0].length;
		if (!TEXT.test(before)) return "unescaped character in text";
		if (open.length === 0 && before.trim() !== "") return "text outside the root element";
		const [, closes, name, , isEmpty] = match;
		if (name === undefined) continue;
		if (closes) {
			const last = open.pop();
			if (last !== name) return `found </${name}>, expected </${last ?? "nothing"}>`;
		} else {
			if (open.length === 0) roots++;
			if (!isEmpty) open.push(name);
		}
	}
	if (open.length > 0) return `<${open.at(-1)}> is not closed`;
	const rest = text.slice(end);
	if (!TEXT.test(rest)) return "unescaped character in text";
	if (rest.trim() !== "") return "text after the root element";
	return roots === 1 ? undefined : `${roots} root elements`;
}
