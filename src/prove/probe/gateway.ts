import type { Signal } from "../../adapters/providers/provider.ts";

/** A gateway's own counters since its start, by signal; only differences matter. */
export interface GatewayReading {
	/** False if the page is not a collector's. */
	readonly isCollector: boolean;
	readonly signals: Readonly<Record<Signal, SignalReading>>;
	/** Records by `<fingerprint> <signal>`, if the gateway counts by token. */
	readonly tokens?: ReadonlyMap<string, number>;
}

interface SignalReading {
	readonly accepted: number;
	readonly exporters: ReadonlyMap<string, ExporterReading>;
}

interface ExporterReading {
	readonly sent: number;
	readonly sendFailed: number;
	readonly enqueueFailed: number;
	readonly queueSize: number;
	/** `sendFailed` by reason. */
	readonly reasons?: ReadonlyMap<string, number>;
}

/** A received record's fate, as far as the gateway's counters show. */
export interface RecordDelivery {
	/** `waiting` may still change; `mixed` and `unknown` are final. */
	readonly state: "sent" | "failed" | "waiting" | "mixed" | "unknown";
	readonly detail: string;
}

/**
 * Compares two readings around one record. It was certainly forwarded once an exporter sent as many as were accepted since, and none failed;
 * if others were sent at the same time, it is unknown whose record failed.
 */
export function followDelivery(before: GatewayReading, after: GatewayReading, signal: Signal): RecordDelivery {
	const [was, is] = [before.signals[signal], after.signals[signal]];
	const accepted = is.accepted - was.accepted;
	const moved = [...is.exporters].map(([id, now]) => {
		const then = was.exporters.get(id) ?? { sent: 0, sendFailed: 0, enqueueFailed: 0 };
		const lost = now.sendFailed - then.sendFailed + now.enqueueFailed - then.enqueueFailed;
		return { id, sent: now.sent - then.sent, lost, waiting: now.queueSize };
	});
	if (accepted < 0 || moved.some(({ sent, lost }) => sent < 0 || lost < 0)) {
		return { state: "unknown", detail: "the gateway restarted in the meantime" };
	}
	const lost = moved.find((each) => each.lost > 0);
	const sent = moved.filter((each) => each.sent > 0);
	if (lost && sent.length === 0) {
		return {
			state: "failed",
			detail: `received by the gateway, then dropped by its exporter ${lost.id}${reasons(before, after, signal, lost.id)}`,
		};
	}
	if (lost)
		return {
			state: "mixed",
			detail: `the gateway's exporter ${lost.id} dropped some records and sent others; ours cannot be identified`,
		};
	const done = sent.find((each) => accepted > 0 && each.sent >= accepted);
	if (done) return { state: "sent", detail: `received by the gateway, and forwarded by its exporter ${done.id}` };
	const queued = moved.some(({ waiting }) => waiting > 0) ? "; records wait in its queue" : "";
	return { state: "waiting", detail: `received by the gateway, not seen leaving it${queued}` };
}

function reasons(before: GatewayReading, after: GatewayReading, signal: Signal, id: string): string {
	const old = before.signals[signal].exporters.get(id)?.reasons;
	const grown = [...(after.signals[signal].exporters.get(id)?.reasons ?? [])].filter(
		([name, count]) => count > (old?.get(name) ?? 0),
	);
	return grown.length === 0 ? "" : `: ${grown.map(([name]) => name).join(", ")}`;
}
