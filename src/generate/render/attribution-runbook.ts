import { FINGERPRINT_COMMAND } from "../../spec/attribution.ts";
import type { Attribution } from "../plan/attribution.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { CANNOT_TELL, COST } from "../plan/summary.ts";
import type { RunbookStep } from "./artefact.ts";
import { acceptedFile, counterId, FINGERPRINT, MAX_SERIES, NO_TOKEN, REMEMBERED } from "./attribution.ts";
import { podPages } from "./platforms/kubernetes.ts";
import { writeBeside } from "./platforms/shared.ts";

/** The runbook's section on counting: what, where, how to read it, what it costs and what it does not show. */
export function attributionSection(plan: CollectorPlan, attribution: Attribution) {
	const { platform, header } = plan;
	const { way, metricsUrl, pushed } = attribution;
	const read = pushed
		? [`crossfade watch --prometheus ${new URL(metricsUrl).origin} …`]
		: [...reading(plan, metricsUrl, SERIES[way]), `crossfade watch --gateway gateway=${metricsUrl} …`];
	return {
		what: `Clients send OTLP to this gateway with their token in the header ${header}. It counts what they send by the token's fingerprint, the first 12 hex digits of its SHA-256, and forwards it with the gateway's own token.`,
		shell: platform === "windows" ? "powershell" : "sh",
		commands: read,
		counted: counted(attribution),
		where: metricsUrl,
		...about(attribution),
		secret: way === "ports" ? DOORS : HEADERS,
		limits: CANNOT_TELL[way],
		steps: steps(plan, attribution),
	};
}

const SERIES = {
	senders: "^crossfade_gateway_",
	tokens: "^otelcol_processor_incoming_items.*crossfade-fp-",
	ports: "^otelcol_receiver_accepted_.*crossfade-fp-",
} as const;

const HEADERS =
	"No token leaves the receiver: request headers are read once, for the fingerprint, and dropped by the batch processor. No token is in the config, the log, the counters, the data or a queue. Any token is accepted, also none: anyone who can reach the port can send.";
const DOORS =
	"Each receiver compares the header with the token in its file and does not keep it. No token is in the config, the log, the counters, the data or a queue.";

function reading(plan: CollectorPlan, url: string, pattern: string): string[] {
	if (plan.platform === "kubernetes") return [podPages(plan, url, `grep -E '${pattern}'`)];
	if (plan.platform === "windows") {
		return [`(Invoke-WebRequest -UseBasicParsing ${url}).Content -split "\`n" | Select-String '${pattern}'`];
	}
	return [`curl -s ${url} | grep -E '${pattern}'`];
}

function counted({ way, tokens }: Attribution): string {
	if (way === "senders") {
		return `log records, metric points and spans by fingerprint, host.name, service.name and service.version; ${NO_TOKEN} for requests without a token`;
	}
	const names = tokens.map(({ name, fingerprint }, nth) => {
		const port = way === "ports" ? ` on ports ${4317 + 10 * nth} (gRPC) and ${4318 + 10 * nth} (HTTP)` : "";
		return `${name}${port} as ${counterId(fingerprint)}`;
	});
	const others = way === "ports" ? "" : `; all others as ${counterId("other")}`;
	return `log records, metric points and spans by token: ${names.join(", ")}${others}`;
}

function about({ way, strip, pushed }: Attribution): { cost: string; bound: string; data: string } {
	if (way !== "senders") {
		return {
			cost: ratio(COST[way]),
			bound: `one series per named token${way === "tokens" ? ", and one for all others" : ""}, for each signal`,
			data: "unchanged",
		};
	}
	const limited = pushed
		? "data of further senders is forwarded but not counted"
		: 'data of further senders is forwarded but not counted; see otelcol_deltatocumulative_datapoints with error="limit"';
	return {
		cost: ratio(strip ? COST.stripped : COST.senders),
		bound: `${MAX_SERIES} series at a time, each kept for ${REMEMBERED} after its last record; ${limited}`,
		data: strip
			? "unchanged: the fingerprint is set on a copy only"
			: `every resource sent to the backend has the attribute ${FINGERPRINT}; --strip-fingerprint removes it, at the cost of a copy`,
	};
}

function ratio([ten, hundred]: readonly [number, number]): string {
	if (ten === 1 && hundred === 1) return "none measurable (on otelcol 0.155.0)";
	return `throughput per CPU second is ${ten} of that without counting with 10 records per request, and ${hundred} with 100 (measured on otelcol 0.155.0, with records the size of a CLI's)`;
}

/** With one port for each token: every token that clients use in its own file, before the collector starts with them. */
export function acceptedSteps(plan: CollectorPlan): RunbookStep[] {
	const { attribution, platform, tokenFile } = plan;
	if (attribution?.way !== "ports") return [];
	return attribution.tokens.map(({ name, fingerprint }) => {
		const file = acceptedFile(plan, fingerprint);
		const text = `Store the token ${name} that clients send (fp=${fingerprint}) in ${file}, with the owner and mode of the file above: without it the collector does not start.`;
		return platform === "windows" ? { text } : { text, commands: [writeBeside(file, tokenFile)] };
	});
}

function steps(plan: CollectorPlan, { way, pushed, metricsUrl }: Attribution): string[] {
	const { distribution, host } = plan;
	const front = `Put this gateway in front of your collectors and point clients at it; nothing else changes for them.`;
	if (way !== "senders") {
		return [
			front,
			`Before the next rotation, generate this config again with --token for the new token, so that it is counted separately from its first record${way === "ports" ? ", and store it as in the set-up" : ""} (to get its fingerprint: ${FINGERPRINT_COMMAND}). Then ${host.reload ? "reload" : "restart"} ${distribution.title}.`,
		];
	}
	if (!pushed) return [front];
	return [
		front,
		`The server at ${metricsUrl} must accept remote writes; start Prometheus with --web.enable-remote-write-receiver.`,
	];
}
