import type { Signal } from "../../adapters/providers/provider.ts";
import { alloy } from "../../base/quote.ts";
import type { Attribution } from "../plan/attribution.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import type { AlloyBlock } from "./alloy-text.ts";
import { COUNTED, FINGERPRINT, fingerprintStatements, MAX_SERIES, REMEMBERED, SENDER } from "./attribution.ts";

const LABEL = "crossfade";
/** Where the receiver's data goes first, and where counted copies go. */
export const MARK_INPUT = `otelcol.processor.transform.${LABEL}.input`;
const COUNT_INPUT = `otelcol.connector.signaltometrics.${LABEL}.input`;

/**
 * The blocks that mark and count; `next` is the input after the mark, `exporter` the input that forwards the data. Alloy has no
 * page for metrics that pass through it, so the counters are written to a Prometheus server.
 */
export function alloyAttribution(plan: CollectorPlan, attribution: Attribution, next: string, exporter: string) {
	const kinds = [...plan.signals].sort();
	const statements = `[\n${fingerprintStatements(plan)
		.map((statement) => `\t${alloy(statement)},\n`)
		.join("")}]`;
	const mark: AlloyBlock = {
		name: "otelcol.processor.transform",
		label: LABEL,
		attributes: { error_mode: alloy("ignore") },
		blocks: [
			...kinds.map((signal) => ({
				name: COUNTED[signal].statements,
				attributes: { context: alloy("resource"), statements },
			})),
			output(kinds, next),
		],
	};
	const strip: AlloyBlock = {
		name: "otelcol.processor.transform",
		label: `${LABEL}_clean`,
		attributes: { error_mode: alloy("ignore") },
		blocks: [
			...kinds.map((signal) => ({
				name: COUNTED[signal].statements,
				attributes: {
					context: alloy("resource"),
					statements: `[${alloy(`delete_key(resource.attributes, "${FINGERPRINT}")`)}]`,
				},
			})),
			output(kinds, exporter),
		],
	};
	return {
		blocks: [mark, ...(attribution.strip ? [strip] : []), ...counting(kinds, attribution)],
		/** What the batch processor outputs to. */
		inputs: [attribution.strip ? `otelcol.processor.transform.${LABEL}_clean.input` : exporter, COUNT_INPUT],
	};
}

function counting(kinds: readonly Signal[], { metricsUrl }: Attribution): AlloyBlock[] {
	return [
		{
			name: "otelcol.connector.signaltometrics",
			label: LABEL,
			blocks: [
				...kinds.map((signal) => ({
					name: COUNTED[signal].items,
					attributes: { name: alloy(COUNTED[signal].metric) },
					blocks: [
						...SENDER.map((key) => ({ name: "include_resource_attributes", attributes: { key: alloy(key) } })),
						{ name: "sum", attributes: { value: alloy("1") } },
					],
				})),
				output(["metrics"], `otelcol.processor.deltatocumulative.${LABEL}.input`),
			],
		},
		{
			name: "otelcol.processor.deltatocumulative",
			label: LABEL,
			attributes: { max_stale: alloy(REMEMBERED), max_streams: String(MAX_SERIES) },
			blocks: [output(["metrics"], `otelcol.exporter.prometheus.${LABEL}.input`)],
		},
		{
			name: "otelcol.exporter.prometheus",
			label: LABEL,
			attributes: {
				forward_to: `[prometheus.remote_write.${LABEL}.receiver]`,
				include_target_info: "false",
				resource_to_telemetry_conversion: "true",
			},
		},
		{
			name: "prometheus.remote_write",
			label: LABEL,
			blocks: [{ name: "endpoint", attributes: { url: alloy(metricsUrl) } }],
		},
	];
}

function output(kinds: readonly Signal[], input: string): AlloyBlock {
	return { name: "output", attributes: Object.fromEntries(kinds.map((signal) => [signal, `[${input}]`])) };
}
