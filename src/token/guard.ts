/** A filter for one output stream: text goes in as it is written, what comes out holds no protected text. */
export interface OutputGuard {
	/** Returns what may be written now; a tail that could be the start of a protected text is held back. */
	push(text: string): string;
	/** Returns what was held back; call it before the stream ends. */
	flush(): string;
}

/** What must never be written, and what is written in its place. It only grows: a secret that was read once stays one. */
const protectedTexts = new Map<string, string>();

/** From now on every guarded stream and file shows `label` where any of `forms` would have stood. */
export function protect(forms: readonly string[], label: string): void {
	for (const form of forms) protectedTexts.set(form, label);
}

/** Replaces every protected text in a whole text. */
export function redact(text: string): string {
	let clean = text;
	for (const [form, label] of protectedTexts) clean = clean.replaceAll(form, label);
	return clean;
}

/** Whether a text holds a protected one. */
export function holdsSecret(text: string): boolean {
	return redact(text) !== text;
}

/** A guard for a stream whose writes may cut a protected text in two. */
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

/** How many characters at the end of a text are the start of a protected one. */
function longestStart(text: string): number {
	let longest = 0;
	for (const form of protectedTexts.keys()) {
		for (let length = Math.min(form.length - 1, text.length); length > longest; length--) {
			if (text.endsWith(form.slice(0, length))) longest = length;
		}
	}
	return longest;
}
