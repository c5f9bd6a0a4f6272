import { plainName } from "./header.ts";

/** What else has a name in the answers of APIs (a user, a policy) does not name the machine. */
const OWNERS: ReadonlySet<string> = new Set([
	"device",
	"computer",
	"manageddevice",
	"host",
	"machine",
	"system",
	"general",
]);
/** Field names that say nothing without what they are in. */
const BARE: ReadonlySet<string> = new Set(["name", "id", "host", "device", "machine", "time", "date", "serial"]);
const MAX_DEPTH = 6;
const MAX_FIELDS = 10_000;

/** A text in a record, by its name after `plainName`. */
export type TextField = readonly [name: string, text: string];

/**
 * The texts of a record. Those of objects in it follow, as APIs answer: `device: { name }` is `devicename`, `managedDevice: { deviceName }` is
 * `devicename` if the record has none itself, and `user: { name }` is `username`.
 */
export function textFields(value: unknown): readonly TextField[] {
	if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
	const own: TextField[] = [];
	const nested: TextField[] = [];
	for (const [key, each] of Object.entries(value)) {
		if (typeof each === "string") own.push([plainName(key), each]);
		else collect(each, key, 1, nested);
	}
	const names = new Set(own.map(([name]) => name));
	return [...own, ...nested.map((field) => (names.has(field[0]) ? (["", field[1]] as const) : field))];
}

function collect(value: unknown, owner: string, depth: number, found: TextField[]): void {
	if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
	for (const [key, each] of Object.entries(value)) {
		if (found.length >= MAX_FIELDS) return;
		const isList = Array.isArray(value);
		if (typeof each === "string") found.push([isList ? "" : nameIn(plainName(owner), plainName(key)), each]);
		else collect(each, isList ? owner : key, depth + 1, found);
	}
}

function nameIn(owner: string, name: string): string {
	if (!BARE.has(name)) return name;
	return OWNERS.has(owner) ? `device${name}` : `${owner}${name}`;
}
