import { basename } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";
import { shown } from "../../base/mask.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { type Inventory, type Reading, readHosts, readInventory } from "../evidence/inventory.ts";
import { openStore } from "../evidence/store.ts";
import { overlapView } from "../overlap/build.ts";
import type { OverlapView } from "../overlap/view.ts";
import { gatewaySource, type PageOptions } from "./gateways.ts";
import { prometheusSource } from "./prometheus.ts";

/** Observes a fleet repeatedly. */
export interface Observer {
	/** The current view. */
	look(): Promise<OverlapView>;
	close(): Promise<void>;
}

/** Reads what does not change while watching: token fingerprints, expected hosts, inventory. */
export async function observe(fx: Effects, fleet: Fleet, pages: Partial<PageOptions> = {}): Promise<Observer> {
	const tokens = await fingerprints(fx, fleet);
	const { hosts: expectedHosts, warnings: ofHosts } = await hostsOf(fx, fleet);
	const { inventory, warnings: ofInventory } = await inventoryOf(fx, fleet);
	const store = await openStore(fx, fleet.evidence);
	const sources = [
		gatewaySource(fx, store, fleet.gateways, pages),
		...(fleet.prometheus === undefined ? [] : [prometheusSource(fx, store, fleet.prometheus, fleet)]),
	];
	const warnings = [...ofHosts, ...ofInventory];
	return {
		async look() {
			const looks = await Promise.all(sources.map((source) => source.look()));
			const blind = looks.flatMap(({ blindSince }) => (blindSince === undefined ? [] : [blindSince]));
			const evidence = await store.read();
			return overlapView({
				fleet,
				tokens,
				expectedHosts,
				evidence,
				inventory,
				gateways: looks.flatMap(({ gateways }) => gateways),
				blindSince: blind.length === 0 ? undefined : Math.min(...blind),
				warnings: [...warnings, ...looks.flatMap((look) => look.warnings)],
				now: fx.clock.now(),
			});
		},
		async close() {
			for (const source of sources) await source.close();
		},
	};
}

/** Name -> fingerprint of every token. Throws `CrossfadeError` (usage) if two names refer to one token. */
async function fingerprints(fx: Effects, { tokens }: Fleet): Promise<Record<string, string>> {
	const found = new Map<string, string>();
	for (const { name, ref, fingerprint } of tokens) {
		const id = ref ? (await fx.readToken(ref)).fingerprint : fingerprint;
		if (id !== undefined) found.set(name, id);
	}
	const byFingerprint = new Map<string, string>();
	for (const [name, id] of found) {
		const other = byFingerprint.get(id);
		byFingerprint.set(id, name);
		if (other === undefined) continue;
		throw new CrossfadeError("usage", {
			what: `${other} and ${name} are the same token`,
			expected: "a token each",
			got: `fp=${id} twice`,
			fix: "see which of the two files or variables was not replaced",
		});
	}
	return Object.fromEntries(found);
}

async function hostsOf(
	fx: Effects,
	{ expectedHosts, hostsCsv }: Fleet,
): Promise<{ hosts: readonly string[]; warnings: readonly string[] }> {
	if (!hostsCsv) return { hosts: expectedHosts, warnings: [] };
	const listed = await readHosts(fx.files.stream(hostsCsv.path), hostsCsv.column);
	if (listed) {
		return {
			hosts: [...new Set([...expectedHosts, ...listed.hosts])],
			warnings: readingWarnings(hostsCsv.path, "host", listed),
		};
	}
	throw new CrossfadeError("usage", {
		what: "no column of this file is known to hold host names",
		expected: hostsCsv.column ?? "a header such as Computer Name, Device name or host",
		where: { file: hostsCsv.path },
		fix: "name the column: hosts.column in the fleet file",
	});
}

async function inventoryOf(
	fx: Effects,
	{ inventory: paths }: Fleet,
): Promise<{ inventory: Inventory | undefined; warnings: readonly string[] }> {
	const read = await Promise.all(paths.map((path) => readInventory(fx.files.stream(path))));
	const sum = (of: (inventory: Inventory) => number) => read.reduce((total, each) => total + of(each), 0);
	const inventory = {
		rows: read.flatMap(({ rows }) => rows),
		lines: sum(({ lines }) => lines),
		bad: sum(({ bad }) => bad),
		mended: sum(({ mended }) => mended),
		samples: read.flatMap(({ samples }) => samples),
	};
	return {
		inventory: read.length === 0 ? undefined : inventory,
		warnings: read.flatMap((each, index) => readingWarnings(paths[index] ?? "", "inventory", each)),
	};
}

/** Warnings about a file that could not be read completely. */
function readingWarnings(path: string, noun: string, { lines, bad, mended, samples }: Reading): string[] {
	const where = path === "-" ? "standard input" : shown(basename(path));
	const first = samples.map(({ line, why }) => `line ${line}: ${why}`).join(", ");
	const said = [
		...(bad > 0 ? [`${bad} of ${lines} ${noun} lines could not be used`] : []),
		...(mended > 0 ? [`${mended} of ${lines} ${noun} lines were mended and used`] : []),
	];
	return said.length === 0 ? [] : [`${said.join("; ")} (${where}, ${first})`];
}
