import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProbeEvidence, TrafficCounter } from "../../src/prove/evidence/evidence.ts";
import { encode, fileName } from "../../src/prove/evidence/file.ts";

const MINUTE_MS = 60_000;

/** Traffic of a sender with a token, some minutes ago. */
export function sent(fingerprint: string, minutesAgo: number, more: Partial<TrafficCounter> = {}): TrafficCounter {
	const lastSeen = Date.now() - minutesAgo * MINUTE_MS;
	return {
		fingerprint,
		place: "gw",
		host: "mac-1",
		cli: "codex",
		signal: "logs",
		minute: Math.floor(lastSeen / MINUTE_MS),
		span: 1,
		requests: 1,
		records: 10,
		bytes: 100,
		lastSeen,
		lastStatus: 200,
		refused: 0,
		lastAccepted: lastSeen,
		version: "1.0",
		...more,
	};
}

/** What a probe said just now. */
export function probed(fingerprint: string, more: Partial<ProbeEvidence> = {}): ProbeEvidence {
	return {
		kind: "probe",
		token: "new",
		fingerprint,
		place: "gw",
		path: "bearer",
		signal: "logs",
		at: Date.now(),
		outcome: "accepted",
		latencyMs: 3,
		cause: "accepted",
		detail: "accepted",
		...more,
	};
}

/** Writes an evidence folder as somebody who watched for 20 hours would have left it. */
export function writeEvidence(
	folder: string,
	{
		traffic,
		probes,
		...more
	}: {
		traffic?: TrafficCounter[];
		probes?: ProbeEvidence[];
		until?: number;
		interval?: number;
		limits?: string[];
		isClosed?: boolean;
	},
): void {
	mkdirSync(folder, { recursive: true });
	const watch = { since: Date.now() - 20 * 60 * MINUTE_MS, until: Date.now(), ...more };
	if (traffic)
		writeFileSync(
			join(folder, fileName("traffic", "gw")),
			[...encode("traffic", { ...watch, rows: traffic })].join(""),
		);
	if (probes)
		writeFileSync(join(folder, fileName("probe", "gw")), [...encode("probe", { ...watch, rows: probes })].join(""));
}
