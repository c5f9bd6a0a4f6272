import { FINGERPRINT_COMMAND } from "../../spec/attribution.ts";
import type { Attribution } from "../plan/attribution.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { CANNOT_TELL, COST } from "../plan/summary.ts";
import { acceptedFile, counterId, FINGERPRINT, MAX_SERIES, NO_TOKEN, REMEMBERED } from "./attribution.ts";

/** The runbook's section on counting: what, where, how to read it, what it costs and what it cannot tell. */
export function attributionSection(plan: CollectorPlan, attribution: Attribution) {
	const { platform, header } = plan;
	const { way, metricsUrl, pushed } = attribution;
	const read = pushed
		? [`crossfade watch --prometheus ${new URL(metricsUrl).origin} …`]
		: [...reading(platform, metricsUrl, SERIES[way]), `crossfade watch --gateway gateway=${metricsUrl} …`];
	return {
		what: `Clients send OTLP to this gateway with their token in the header ${header}. What they send is counted by the token's fingerprint, the first 12 hex digits of its SHA-256, and goes on with the token of this gateway.`,
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
	"No token gets any further than the receiver: the headers of a request are read once, for the fingerprint, and the batch processor forgets them. None is in the config, the log, the counters, the data or a queue. Any token is taken, and none: who may send is decided by who reaches the port.";
const DOORS =
	"Each receiver compares the header with the one token in its file and keeps nothing of it. No token is in the config, the log, the counters, the data or a queue.";

function reading(platform: CollectorPlan["platform"], url: string, pattern: string): string[] {
	if (platform === "windows") {
		return [`(Invoke-WebRequest -UseBasicParsing ${url}).Content -split "\`n" | Select-String '${pattern}'`];
	}
	const forward =
		platform === "kubernetes"
			? [`kubectl -n NAMESPACE port-forward POD ${new URL(url).port}:${new URL(url).port} &`]
			: [];
	return [...forward, `curl -s ${url} | grep -E '${pattern}'`];
}

function counted({ way, tokens }: Attribution): string {
	if (way === "senders") {
		return `log records, metric points and spans by fingerprint, host.name, service.name and service.version; ${NO_TOKEN} stands for requests without a token`;
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
			bound: `a series for each token named${way === "tokens" ? ", and one for all others" : ""}, for each signal`,
			data: "unchanged",
		};
	}
	const limited = pushed
		? "what comes from one more is passed on and not counted"
		: 'what comes from one more is passed on, not counted, and seen in otelcol_deltatocumulative_datapoints with error="limit"';
	return {
		cost: ratio(strip ? COST.stripped : COST.senders),
		bound: `${MAX_SERIES} series at a time, each for ${REMEMBERED} after its last record; ${limited}`,
		data: strip
			? "unchanged: the fingerprint is taken out of a copy that is made for it"
			: `every resource carries the attribute ${FINGERPRINT} to the backend; --strip-fingerprint takes it out, at the cost of a copy`,
	};
}

function ratio([ten, hundred]: readonly [number, number]): string {
	if (ten === 1 && hundred === 1) return "none that could be measured (on otelcol 0.155.0)";
	return `the collector handles ${ten} of the requests a CPU second that it handles without counting, with 10 records in each, and ${hundred} with 100 (measured on otelcol 0.155.0, with records the size of a CLI's)`;
}

function steps(plan: CollectorPlan, { way, tokens, pushed, metricsUrl }: Attribution): string[] {
	const { distribution, host } = plan;
	const front = `This gateway goes in front of the collectors you have: point clients at it, and nothing of theirs changes.`;
	if (way !== "senders") {
		const files = tokens.map(({ name, fingerprint }) => `${name} in ${acceptedFile(plan, fingerprint)}`);
		return [
			front,
			...(way === "ports"
				? [
						`Before it starts, every token that clients come with has to be in a file of its own, written like the one above and with the same owner and mode: ${files.join(", ")}. Without one of them the collector does not start.`,
					]
				: []),
			`Before the next rotation make this config anew with --token for the token that comes, so that it is told apart from the first record on: ${FINGERPRINT_COMMAND} prints its fingerprint. Then ${host.reload ? "reload" : "restart"} ${distribution.title}.`,
		];
	}
	if (!pushed) return [front];
	return [
		front,
		`The server at ${metricsUrl} has to take remote writes; Prometheus does when it is started with --web.enable-remote-write-receiver.`,
	];
}
