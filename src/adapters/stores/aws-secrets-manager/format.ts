/**
 * The text of a secret: the token itself, or a JSON object of which two keys are ours. The values of those are exchanged in place, so that
 * numbers, order and layout of everything else stay as they are, as the console of AWS shows and writes them.
 *
 * Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html,
 * https://github.com/microsoft/node-jsonc-parser#api.
 */
import type { OurFields } from "../fields.ts";
import { jsonOf, objectAt, textIn } from "../http.ts";
import type { StoredToken } from "../store.ts";

/** The keys that are ours; without a key for the token all of the text is the token. */
export interface OurKeys {
	readonly token: string | undefined;
	readonly publicId: string | undefined;
}

export function fieldsOf(text: string, { token, publicId }: OurKeys): OurFields {
	if (token === undefined) return { token: text };
	const document = objectAt(jsonOf(Buffer.from(text)));
	return { token: textIn(document, token), publicId: publicId === undefined ? undefined : textIn(document, publicId) };
}

/** The text with another token. */
export async function textWith(text: string, keys: OurKeys, { token, publicId }: StoredToken): Promise<string> {
	if (keys.token === undefined) return token.reveal();
	const changed = await withValue(text, keys.token, token.reveal());
	return keys.publicId === undefined ? changed : withValue(changed, keys.publicId, publicId ?? "");
}

async function withValue(text: string, key: string, value: string): Promise<string> {
	const { applyEdits, findNodeAtLocation, modify, parseTree } = await import("jsonc-parser");
	const tree = parseTree(text);
	const node = tree && findNodeAtLocation(tree, [key]);
	if (node) return text.slice(0, node.offset) + JSON.stringify(value) + text.slice(node.offset + node.length);
	return applyEdits(text, modify(text, [key], value, {}));
}
