/** A filter for one output stream that removes protected text. */
export interface OutputGuard {
	/** Returns what can be written now; holds back a tail that could be the start of a protected text. */
	push(text: string): string;
	/** Returns the held-back text; call it before the stream ends. */
	flush(): string;
}

/** Texts that must never be written, and their replacements. Only grows: a secret, once read, stays protected. */
const protectedTexts = new Map<string, string>();

/** From now on every guarded stream and file shows `label` instead of any of `forms`. */
export function protect(forms: readonly string[], label: string): void {
	for (const form of forms) protectedTexts.set(form, label);
}

/** Replaces every protected text in a complete text. */
export function redact(text: string): string {
	let clean = text;
	for (const [form, label] of protectedTexts) clean = clean.replaceAll(form, label);
	return clean;
}

/** Whether a text contains a protected one. */
export function holdsSecret(text: string): boolean {
	return redact(text) !== text;
}

/** Whether a text contains one that another text does not, or contains it more often. */
export function holdsMoreSecrets(text: string, before: string): boolean {
	const count = (all: string, form: string) => all.split(form).length;
	return [...protectedTexts.keys()].some((form) => count(text, form) > count(before, form));
}

/** A guard for a stream whose writes may split a protected text. */
export function outputGuard(): OutputGuard {
	let held = "";
	return {
		push(text) {
			const clean = redact(held + text);
			const keep = longestStart(clean);
			held = clean.slice(clean.length - keep);
			return clean.slice(0, clean.length - keep);
		},
		flush() {
			const rest = held;
			held = "";
			return rest;
		},
	};
}

/** How many characters at the end of a text could start a protected one. */
function longestStart(text: string): number {
	let longest = 0;
	for (const form of protectedTexts.keys()) {
		for (let length = Math.min(form.length - 1, text.length); length > longest; length--) {
			if (text.endsWith(form.slice(0, length))) longest = length;
		}
	}
	return longest;
}
