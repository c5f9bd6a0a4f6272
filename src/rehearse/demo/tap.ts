import type { Effects } from "../../effects/effects.ts";
import type { EvidenceStore } from "../../prove/evidence/store.ts";
import { newAttribution } from "../../prove/tap/attribution.ts";
import type { DemoGateway } from "./gateway.ts";

/** `crossfade tap` in this process, which writes evidence itself. */
export async function tapGateway(fx: Effects, store: EvidenceStore, upstream: URL): Promise<DemoGateway> {
	const counting = await store.trafficWriter("tap");
	const tap = await fx.forward({
		host: "127.0.0.1",
		port: 0,
		upstream: {
			isTls: false,
			hostname: upstream.hostname,
			port: Number(upstream.port),
			authority: upstream.host,
			basePath: "",
		},
		watcher: newAttribution({
			place: "tap",
			host: "",
			headers: [],
			now: fx.clock.now,
			add: counting.add,
			unknown: () => {},
			full: () => {},
		}),
		onUnreachable: () => {},
		onFault: (error) => {
			throw error;
		},
	});
	return {
		title: "crossfade tap",
		other: "to use a real collector, put otelcol-contrib on PATH, or pass --collector <path>",
		url: tap.url,
		tokenFile: undefined,
		metrics: [],
		// A response is forwarded before it is counted, but in the same turn.
		counted: () => counting.flush(),
		async close() {
			await tap.close();
			await counting.close();
		},
	};
}
