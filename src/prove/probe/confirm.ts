import type { Signal } from "../../adapters/providers/provider.ts";
import { foreign } from "./classify.ts";
import { type ExporterChoice, followDelivery, type GatewayReading, type RecordDelivery } from "./gateway.ts";
import type { ProbeObservation } from "./observation.ts";
import type { Group } from "./send.ts";
import type { ProbeWorld, Round } from "./world.ts";

const MAX_METRICS_BYTES = 16 * 1024 * 1024;
const POLL_MS = 250;
/** How long a gateway's counters by token may lag behind its exporter counters. */
const LAG_MS = 2_000;

/** Probes through a gateway between metrics readings, until they show each record's fate or time runs out. */
export async function probeMetered(
	fx: ProbeWorld,
	round: Round,
	group: Group,
	send: () => Promise<readonly ProbeObservation[]>,
): Promise<ProbeObservation[]> {
	const before = await readMetrics(fx, round, group);
	const rows = await send();
	const isTaken = ({ evidence }: ProbeObservation) => evidence.outcome === "accepted";
	if (typeof before === "string") return rows.map((row) => (isTaken(row) ? unconfirmed(row, before) : row));
	const choice = { named: round.plan.exporter, provider: round.plan.provider.id };
	const { fingerprint } = group.secret;
	const deliveries = new Map<Signal, RecordDelivery>();
	let open = rows.filter(isTaken).map(({ evidence }) => evidence.signal);
	let last: GatewayReading = before;
	let end = fx.clock.now() + round.plan.timeoutMs;
	let isSettled = false;
	while (open.length > 0) {
		const after = await readMetrics(fx, round, group);
		if (typeof after !== "string") last = after;
		for (const signal of open) deliveries.set(signal, delivery(before, after, signal, choice));
		open = open.filter(
			(signal) =>
				deliveries.get(signal)?.state === "waiting" || isCounted(before, last, `${fingerprint} ${signal}`) === false,
		);
		if (!isSettled && open.every((signal) => deliveries.get(signal)?.state !== "waiting")) {
			isSettled = true;
			end = Math.min(end, fx.clock.now() + LAG_MS);
		}
		if (fx.clock.now() >= end || round.signal?.aborted) break;
		if (open.length > 0) await fx.sleep(POLL_MS, round.signal);
	}
	return rows.map((row) => {
		if (!isTaken(row)) return row;
		const note = attributionNote(isCounted(before, last, `${fingerprint} ${row.evidence.signal}`), fingerprint);
		return withDelivery(note ? { ...row, notes: [...row.notes, note] } : row, deliveries.get(row.evidence.signal));
	});
}

/** If the gateway counts by token: whether it counted a record of this `<fingerprint> <signal>` in between. */
function isCounted(before: GatewayReading, after: GatewayReading, key: string): boolean | undefined {
	if (!after.tokens || after.tokens.size === 0) return undefined;
	return (after.tokens.get(key) ?? 0) > (before.tokens?.get(key) ?? 0);
}

function attributionNote(counted: boolean | undefined, fingerprint: string): string | undefined {
	if (counted === undefined) return undefined;
	return counted
		? `the gateway counted it as traffic of fp=${fingerprint}`
		: `the gateway did not count it as traffic of fp=${fingerprint}, so watch would not see this sender`;
}

function delivery(
	before: GatewayReading,
	after: GatewayReading | string,
	signal: Signal,
	choice: ExporterChoice,
): RecordDelivery {
	if (typeof after !== "string") return followDelivery(before, after, signal, choice);
	return { state: "waiting", detail: `received by the gateway, not confirmed: ${after}` };
}

const MEANING = {
	sent: { outcome: "accepted", confirmed: true, fix: undefined },
	failed: {
		outcome: "partial",
		confirmed: false,
		fix: "check the gateway's log: its own token may be refused",
	},
	waiting: {
		outcome: "inconclusive",
		confirmed: false,
		fix: "check the gateway's queue and pipelines, or increase --timeout",
	},
	mixed: { outcome: "inconclusive", confirmed: false, fix: "check the gateway's log" },
	unnamed: {
		outcome: "inconclusive",
		confirmed: false,
		fix: "name the exporter that sends to the place with --exporter",
	},
	uneven: {
		outcome: "inconclusive",
		confirmed: false,
		fix: "run it again when the gateway's queue is empty; if it says the same then, probe the place itself",
	},
	unknown: {
		outcome: "inconclusive",
		confirmed: false,
		fix: "run it again, with the metrics URL of the one process that receives the record",
	},
} as const;

/** A gateway that took a record says nothing of what comes behind it. */
export function unconfirmed(row: ProbeObservation, why?: string): ProbeObservation {
	const { evidence } = row;
	if (evidence.outcome !== "accepted") return row;
	const detail = why === undefined ? evidence.detail : `${evidence.detail}: ${why}`;
	return { ...row, evidence: { ...evidence, outcome: "inconclusive", confirmed: false, detail } };
}

function withDelivery(row: ProbeObservation, known: RecordDelivery | undefined): ProbeObservation {
	if (!known) return row;
	const { fix: _fix, ...evidence } = row.evidence;
	const { fix, ...meaning } = MEANING[known.state];
	const detail = foreign(known.detail);
	return {
		...row,
		evidence: { ...evidence, ...meaning, cause: `gateway-${known.state}`, detail, ...(fix && { fix }) },
	};
}

/** The gateway's metrics, or why they cannot be read. */
async function readMetrics(
	fx: ProbeWorld,
	{ plan, tls, readGateway, signal }: Round,
	{ place }: Group,
): Promise<GatewayReading | string> {
	const { timeoutMs, proxy } = plan;
	const pages: string[] = [];
	for (const url of place.metrics) {
		const outcome = await fx.request({
			method: "GET",
			url,
			timeoutMs,
			maxBytes: MAX_METRICS_BYTES,
			tls,
			proxy,
			signal,
		});
		if (outcome.kind === "failure") return `cannot read its metrics: ${foreign(outcome.code)}`;
		if (outcome.status !== 200) return `cannot read its metrics: status ${outcome.status}`;
		pages.push(Buffer.from(outcome.body).toString("utf8"));
	}
	const reading = readGateway?.(pages.join("\n"), fx.clock.now());
	return reading?.isCollector ? reading : "its metrics URL is not a collector's metrics page";
}
