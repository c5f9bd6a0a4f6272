import type { InventoryRow } from "../evidence/evidence.ts";

/** The names of a fleet's machines in all sources. */
export interface Names {
	/** A key that is the same for every name of one machine. */
	keyOf(name: string): string;
	/** Names without a domain that machines of several domains have, with those machines' names. */
	readonly shared: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A name that may stand for more than one machine, and why. */
export interface NameConflict {
	readonly key: string;
	readonly name: string;
	readonly witness: string;
}

/** Most names: only their case matters. */
const PLAIN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/i;
const LOCAL = /\.(local|lan|home|localdomain)$/;
const IP = /^\d+(\.\d+){3}$|:/;
const MAX_SHOWN = 3;

/**
 * Matches names by rules: case, a final dot, `.local`, Unicode normal forms, and the way macOS turns "Ann’s MacBook Pro"
 * into `Anns-MacBook-Pro` do not matter. `mac-1.example.com` is `mac-1` unless another domain also has a machine of that name.
 */
export function namesOf(...sources: readonly Iterable<string>[]): Names {
	/** Of names that are not plain, because that is slow. */
	const full = new Map<string, string>();
	const domains = new Map<string, Set<string>>();
	for (const source of sources) {
		for (const name of source) {
			if (PLAIN.test(name) || full.has(name)) continue;
			const whole = fullName(name);
			const short = shortOf(whole);
			full.set(name, whole);
			if (short !== whole) domains.set(short, (domains.get(short) ?? new Set()).add(whole));
		}
	}
	const shared = new Map([...domains].filter(([, all]) => all.size > 1));
	return {
		shared,
		keyOf(name) {
			if (PLAIN.test(name)) return name.toLowerCase();
			const whole = full.get(name) ?? fullName(name);
			const short = shortOf(whole);
			return shared.has(short) ? whole : short;
		},
	};
}

/** A name without a domain that may be any of the machines with one. `keys` has every machine's. */
export function ambiguous({ shared }: Names, keys: { has(key: string): boolean }): NameConflict[] {
	return [...shared]
		.filter(([short]) => keys.has(short))
		.map(([short, all]) => ({ key: short, name: short, witness: `it may be any of ${firstOf([...all])}` }));
}

/** Two names in a list that are taken for one machine, and differ by more than a domain. */
export function alike(key: string, first: string, name: string): NameConflict[] {
	const other = withoutLocal(first);
	if (shortOf(other) === shortOf(withoutLocal(name))) return [];
	return [{ key, name, witness: `the list also has ${other}, and traffic does not distinguish the two` }];
}

/** Reports of one name that are of several machines, by their serial numbers. */
export function bySerial(key: string, reports: readonly InventoryRow[]): NameConflict[] {
	const numbered = reports.filter(({ serial }) => serial !== undefined);
	const all = new Set(numbered.map(({ serial }) => serial ?? ""));
	if (all.size < 2) return [];
	return [
		{ key, name: numbered[0]?.host ?? key, witness: `${all.size} machines have this name: ${firstOf([...all])}` },
	];
}

/** Reports of one name that disagree, without a serial number to tell whether they are of one machine. */
export function repeated(key: string, { host, rows = 1 }: InventoryRow): NameConflict[] {
	if (rows <= 1) return [];
	return [
		{ key, name: host, witness: `${rows} reports of this name differ, and no time or serial number tells them apart` },
	];
}

function firstOf(texts: readonly string[]): string {
	const more = texts.length > MAX_SHOWN ? `, and ${texts.length - MAX_SHOWN} more` : "";
	return `${texts.slice(0, MAX_SHOWN).join(", ")}${more}`;
}

function withoutLocal(name: string): string {
	return name.normalize("NFC").toLowerCase().trim().replace(/\.+$/, "").replace(LOCAL, "");
}

/** The name as macOS makes a LocalHostName from a computer's name, with the domain. */
function fullName(name: string): string {
	const plain = withoutLocal(name);
	const letters = plain.normalize("NFKD").replace(/\p{M}|['’‘`´]/gu, "");
	return letters.replace(/[^\p{L}\p{N}.:]+/gu, "-").replace(/^-+|-+$/g, "") || plain;
}

function shortOf(full: string): string {
	const dot = full.indexOf(".");
	return dot <= 0 || IP.test(full) ? full : full.slice(0, dot);
}
