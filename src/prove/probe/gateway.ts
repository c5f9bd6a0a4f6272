import type { Signal } from "../../adapters/providers/provider.ts";

/** A gateway's own counters since its start, by signal; only differences matter. */
export interface GatewayReading {
	/** False if the page is not a collector's. */
	readonly isCollector: boolean;
	readonly signals: Readonly<Record<Signal, SignalReading>>;
	/** Records by `<fingerprint> <signal>`, if the gateway counts by token. */
	readonly tokens?: ReadonlyMap<string, number>;
	/** Which processes wrote it, as far as they tell. */
	readonly writers?: GatewayWriters;
}

export interface GatewayWriters {
	/** The ids by which OpenTelemetry tells instances of a service apart. */
	readonly instances: readonly string[];
	/** When the youngest of them started, in milliseconds since the epoch. */
	readonly started: number | undefined;
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
	/** `waiting` may still become one of the others; `mixed`, `unnamed`, `uneven` and `unknown` never become clear. */
	readonly state: "sent" | "failed" | "waiting" | "mixed" | "unnamed" | "uneven" | "unknown";
	readonly detail: string;
}

/** Which exporter of a gateway leads to the place that is meant. */
export interface ExporterChoice {
	/** Its id, as somebody said it. */
	readonly named?: string | undefined;
	/** Else one that is called after this provider, else the only one there is. */
	readonly provider?: string | undefined;
}

/** Exporters that send nothing to any backend. */
const LOCAL = /^(debug|logging|nop|file)(\/|$)/;
const NOTHING = { sent: 0, sendFailed: 0, enqueueFailed: 0, queueSize: 0 };

/**
 * Compares two readings around one record, by the counters of one exporter. The record left for certain once that exporter sent as many as
 * were accepted since and as it still owed before; which of them were lost cannot be told when others were sent beside them.
 */
export function followDelivery(
	before: GatewayReading,
	after: GatewayReading,
	signal: Signal,
	choice: ExporterChoice = {},
): RecordDelivery {
	const [was, is] = [before.signals[signal], after.signals[signal]];
	const accepted = is.accepted - was.accepted;
	const ids = exportersFor([...is.exporters.keys()], choice);
	if (ids.length > 1)
		return {
			state: "unnamed",
			detail: `received by the gateway; it has several exporters: ${ids.join(", ")}`,
		};
	const id = ids[0] ?? choice.named;
	const [then, now] = [was.exporters.get(id ?? "") ?? NOTHING, is.exporters.get(id ?? "") ?? NOTHING];
	const sent = now.sent - then.sent;
	const lost = now.sendFailed - then.sendFailed + now.enqueueFailed - then.enqueueFailed;
	if (accepted < 0 || sent < 0 || lost < 0 || !isSameWriter(before.writers, after.writers))
		return {
			state: "unknown",
			detail: "the gateway restarted in the meantime, or its metrics are of several processes in turn",
		};
	const owed = was.accepted - then.sent - then.sendFailed - then.enqueueFailed;
	const older = Math.max(0, owed);
	const uneven = unevenness(owed, then.queueSize);
	if (uneven === undefined && lost > 0 && sent === 0 && lost >= Math.min(1, accepted) + older) {
		return {
			state: "failed",
			detail: `received by the gateway, then dropped by its exporter ${id}${reasons(before, after, signal, id ?? "")}`,
		};
	}
	if (lost > 0)
		return {
			state: "mixed",
			detail: `the gateway's exporter ${id} dropped some records; ours cannot be identified`,
		};
	if (uneven !== undefined && accepted > 0 && sent > 0) {
		return { state: "uneven", detail: `received by the gateway, not seen leaving it: ${uneven}` };
	}
	if (accepted > 0 && sent >= accepted + older) {
		return { state: "sent", detail: `received by the gateway, and forwarded by its exporter ${id}` };
	}
	const by = id === undefined ? "" : ` by ${id}`;
	const queued = now.queueSize > 0 ? "; records wait in its queue" : "";
	const behind =
		older > 0 ? `; ${older} older ${older === 1 ? "record was" : "records were"} not seen leaving either` : "";
	return { state: "waiting", detail: `received by the gateway, not seen leaving it${by}${queued}${behind}` };
}

/** How much the start of a process may seem to move between two readings, as it is calculated from when they came. */
const START_TOLERANCE_MS = 5_000;

/** Behind a load balancer two readings can be of two processes, whose difference says nothing of either. */
function isSameWriter(before: GatewayWriters | undefined, after: GatewayWriters | undefined): boolean {
	if (!before || !after) return true;
	const [then, now] = [before.started ?? after.started, after.started ?? before.started];
	const isApart = then !== undefined && now !== undefined && Math.abs(now - then) > START_TOLERANCE_MS;
	return !isApart && before.instances.join() === after.instances.join();
}

/**
 * Why an exporter's counters do not add up to what the gateway received since its start. What waited on disk when it started, what a
 * connector made or what reaches one exporter in two ways then counts as sent in the place of our record.
 */
function unevenness(owed: number, queueSize: number): string | undefined {
	if (owed < 0) return `its exporter has sent ${-owed} more than the gateway received since it started`;
	return queueSize > owed ? "its exporter's queue has records from before its start" : undefined;
}

/** The exporters that may be meant: none or one, or several where nothing tells them apart. */
function exportersFor(ids: readonly string[], { named, provider }: ExporterChoice): readonly string[] {
	if (named !== undefined) return ids.filter((id) => id === named);
	const remote = ids.filter((id) => !LOCAL.test(id));
	const own = remote.filter((id) => provider !== undefined && id.split(/[/.]/).includes(provider));
	return own.length === 1 ? own : remote;
}

function reasons(before: GatewayReading, after: GatewayReading, signal: Signal, id: string): string {
	const old = before.signals[signal].exporters.get(id)?.reasons;
	const grown = [...(after.signals[signal].exporters.get(id)?.reasons ?? [])].filter(
		([name, count]) => count > (old?.get(name) ?? 0),
	);
	return grown.length === 0 ? "" : `: ${grown.map(([name]) => name).join(", ")}`;
}
