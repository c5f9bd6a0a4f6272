import { signals } from "../../adapters/providers/provider.ts";
import type { ExporterTally } from "../evidence/readings.ts";
import type { GatewayCounters } from "../metrics/counters.ts";
import { count, plural } from "../overlap/wording.ts";

/** A collector's health, from its own counters over all signals. */
export interface Health {
	readonly accepted: number;
	readonly refused: number;
	readonly exporters: ReadonlyMap<string, ExporterHealth>;
}

interface ExporterHealth {
	readonly sent: number;
	readonly dropped: number;
	/** `dropped` by reason, if known. */
	readonly reasons: ReadonlyMap<string, number>;
	readonly queueSize: number;
	readonly queueCapacity: number;
}

/** A queue this full will soon refuse data. */
const FULL = 0.8;
/** Maximum number of exporters to report. */
const MAX_EXPORTERS = 4;
/** Maximum number of exporters to remember. */
const MAX_TALLIES = 50;

export function healthOf({ signals: bySignal }: GatewayCounters): Health {
	const exporters = new Map<string, ExporterHealth>();
	for (const signal of signals) {
		for (const [id, counters] of bySignal[signal].exporters) {
			const known = exporters.get(id);
			const reasons = new Map(known?.reasons);
			for (const [reason, number] of counters.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + number);
			exporters.set(id, {
				sent: (known?.sent ?? 0) + counters.sent,
				dropped: (known?.dropped ?? 0) + counters.sendFailed + counters.enqueueFailed,
				reasons,
				// One queue per exporter, reported once per signal.
				queueSize: Math.max(known?.queueSize ?? 0, counters.queueSize),
				queueCapacity: Math.max(known?.queueCapacity ?? 0, counters.queueCapacity),
			});
		}
	}
	const all = signals.map((signal) => bySignal[signal]);
	return {
		accepted: all.reduce((sum, { accepted }) => sum + accepted, 0),
		refused: all.reduce((sum, { refused }) => sum + refused, 0),
		exporters,
	};
}

/** A collector's status text, and whether it has a problem now; `before` is the previous state. */
export function healthText(now: Health, before: Health | undefined): { detail: string; isWell: boolean } {
	const exporters = [...now.exporters].slice(0, MAX_EXPORTERS).map(([id, exporter]) => exporterText(id, exporter));
	const troubles = [
		...(before && now.refused > before.refused ? [`refused ${count(now.refused - before.refused)} just now`] : []),
		...[...now.exporters].flatMap(([id, each]) => troublesOf(id, each, before?.exporters.get(id))),
	];
	const refused = now.refused > 0 ? `, refused ${count(now.refused)}` : "";
	const since = `since its start took ${count(now.accepted)}${refused}`;
	return { detail: [...troubles, since, ...exporters].join("; "), isWell: troubles.length === 0 };
}

/** The reasons that an exporter gives for 401 and 403. */
const REFUSED = /unauthenticated|permission_?denied|401|403/i;

/**
 * What each exporter sent and dropped, and whether it loses everything: it does if its counters last grew by what it dropped alone, since its
 * start or since an earlier state, and it does not say that its token was not the reason. `before` is the earlier state, which is kept for as
 * long as nothing grows.
 */
export function talliesOf({ exporters }: Pick<Health, "exporters">, before: readonly ExporterTally[]): ExporterTally[] {
	return [...exporters].slice(0, MAX_TALLIES).map(([id, { sent, dropped, reasons }]) => {
		const then = before.find((each) => each.id === id);
		// After a restart its counters begin at zero.
		const last = then && then.sent <= sent && then.dropped <= dropped ? then : undefined;
		if (last && last.sent === sent && last.dropped === dropped) return last;
		const isAll = sent === 0 && dropped > 0;
		const isLast = last !== undefined && last.sent === sent && last.dropped < dropped;
		// A backend that is down says nothing about the token.
		const isToken = reasons.size === 0 || [...reasons.keys()].some((reason) => REFUSED.test(reason));
		if (!isToken || !(isAll || isLast)) return { id, sent, dropped };
		const why = reasons.size === 0 ? "" : `: ${[...reasons.keys()].join(", ")}`;
		const lost = isAll ? dropped : dropped - (last?.dropped ?? 0);
		return { id, sent, dropped, losing: `${id} sent nothing and dropped ${plural(lost, "record")}${why}` };
	});
}

function exporterText(id: string, { sent, dropped, reasons, queueSize, queueCapacity }: ExporterHealth): string {
	const why = [...reasons].map(([reason, number]) => `${reason} ${count(number)}`).join(", ");
	const lost = dropped > 0 ? `, dropped ${count(dropped)}${why === "" ? "" : ` (${why})`}` : "";
	const queue = queueSize > 0 ? `, queue ${count(queueSize)} of ${count(queueCapacity)}` : "";
	return `${id} sent ${count(sent)}${lost}${queue}`;
}

function troublesOf(id: string, now: ExporterHealth, before: ExporterHealth | undefined): string[] {
	const grown = [...now.reasons].filter(([reason, number]) => number > (before?.reasons.get(reason) ?? 0));
	const why = grown.length === 0 ? "" : `: ${grown.map(([reason]) => reason).join(", ")}`;
	const lost = before && now.dropped > before.dropped ? now.dropped - before.dropped : 0;
	const isFull = now.queueCapacity > 0 && now.queueSize >= FULL * now.queueCapacity;
	return [
		...(lost > 0 ? [`${id} dropped ${count(lost)} just now${why}`] : []),
		...(isFull ? [`the queue of ${id} is ${Math.floor((100 * now.queueSize) / now.queueCapacity)} % full`] : []),
	];
}
