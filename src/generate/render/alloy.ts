import { alloy } from "../../base/quote.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { type AlloyBlock, alloyLabel, alloyText } from "./alloy-text.ts";
import { alloyAttribution, MARK_INPUT } from "./attribution-alloy.ts";

/** What we add to an Alloy config, new or existing. */
export function alloyFragment(plan: CollectorPlan): AlloyBlock[] {
	const label = alloyLabel(plan.name);
	const storage: AlloyBlock = {
		name: "otelcol.storage.file",
		label,
		attributes: { directory: alloy(plan.queueFolder), create_directory: "true" },
	};
	const auth: AlloyBlock = {
		name: "otelcol.auth.bearer",
		label,
		attributes: {
			token:
				plan.delivery.way === "env" ? `sys.env(${alloy(plan.provider.variable)})` : `local.file.${label}_token.content`,
			...(plan.header.toLowerCase() === "authorization" ? {} : { header: alloy(plan.header) }),
			...(plan.scheme === "Bearer" ? {} : { scheme: alloy(plan.scheme) }),
		},
	};
	return [
		...(plan.delivery.way === "env" ? [] : [tokenFile(plan, label)]),
		auth,
		...(plan.ids.storage ? [storage] : []),
		exporter(plan, label),
	];
}

/** The watch is lost once the file is replaced; only polling notices the next change, so poll often (measured: 1 minute by default). */
function tokenFile(plan: CollectorPlan, label: string): AlloyBlock {
	return {
		name: "local.file",
		label: `${label}_token`,
		attributes: { filename: alloy(plan.tokenFile), is_secret: "true", poll_frequency: alloy("1s") },
	};
}

function exporter(plan: CollectorPlan, label: string): AlloyBlock {
	const storage = plan.ids.storage ? { storage: `otelcol.storage.file.${label}.handler` } : {};
	return {
		name: "otelcol.exporter.otlphttp",
		label,
		blocks: [
			{
				name: "client",
				attributes: {
					endpoint: alloy(plan.endpoint),
					auth: `otelcol.auth.bearer.${label}.handler`,
					compression: alloy("gzip"),
				},
			},
			{ name: "sending_queue", attributes: { enabled: "true", queue_size: "1000", ...storage } },
			{ name: "retry_on_failure", attributes: { enabled: "true", max_elapsed_time: alloy("0s") } },
		],
	};
}

/** The expression other components use to send to our exporter. */
export function alloyInput(plan: CollectorPlan): string {
	return `otelcol.exporter.otlphttp.${alloyLabel(plan.name)}.input`;
}

/** A complete new config: receives OTLP, limits memory, batches, exports. */
export function alloyConfig(plan: CollectorPlan): string {
	const host = plan.platform === "docker" || plan.platform === "kubernetes" ? "0.0.0.0" : "127.0.0.1";
	const output = (...inputs: readonly string[]): AlloyBlock => ({
		name: "output",
		attributes: Object.fromEntries([...plan.signals].sort().map((signal) => [signal, `[${inputs.join(", ")}]`])),
	});
	const batch = "otelcol.processor.batch.default.input";
	const { attribution } = plan;
	const counted = attribution && alloyAttribution(plan, attribution, batch, alloyInput(plan));
	const server = (name: string, port: number): AlloyBlock => ({
		name,
		attributes: { endpoint: alloy(`${host}:${port}`), ...(counted ? { include_metadata: "true" } : {}) },
	});
	const receiver: AlloyBlock = {
		name: "otelcol.receiver.otlp",
		label: "default",
		blocks: [server("grpc", 4317), server("http", 4318), output("otelcol.processor.memory_limiter.default.input")],
	};
	return alloyText([
		receiver,
		{
			name: "otelcol.processor.memory_limiter",
			label: "default",
			attributes: { check_interval: alloy("1s"), limit_percentage: "75", spike_limit_percentage: "20" },
			blocks: [output(counted ? MARK_INPUT : batch)],
		},
		{
			name: "otelcol.processor.batch",
			label: "default",
			blocks: [output(...(counted ? counted.inputs : [alloyInput(plan)]))],
		},
		...(counted ? counted.blocks : []),
		...alloyFragment(plan),
	]);
}
