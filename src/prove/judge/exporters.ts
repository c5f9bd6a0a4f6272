import { MINUTE_MS } from "../../base/duration.ts";
import type { TrafficCounter } from "../evidence/evidence.ts";
import type { ExporterTally } from "../evidence/readings.ts";
import type { GatewayExporter } from "./case.ts";
import { gatewayOf } from "./own-probes.ts";

/** Probes of one run come within this time. */
const RUN_MS = 2 * MINUTE_MS;

/**
 * The exporters, with those that are unknown filled in by probes: a test record that was sent through a gateway with one token, and that a
 * place behind it counted with another, shows the token of the gateway. One that arrived with its own token shows nothing: it may have been
 * counted in front of the gateway, or passed on.
 */
export function withProbes(
	exporters: readonly GatewayExporter[],
	traffic: readonly TrafficCounter[],
): GatewayExporter[] {
	const open = new Set(exporters.flatMap(({ gateway, fingerprint }) => (fingerprint === undefined ? [gateway] : [])));
	const replaced = new Map<string, TrafficCounter[]>();
	for (const counter of open.size === 0 ? [] : traffic) {
		const sent = gatewayOf(counter);
		if (!sent || !open.has(sent.gateway) || counter.fingerprint === sent.fingerprint) continue;
		replaced.set(sent.gateway, [...(replaced.get(sent.gateway) ?? []), counter]);
	}
	return exporters.flatMap((exporter) => {
		const arrived = replaced.get(exporter.gateway);
		return exporter.fingerprint === undefined && arrived ? arrivals(exporter, arrived) : [exporter];
	});
}

/** Every token with which the newest probes arrived: with several hops, each has its own. */
function arrivals(exporter: GatewayExporter, arrived: readonly TrafficCounter[]): GatewayExporter[] {
	const last = arrived.reduce((newest, { lastSeen }) => Math.max(newest, lastSeen), 0);
	const recent = arrived.filter(({ lastSeen }) => lastSeen >= last - RUN_MS);
	const byToken = new Map(recent.map((each) => [each.fingerprint, each]));
	return [...byToken.values()].map(({ fingerprint, place, lastSeen }) => {
		const witness = `a probe through it was counted by ${place} with ${fingerprint}`;
		return { ...exporter, fingerprint, witness, at: lastSeen };
	});
}

/** What a gateway loses, as a sentence; undefined if it loses nothing, or not everything. */
export function losingOf(tallies: readonly ExporterTally[] | undefined): string | undefined {
	return tallies?.find(({ losing }) => losing !== undefined)?.losing;
}

/** The tokens with which a gateway forwards, from its metrics: see `exporterTokens`. `losing`: see `GatewayExporter`. */
export function exportersOf(
	gateway: string,
	shown: readonly string[],
	at: number | undefined,
	losing: string | undefined,
): GatewayExporter[] {
	if (shown.length === 0) {
		return [{ gateway, fingerprint: undefined, witness: "the token of its exporter is unknown", at, losing }];
	}
	return shown.map((fingerprint) => {
		const isPassedOn = fingerprint === "passed on";
		const witness = isPassedOn
			? "it forwards each sender's own token"
			: `its metrics show that it forwards with ${fingerprint}`;
		return { gateway, fingerprint, witness, at, losing };
	});
}

/** The tokens with which a gateway forwards, from all its pages: it passes tokens on only if every page says so. */
export function exportersOn(pages: readonly (readonly string[])[]): string[] {
	const named = [...new Set(pages.flat())].filter((each) => each !== "passed on");
	if (named.length > 0) return named;
	return pages.length > 0 && pages.every((page) => page.length > 0) ? ["passed on"] : [];
}
