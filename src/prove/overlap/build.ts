import { duration } from "../../base/duration.ts";
import type { Fleet } from "../../spec/fleet.ts";
import type { InventoryRow } from "../evidence/evidence.ts";
import type { Inventory } from "../evidence/inventory.ts";
import type { Evidence } from "../evidence/store.ts";
import type { RotationTokens } from "../judge/case.ts";
import { judge } from "../judge/judge.ts";
import type { GatewayView, InventorySums, OverlapView } from "./view.ts";

/** Everything known about an overlap at one moment. */
export interface Observed {
	readonly fleet: Fleet;
	/** Name -> fingerprint. */
	readonly tokens: Readonly<Record<string, string>>;
	readonly expectedHosts: readonly string[];
	readonly evidence: Evidence;
	readonly inventory: Inventory | undefined;
	readonly gateways: readonly GatewayView[];
	/** Since when a counting place cannot be read, if any. */
	readonly blindSince?: number | undefined;
	/** Sentences for the user. */
	readonly warnings: readonly string[];
	readonly now: number;
}

/** A counter whose writer was silent for this long is no longer watched. */
const STALE_WATCH_MS = 10 * 60_000;

/** Builds the view for people and programs. Pure: the same observations give the same view. */
export function overlapView(observed: Observed): OverlapView {
	const { fleet, tokens, evidence, inventory, gateways, now } = observed;
	const pair: RotationTokens = { old: tokens["old"], new: tokens["new"] };
	const { traffic, probes, watchSince } = evidence;
	return {
		schema: 1,
		rotation: {
			name: fleet.name,
			provider: fleet.provider.title,
			started: fleet.started,
			deadline: fleet.deadline?.at,
			deadlineSource: fleet.deadline?.source,
			clockOffsetMs: newest(probes)?.clockOffsetMs,
			watchSince,
			now,
		},
		judgement: judge({
			now,
			tokens: pair,
			deadline: fleet.deadline?.at,
			watchSince,
			blindSince: observed.blindSince,
			expectedHosts: observed.expectedHosts,
			expectedClis: fleet.clis,
			traffic,
			inventory: inventory?.rows ?? [],
			probes,
		}),
		names: Object.fromEntries(Object.entries(tokens).map(([name, fingerprint]) => [fingerprint, name])),
		inventory: inventory && sums(inventory, pair),
		gateways,
		warnings: [
			...observed.warnings,
			...evidence.warnings.map(({ what, fix }) => `${what}; ${fix}`),
			...staleWatches(evidence, now),
		],
	};
}

function newest<T extends { readonly at: number; readonly clockOffsetMs?: number | undefined }>(
	probes: readonly T[],
): T | undefined {
	const known = probes.filter(({ clockOffsetMs }) => clockOffsetMs !== undefined);
	return known.reduce<T | undefined>((best, each) => (best && best.at > each.at ? best : each), undefined);
}

function staleWatches({ watches }: Evidence, now: number): string[] {
	return watches
		.filter(({ until }) => now - until > STALE_WATCH_MS)
		.map(
			({ writer, until }) =>
				`nobody watched ${writer} in the last ${duration(now - until)}: what was sent there since is not known`,
		);
}

function sums({ rows, bad }: Inventory, pair: RotationTokens): InventorySums {
	const count = (test: (row: InventoryRow) => boolean) => rows.filter(test).length;
	const isOf = (id: string | undefined) => (row: InventoryRow) => id !== undefined && row.fingerprint === id;
	const [onOld, onNew] = [count(isOf(pair.old)), count(isOf(pair.new))];
	return {
		hosts: rows.length,
		onOld,
		onNew,
		other: count(({ fingerprint }) => fingerprint !== undefined) - onOld - onNew,
		drift: count(({ state }) => state === "drift"),
		absent: count(({ state }) => state === "absent"),
		error: count(({ state }) => state === "error"),
		badLines: bad,
	};
}
