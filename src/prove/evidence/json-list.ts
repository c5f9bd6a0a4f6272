/** The records of a list that is one JSON document. */
export interface JsonList {
	readonly records: readonly unknown[];
	/** Why it is not the whole list, if it says so. */
	readonly cut: string | undefined;
}

/** A longer document is not read as one. */
export const MAX_DOCUMENT = 1 << 26;

/** Whether a text that begins with this line is one document, not an object on each line. */
export function isJsonDocument(first: string): boolean {
	if (first.startsWith("[")) return true;
	const value = parsed(first);
	return value === undefined || listIn(value) !== undefined;
}

/**
 * Reads an array of objects, or an object with one such array, as APIs answer (`value`, `results`, `hosts`); undefined for anything else.
 * An answer that names a next page, or a larger total, is not the whole list.
 */
export function jsonList(text: string): JsonList | undefined {
	const value = parsed(text);
	const records = Array.isArray(value) ? value : listIn(value);
	if (!records) return undefined;
	return { records, cut: Array.isArray(value) ? undefined : cutOf(value, records.length) };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listIn(value: unknown): readonly unknown[] | undefined {
	if (!isObject(value)) return undefined;
	const lists = Object.values(value).filter((each) => Array.isArray(each) && each.some(isObject));
	return lists.length === 1 ? lists[0] : undefined;
}

const NEXT = /next/i;
const TOTAL = /^(@odata\.)?(total|count|total_?(count|results|records|items)|num_?results)$/i;

function cutOf(value: unknown, count: number): string | undefined {
	if (!isObject(value)) return undefined;
	for (const [key, each] of Object.entries(value)) {
		const hasNext = NEXT.test(key) && each !== null && each !== undefined && each !== "" && each !== false;
		if (hasNext || (TOTAL.test(key) && typeof each === "number" && each > count)) return "one page of a longer list";
		// Where APIs keep them apart from the list, as in `meta` or `pagination`.
		const below = cutOf(each, count);
		if (below !== undefined) return below;
	}
	return undefined;
}
