import { fingerprint } from "../../token/fingerprint.ts";
import { FINGERPRINT_LENGTH } from "../../token/fingerprint-length.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** `Retry-After` in milliseconds from now: seconds or a date; undefined for anything else. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
	const text = value?.trim() ?? "";
	if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
	const date = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Backoff if the server gives none: doubles each time, reduced by up to half at random, from `seed`. */
export function backoffMs(attempt: number, seed: string): number {
	const chance = Number.parseInt(fingerprint(seed), 16) / 16 ** FINGERPRINT_LENGTH;
	return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)) * (1 - chance / 2);
}
