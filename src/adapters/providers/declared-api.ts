import { ownEntry } from "../../base/lookup.ts";
import type { ProviderCall, RotationAbout } from "./rotation.ts";

/** Requests and answers of a token API that a fleet file declares. Pure. */

const REQUEST =
	/^(GET|POST|PUT|PATCH|DELETE) (https:\/\/\S+|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/\S*)?)$/;

/** A method and a URL that is encrypted, or on this machine. */
export function isRequest(text: string): boolean {
	const [, , url = ""] = REQUEST.exec(text) ?? [];
	if (!URL.canParse(url)) return false;
	const { username, password, hash } = new URL(url);
	return username === "" && password === "" && hash === "";
}

/** The request of a setting, filled in. Its URL is absolute, so it is independent of the rotation's endpoint. */
export function requestOf(about: RotationAbout, name: string, json: string | undefined): ProviderCall {
	const { settings } = about;
	const [, method = "POST", url = ""] = REQUEST.exec(ownEntry(settings, name) ?? "") ?? [];
	return {
		method: method as ProviderCall["method"],
		path: filled(url, about, encodeURIComponent),
		by: "admin",
		...(settings["admin-header"] !== undefined && { header: settings["admin-header"] }),
		...(settings["admin-scheme"] !== undefined && {
			scheme: settings["admin-scheme"] === "none" ? "" : settings["admin-scheme"],
		}),
		...(json !== undefined && { json: filledDeep(JSON.parse(json), about) as Readonly<Record<string, unknown>> }),
	};
}

/** Each value once; what was filled in is not looked at again. */
function filled(text: string, { operation, attempt, tokenId }: RotationAbout, as: (value: string) => string): string {
	const values = new Map([
		["{operation}", operation],
		["{attempt}", String(attempt)],
		["{token-id}", tokenId ?? ""],
	]);
	return text.replaceAll(/\{[a-z-]+\}/g, (found) => {
		const value = values.get(found);
		return value === undefined ? found : as(value);
	});
}

function filledDeep(value: unknown, about: RotationAbout): unknown {
	if (typeof value === "string") return filled(value, about, (text) => text);
	if (Array.isArray(value)) return value.map((each) => filledDeep(each, about));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filledDeep(each, about)]));
}

/** What stands at a JSON pointer; undefined without a pointer, or if nothing is there. https://www.rfc-editor.org/rfc/rfc6901 */
function valueAt(body: string, pointer: string | undefined): unknown {
	if (pointer === undefined) return undefined;
	let value: unknown;
	try {
		value = JSON.parse(body);
	} catch {
		return undefined;
	}
	for (const step of pointer.split("/").slice(1)) {
		const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
		if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
		if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
		value = ownEntry(value as Readonly<Record<string, unknown>>, key);
	}
	return value;
}

/** A text, or a whole number as one. */
export function declaredText(body: string, pointer: string | undefined): string | undefined {
	const value = valueAt(body, pointer);
	if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
	return typeof value === "string" && value !== "" ? value : undefined;
}

/** Numbers above this are milliseconds, not seconds: it is the year 5138 in seconds. */
const MOST_SECONDS = 100_000_000_000;

/** A time with its zone, or seconds or milliseconds since the epoch; in milliseconds. */
export function declaredTime(body: string, pointer: string | undefined): number | undefined {
	const value = valueAt(body, pointer);
	if (typeof value === "number" && Number.isFinite(value) && value > 0)
		return value < MOST_SECONDS ? value * 1000 : value;
	const at = typeof value === "string" && /(Z|[+-]\d\d:?\d\d)$/.test(value) ? Date.parse(value) : Number.NaN;
	return Number.isNaN(at) ? undefined : at;
}
