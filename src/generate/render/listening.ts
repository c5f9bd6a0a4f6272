import { ATTRIBUTION_PORT } from "../plan/attribution.ts";

/** Where a new gateway listens; a port for each token is counted up from those of OTLP. */
export interface Listening {
	readonly grpc: number;
	readonly http: number;
	readonly health: number;
	/** The page with what senders sent. */
	readonly counters: number;
	/** The collector's own metrics. */
	readonly metrics: number;
}

/** The ports that everybody expects. https://opentelemetry.io/docs/collector/configuration/ */
export const usualPorts: Listening = {
	grpc: 4317,
	http: 4318,
	health: 13133,
	counters: ATTRIBUTION_PORT,
	metrics: 8888,
};
