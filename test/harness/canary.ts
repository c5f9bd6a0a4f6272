import { randomBytes, randomInt } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { secretForms } from "../../src/token/forms.ts";

/** A fresh random token that no output may ever hold. */
export interface Canary {
	readonly token: string;
	readonly fingerprint: string;
}

/** A canary of `length` characters of the alphabet that every CLI carries. */
export function canary(length = 43): Canary {
	// A letter first, so that no parser takes it for a flag, and some digits for certain, as every issued token has.
	const digits = String(randomInt(1000, 10_000));
	const token = `k${randomBytes(length)
		.toString("base64url")
		.slice(0, length - 5)}${digits}`;
	return { token, fingerprint: fingerprint(token) };
}

/** A canary with characters that every escaping changes: quotes, backslash, percent, plus, dollar. */
export function awkwardCanary(): Canary {
	const token = `${canary(24).token}"\\%2B+$'\`&<`;
	return { token, fingerprint: fingerprint(token) };
}

/** The places where a token shows, in any form: an empty list is what every test wants. */
export function leaks(canaries: readonly Canary[], texts: Readonly<Record<string, string>>): string[] {
	return canaries.flatMap(({ token, fingerprint: id }) =>
		secretForms(token).flatMap((form) =>
			Object.entries(texts).flatMap(([place, text]) => (text.includes(form) ? [`${id} in ${place}`] : [])),
		),
	);
}

/** Every regular file below a folder, as text by path, without those named. */
export function filesBelow(folder: string, except: readonly string[] = []): Record<string, string> {
	const found: Record<string, string> = {};
	for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
		const path = join(folder, name);
		if (!except.includes(name) && statSync(path, { throwIfNoEntry: false })?.isFile()) {
			found[path] = readFileSync(path, "utf8");
		}
	}
	return found;
}
