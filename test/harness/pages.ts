import { createServer } from "node:http";
import { onTestFinished } from "vitest";
import type { Effects } from "../../src/effects/effects.ts";
import type { Fleet } from "../../src/spec/fleet.ts";
import { emptyFleet } from "../../src/spec/fleet.ts";
import { quietEffects } from "./effects.ts";

/** A metrics page that shows what it is told to. */
export interface ServedPage {
	readonly url: string;
	text: string;
}

export async function metricsPage(text = ""): Promise<ServedPage> {
	const page = { url: "", text };
	const server = createServer((_request, response) => {
		response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
		response.end(page.text);
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => void server.close());
	page.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/metrics`;
	return page;
}

/** Records of a sender as a collector's attribution counts them. */
export function attributed(fingerprint: string, records: number, host = "mac-1", service = "codex_cli_rs"): string {
	const labels = { crossfade_fingerprint: fingerprint, service_name: service, service_version: "1.0", host_name: host };
	const text = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
	// What its receiver took, which is as much.
	const taken = `otelcol_receiver_accepted_log_records_total{receiver="otlp",of="${fingerprint} ${service} ${host}"} ${records}`;
	return `crossfade_gateway_log_records_total{${text.join(",")}} ${records}\n${taken}\n`;
}

/** The real world with a clock that only moves when told. */
export function movableClock(): { fx: Effects; pass(minutes: number): void; now(): number } {
	const real = quietEffects();
	let at = real.clock.now();
	return {
		fx: { ...real, clock: { ...real.clock, now: () => at } },
		pass: (minutes) => {
			at += minutes * 60_000;
		},
		now: () => at,
	};
}

/** A fleet that is watched through these, with its tokens by fingerprint. */
export function watchedFleet(evidence: string, old: string, fresh: string, more: Partial<Fleet>): Fleet {
	return {
		...emptyFleet("."),
		tokens: [
			{ name: "old", ref: undefined, fingerprint: old },
			{ name: "new", ref: undefined, fingerprint: fresh },
		],
		expectedHosts: ["mac-1"],
		evidence,
		...more,
	};
}
