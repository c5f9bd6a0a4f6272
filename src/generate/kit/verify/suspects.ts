import { couldBeToken } from "../../../base/mask.ts";

const WORD = /[A-Za-z0-9._~+=-]{20,}/g;
/** Digests, identifiers and dates also consist of letters and digits. */
const KNOWN_SHAPES = /^([0-9a-fA-F]{32,128}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d{4}-\d\d-\d\d.*)$/;
/** A file inside a payload. */
const BASE64 = /[A-Za-z0-9+/]{400,}={0,2}/g;

/** Whether a text has words that could be a token and are not in the original. */
export function holdsSuspect(text: string, original = ""): boolean {
	const own = new Set(words(original));
	return words(text).some((word) => !own.has(word) && !KNOWN_SHAPES.test(word) && couldBeToken(word));
}

function words(text: string): string[] {
	const open = text.replace(BASE64, (blob) => ` ${Buffer.from(blob, "base64").toString("latin1")} `);
	return (open.match(WORD) ?? []).map((word) => word.replace(/^[._~+=-]+|[._~+=-]+$/g, ""));
}
