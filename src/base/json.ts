/** Characters that JSON allows as they are and that a terminal would obey. */
const STEERING = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu;

/** A document as indented JSON; nothing in it can steer a terminal, and no text is changed. */
export function jsonText(document: unknown): string {
	return `${JSON.stringify(document, undefined, 2).replace(STEERING, jsonEscape)}\n`;
}

/** `\u001b` and the like; a character beyond 16 bits is two of them. */
export function jsonEscape(character: string): string {
	return character
		.split("")
		.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
		.join("");
}
