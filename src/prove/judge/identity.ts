import type { InventoryRow } from "../evidence/evidence.ts";

/** The machines of a fleet under their names in all sources. */
export interface Identities {
	/** A key that is the same for every name of one machine. */
	keyOf(name: string): string;
	/** Names that may stand for more than one machine, and why. */
	readonly conflicts: readonly { readonly key: string; readonly name: string; readonly witness: string }[];
}

interface NamesInUse {
	readonly expected: readonly string[];
	readonly inventory: readonly InventoryRow[];
	readonly heard: Iterable<string>;
}

/** Most names, which need no change. */
const PLAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const LOCAL = /\.(local|lan|home|localdomain)$/;
const IP = /^\d+(\.\d+){3}$|:/;
const MAX_SHOWN = 3;

/**
 * Matches names by rules: case, a final dot, `.local`, Unicode normal forms, and the way macOS turns "Ann’s MacBook Pro"
 * into `Anns-MacBook-Pro` do not matter. `mac-1.example.com` is `mac-1` unless another domain also has a machine of that name.
 */
export function identities({ expected, inventory, heard }: NamesInUse): Identities {
	const domains = new Map<string, Set<string>>();
	const shortNames = new Set<string>();
	const note = (name: string) => {
		if (PLAIN.test(name)) {
			shortNames.add(name);
			return;
		}
		const full = fullName(name);
		const short = shortOf(full);
		if (short === full) shortNames.add(full);
		else domains.set(short, (domains.get(short) ?? new Set()).add(full));
	};
	for (const name of expected) note(name);
	for (const { host } of inventory) note(host);
	for (const name of heard) note(name);
	const isShared = (short: string) => (domains.get(short)?.size ?? 0) > 1;
	const keyOf = (name: string) => {
		if (PLAIN.test(name)) return name;
		const full = fullName(name);
		const short = shortOf(full);
		return isShared(short) ? full : short;
	};
	const ambiguous = [...domains.keys()]
		.filter((short) => isShared(short) && shortNames.has(short))
		.map((short) => ({
			key: short,
			name: short,
			witness: `it may be any of ${firstOf([...(domains.get(short) ?? [])])}`,
		}));
	return {
		keyOf,
		conflicts: [...ambiguous, ...alike(expected, keyOf), ...serials(inventory, keyOf), ...repeated(inventory, keyOf)],
	};
}

/** Different names in a list that would be taken for one machine. */
function alike(names: readonly string[], keyOf: (name: string) => string) {
	const known = new Map<string, string>();
	const found: Identities["conflicts"][number][] = [];
	for (const name of names) {
		const key = keyOf(name);
		const plain = withoutLocal(name);
		const other = known.get(key);
		if (other === undefined) known.set(key, plain);
		else if (shortOf(other) !== shortOf(plain))
			found.push({ key, name, witness: `the list also has ${other}, and traffic does not distinguish the two` });
	}
	return found;
}

/** Machines with the same name and different serial numbers. */
function serials(inventory: readonly InventoryRow[], keyOf: (name: string) => string) {
	const first = new Map<string, InventoryRow>();
	const several = new Map<string, Set<string>>();
	for (const row of inventory) {
		const { host, serial } = row;
		if (serial === undefined) continue;
		const key = keyOf(host);
		const known = first.get(key);
		if (known?.serial === undefined) first.set(key, row);
		else if (known.serial !== serial) several.set(key, (several.get(key) ?? new Set([known.serial])).add(serial));
	}
	return [...several].map(([key, all]) => {
		const name = first.get(key)?.host ?? key;
		return { key, name, witness: `${all.size} machines have this name: ${firstOf([...all])}` };
	});
}

/** Rows of one name that disagree, without a serial number to tell whether they are of one machine. */
function repeated(inventory: readonly InventoryRow[], keyOf: (name: string) => string) {
	return inventory
		.filter(({ rows = 1 }) => rows > 1)
		.map(({ host, rows }) => ({
			key: keyOf(host),
			name: host,
			witness: `${rows} reports of this name differ, and none has a serial number`,
		}));
}

function firstOf(texts: readonly string[]): string {
	const more = texts.length > MAX_SHOWN ? `, and ${texts.length - MAX_SHOWN} more` : "";
	return `${texts.slice(0, MAX_SHOWN).join(", ")}${more}`;
}

function withoutLocal(name: string): string {
	return PLAIN.test(name) ? name : name.normalize("NFC").toLowerCase().trim().replace(/\.+$/, "").replace(LOCAL, "");
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
