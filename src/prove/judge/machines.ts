import type { InventoryRow } from "../evidence/evidence.ts";
import { type HostActivity, newHost } from "./activity.ts";
import type { JudgementInput } from "./case.ts";
import { alike, ambiguous, bySerial, type NameConflict, type Names, namesOf, repeated } from "./identity.ts";

/** The machines of a fleet, joined by their names. */
export interface Machines {
	readonly names: Names;
	readonly hosts: ReadonlyMap<string, HostActivity>;
	/** The machine of a name, which is added if it is new. */
	hostOf(name: string): HostActivity;
	/** Names of lists and reports that may stand for several machines. */
	conflicts(): NameConflict[];
}

/** Machines of lists, in their order, then of reports; `heard` are further names, which decide what a domain is. */
export function machinesOf({ expectedHosts, inventory, tokens }: JudgementInput, heard: Iterable<string>): Machines {
	const names = namesOf(expectedHosts, hostNames(inventory), heard);
	const hosts = new Map<string, HostActivity>();
	const hostOf = (name: string): HostActivity => {
		const key = name === "" ? "" : names.keyOf(name);
		const known = hosts.get(key);
		if (known === undefined) {
			const host = newHost(key, name);
			hosts.set(key, host);
			return host;
		}
		if (name !== known.name) {
			known.otherNames ??= new Set();
			known.otherNames.add(name);
		}
		return known;
	};
	const found: NameConflict[] = [];
	// Expected hosts first, so that hosts are named as in that list.
	for (const name of expectedHosts) {
		const host = hostOf(name);
		host.isListed = true;
		if (host.name !== name) found.push(...alike(host.key, host.name, name));
	}
	const several = new Map<HostActivity, InventoryRow[]>();
	const differing: NameConflict[] = [];
	for (const row of inventory) {
		const host = hostOf(row.host);
		// Without another list, the machines that report are the list.
		if (expectedHosts.length === 0) host.isListed = true;
		if (host.inventory) several.set(host, [...(several.get(host) ?? [host.inventory]), row]);
		if (row.rows !== undefined) differing.push(...repeated(host.key, row));
		host.inventory = newer(host.inventory, row, tokens.new);
	}
	for (const [{ key }, rows] of several) found.push(...bySerial(key, rows));
	found.push(...differing);
	return { names, hosts, hostOf, conflicts: () => [...ambiguous(names, hosts), ...found] };
}

function* hostNames(inventory: readonly InventoryRow[]): Iterable<string> {
	for (const { host } of inventory) yield host;
}

/** The latest moment at which a report can have been made; without a time, now. */
export function latest({ at, unsureMs = 0 }: InventoryRow): number {
	return at === undefined ? Number.POSITIVE_INFINITY : at + unsureMs;
}

/** The newest report by its own time, not by its position in a file; without both times, one that is not plainly on the new token. */
function newer(before: InventoryRow | undefined, row: InventoryRow, fresh: string | undefined): InventoryRow {
	if (before?.at !== undefined && row.at !== undefined) {
		const [first, last] = row.at < before.at ? [row, before] : [before, row];
		// Which of two of different zones is newer may be unknown.
		const isApart = (first.unsureMs ?? 0) === (last.unsureMs ?? 0) || latest(first) < (last.at ?? 0);
		if (isApart) return last;
	}
	const isPlain = before === undefined || (before.state === "ok" && before.fingerprint === fresh);
	return isPlain ? row : before;
}
