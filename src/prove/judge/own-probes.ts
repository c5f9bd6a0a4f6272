import type { TrafficCounter } from "../evidence/evidence.ts";

/** The sender name of our own test records. */
export const PROBE_SENDER = "crossfade-probe";

/** The host name of a test record that is sent straight to a place: by its token it is told from a sender that happens to have our name. */
export function probeHost(fingerprint: string): string {
	return `probe with ${fingerprint}`;
}

/**
 * The host name of a test record that is sent through a gateway: it tells with which token the record was sent, so that a place behind the
 * gateway shows whether the gateway replaced it.
 */
export function gatewayHost(gateway: string, fingerprint: string): string {
	return `gateway ${gateway} with ${fingerprint}`;
}

/** The gateway through which a test record was sent, and with which token; undefined for everything else. */
export function gatewayOf({
	cli,
	host,
}: Pick<TrafficCounter, "cli" | "host">): { readonly gateway: string; readonly fingerprint: string } | undefined {
	const [, gateway, fingerprint] = (cli === PROBE_SENDER && /^gateway (.+) with ([0-9a-f]{12})$/.exec(host)) || [];
	return gateway === undefined || fingerprint === undefined ? undefined : { gateway, fingerprint };
}

/** Whether a counter is of our own test records, which are no sender. One that only has their name is a sender as any other. */
export function isOwnProbe(counter: Pick<TrafficCounter, "cli" | "host" | "fingerprint">): boolean {
	if (counter.cli !== PROBE_SENDER) return false;
	return counter.host === probeHost(counter.fingerprint) || gatewayOf(counter) !== undefined;
}
