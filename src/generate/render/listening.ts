import { ATTRIBUTION_PORT } from "../plan/attribution.ts";

/** Where a new gateway listens; per-token ports count up from the OTLP ports. */
export interface Listening {
	readonly grpc: number;
	readonly http: number;
	readonly health: number;
	/** The metrics page with the senders' counters. */
	readonly counters: number;
	/** The collector's own metrics. */
	readonly metrics: number;
}

/** The default ports. https://opentelemetry.io/docs/collector/configuration/ */
export const usualPorts: Listening = {
	grpc: 4317,
	http: 4318,
	health: 13133,
	counters: ATTRIBUTION_PORT,
	metrics: 8888,
};
