import { otelcol } from "../../adapters/collectors/otelcol.ts";
import { isAtLeast } from "../../base/versions.ts";
import { type CollectorPlan, keepsQueue } from "../plan/collector.ts";

/** What becomes of data that waits in the exporter's queue while the token changes. */
interface Backlog {
	readonly way: string;
	readonly queue: CollectorPlan["queue"];
	/** Of 2,000 records that wait, how many are lost if the backend is away all the time. */
	readonly away: string;
	/** The same if it has just come back. */
	readonly back: string;
	/** The same if it goes away after the change. */
	readonly after: string;
}

/**
 * Measured on otelcol 0.155.0 with our exporter settings: 200 requests of 10 records each were waiting, once because the backend answered
 * 503 and once because nothing listened there, with the same result; as many were sent after the change. The batch processor makes one
 * or two requests of them, which are between two tries, also when the backend is back; without it 100 records are in such requests, ten,
 * one for each consumer of the queue. The other columns are the same without it. test/real/backlog.test.ts repeats the first column.
 * Alloy by its documentation: a new token builds the exporter anew, which drains its queue once.
 * https://github.com/grafana/alloy/blob/v1.18.1/internal/component/otelcol/internal/scheduler/scheduler.go
 */
const MEASURED: readonly Backlog[] = [
	{ way: "watched file", queue: "memory", away: "0", back: "0", after: "0" },
	{ way: "watched file", queue: "persistent", away: "0", back: "0", after: "0" },
	{ way: "reload", queue: "memory", away: "2,000", back: "2,000", after: "0" },
	{ way: "reload", queue: "persistent", away: "0", back: "0", after: "0" },
	{ way: "restart", queue: "memory", away: "2,000", back: "2,000", after: "0" },
	{ way: "restart", queue: "persistent", away: "0", back: "0", after: "0" },
	{ way: "watched file (Alloy)", queue: "memory", away: "up to all", back: "not measured", after: "0" },
	{ way: "watched file (Alloy)", queue: "persistent", away: "0", back: "0", after: "0" },
];

function wayOf({ delivery, distribution }: CollectorPlan): string {
	if (delivery.apply !== "nothing") return delivery.apply;
	return distribution.dialect === "alloy" ? "watched file (Alloy)" : "watched file";
}

/** The rows of the table for this plan's way, with a queue in memory and, where a disk lasts, on disk. */
export function backlogRows(plan: CollectorPlan): Backlog[] {
	const isOn = ({ queue }: Backlog) => queue === "memory" || keepsQueue(plan.platform);
	return MEASURED.filter((each) => each.way === wayOf(plan) && isOn(each));
}

/** Where the rows come from. */
export function backlogSource({ distribution }: CollectorPlan): string {
	return distribution.dialect === "alloy"
		? "By Alloy's documentation. Measured once on Alloy 1.18.1, with the backend away during a rotation: 3,260 of 22,460 records lost with the queue in memory, none with it on disk."
		: "Measured on otelcol 0.155.0 with these queue and retry settings, for a backend that answers 503 and for one that cannot be reached. The batch processor makes one or two requests of these records, which wait for their next try also when the backend is back.";
}

/** What loses the data in this plan's queue when the token changes, as a sentence; undefined if nothing does. */
export function queueLoss(plan: CollectorPlan): string | undefined {
	const keeps = plan.queue === "persistent" && keepsQueue(plan.platform);
	if (keeps) return undefined;
	const losses: Readonly<Record<string, string>> = {
		reload: "a reload tries what is in the queue once more and then drops it",
		restart: "a restart tries what is in the queue once more and then drops it",
		"watched file (Alloy)":
			"Alloy builds its exporter anew with each new token, which tries what is in the queue once more and then drops it",
	};
	return losses[wayOf(plan)];
}

/** What this release's size of a queue in memory leaves out, where a change loses it, as a sentence; undefined if nothing. */
export function unseenRetries(plan: CollectorPlan): string | undefined {
	if (queueLoss(plan) === undefined || isAtLeast(plan.release.otelcol, otelcol.queueCountsRetries)) return undefined;
	return `this release does not count the requests that it is trying again (otelcol does since ${otelcol.queueCountsRetries})`;
}
