import { ownEntry } from "./lookup.ts";

/** Characters that JSON allows unescaped and that can control a terminal. */
const STEERING = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu;

/** A document as indented JSON, with terminal control characters escaped and no text changed. */
export function jsonText(document: unknown): string {
	return `${JSON.stringify(document, undefined, 2).replace(STEERING, jsonEscape)}\n`;
}

/** Escapes such as `\u001b`; two for a character beyond 16 bits. */
export function jsonEscape(character: string): string {
	return character
		.split("")
		.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
		.join("");
}

/** A field of a JSON object in a text; undefined for any other text. No error quotes the text, as those of `JSON.parse` do. */
export function jsonField(text: string, name: string): unknown {
	try {
		const value: unknown = JSON.parse(text);
		const isObject = typeof value === "object" && value !== null;
		return isObject ? ownEntry(value as Readonly<Record<string, unknown>>, name) : undefined;
	} catch {
		return undefined;
	}
}
