import type { Signal } from "../../adapters/providers/provider.ts";
import { FINGERPRINT_LENGTH } from "../../token/fingerprint-length.ts";
import type { Attribution } from "../plan/attribution.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import type { Listening } from "./listening.ts";
import type { YamlMap } from "./yaml.ts";

/** The resource attribute with the fingerprint while data passes, and its value if there was no token. */
export const FINGERPRINT = "crossfade.fingerprint";
export const NO_TOKEN = "none";
/** Its value if a request has the header more than once: one of the values could be the old token. */
const SEVERAL = "several";
/** What distinguishes senders. */
export const SENDER = [FINGERPRINT, "host.name", "service.name", "service.version"] as const;
/** What is counted per signal, as the connector and the transform processor name it. */
export const COUNTED: Readonly<Record<Signal, { metric: string; items: string; statements: string }>> = {
	logs: { metric: "crossfade.gateway.log_records", items: "logs", statements: "log_statements" },
	metrics: { metric: "crossfade.gateway.metric_points", items: "datapoints", statements: "metric_statements" },
	traces: { metric: "crossfade.gateway.spans", items: "spans", statements: "trace_statements" },
};
/** A counter without data for this long restarts at zero: longer than any overlap. */
export const REMEMBERED = "240h";
/** Senders times signals; data of further senders is forwarded but not counted. */
export const MAX_SERIES = 50_000;

/** One signal's path through a new config; all signals share the receivers. */
export interface SignalPath {
	readonly signal: Signal;
	readonly exporters: readonly string[];
}

/** The parts of a config that differ with attribution. */
export interface Flow {
	readonly extensions: YamlMap;
	readonly receivers: YamlMap;
	readonly processors: YamlMap;
	readonly connectors: YamlMap;
	readonly exporters: YamlMap;
	readonly pipelines: YamlMap;
}

/** Statements that set the sender's token fingerprint on a request's resources, replacing any value from the client. */
export function fingerprintStatements({ header, scheme }: Pick<CollectorPlan, "header" | "scheme">): string[] {
	const target = `resource.attributes["${FINGERPRINT}"]`;
	const given = headerPath(header);
	return [
		`set(${target}, "${NO_TOKEN}") where ${given} == nil`,
		`set(${target}, ${fingerprintExpression(header, scheme)}) where ${given} != nil`,
		`set(${target}, "${SEVERAL}") where ${given} != nil and Len(${given}) > 1`,
	];
}

function headerPath(header: string): string {
	return `otelcol.client.metadata["${header.toLowerCase()}"]`;
}

/** An expression equal to `fingerprint()` of the token in a request's header. */
function fingerprintExpression(header: string, scheme: string): string {
	const value = `${headerPath(header)}[0]`;
	const token = scheme === "" ? value : `TrimPrefix(${value}, "${scheme} ")`;
	return `Substring(SHA256(${token}), 0, ${FINGERPRINT_LENGTH})`;
}

/** The address and the ports of everything that listens. */
export interface Listener extends Listening {
	readonly address: string;
}

/** How data flows from the receiver to the exporters when it is counted. */
export function attributedFlow(
	plan: CollectorPlan,
	attribution: Attribution,
	paths: readonly SignalPath[],
	listener: Listener,
): Flow {
	switch (attribution.way) {
		case "senders":
			return sendersFlow(plan, attribution, paths, listener);
		case "tokens":
			return tokensFlow(plan, attribution, paths, listener);
		case "ports":
			return portsFlow(plan, attribution, paths, listener);
	}
}

/** The nth OTLP receiver of a new config, with extra server settings; each receiver's ports are ten higher than the previous one's. */
export function otlpReceiver({ address, grpc, http }: Listener, settings: YamlMap = {}, nth = 0): YamlMap {
	const server = (port: number) => ({ endpoint: `${address}:${port + 10 * nth}`, ...settings });
	return { protocols: { grpc: server(grpc), http: server(http) } };
}

/**
 * The fingerprint is set before `batch`, which drops the client's headers: nothing after it, in particular no queue on disk, ever
 * sees one. Counting comes after `batch`, which one goroutine drains in order: the accumulator drops data that arrives out of order.
 */
function sendersFlow(
	plan: CollectorPlan,
	attribution: Attribution,
	paths: readonly SignalPath[],
	listener: Listener,
): Flow {
	const { counter, accumulator } = ids(attribution);
	const clean = "forward/crossfade";
	const processors = ["memory_limiter", MARK, "batch"];
	const statements = fingerprintStatements(plan);
	const pipelines = paths.flatMap(({ signal, exporters }): [string, YamlMap][] =>
		attribution.strip
			? [
					[signal, { receivers: ["otlp"], processors, exporters: [counter, clean] }],
					[`${signal}/clean`, { receivers: [clean], processors: ["resource/crossfade"], exporters }],
				]
			: [[signal, { receivers: ["otlp"], processors, exporters: [...exporters, counter] }]],
	);
	return {
		extensions: {},
		receivers: { otlp: otlpReceiver(listener, { include_metadata: true }) },
		processors: {
			[MARK]: {
				error_mode: "ignore",
				...Object.fromEntries(
					paths.map(({ signal }) => [COUNTED[signal].statements, [{ context: "resource", statements }]]),
				),
			},
			batch: {},
			...(attribution.strip ? { "resource/crossfade": forget } : {}),
			[accumulator]: { max_stale: REMEMBERED, max_streams: MAX_SERIES },
		},
		connectors: {
			...(attribution.strip ? { [clean]: {} } : {}),
			[counter]: Object.fromEntries(paths.map(({ signal }) => [COUNTED[signal].items, [counted(signal)]])),
		},
		exporters: {
			[PAGE]: {
				endpoint: `${listener.address}:${listener.counters}`,
				resource_to_telemetry_conversion: { enabled: true },
				metric_expiration: REMEMBERED,
			},
		},
		pipelines: {
			...Object.fromEntries(pipelines),
			"metrics/crossfade": { receivers: [counter], processors: [accumulator], exporters: [PAGE] },
		},
	};
}

const MARK = "transform/crossfade";
const PAGE = "prometheus/crossfade";
const forget = { attributes: [{ key: FINGERPRINT, action: "delete" }] };

function ids({ types }: Attribution) {
	return { counter: `${types.counter}/crossfade`, accumulator: `${types.accumulator}/crossfade` };
}

function counted(signal: Signal): YamlMap {
	return {
		name: COUNTED[signal].metric,
		sum: { value: "1" },
		include_resource_attributes: SENDER.map((key) => ({ key })),
	};
}

/**
 * A request goes as a whole into its token's pipeline; the collector's own counters of that pipeline's first processor give the amount.
 * That processor does as little as possible: it deletes an attribute that is never present. Every pipeline batches, so that
 * the client's headers end there.
 */
function tokensFlow(
	plan: CollectorPlan,
	attribution: Attribution,
	paths: readonly SignalPath[],
	listener: Listener,
): Flow {
	const fingerprint = fingerprintExpression(plan.header, plan.scheme);
	const given = headerPath(plan.header);
	const isAlone = `${given} != nil and Len(${given}) == 1`;
	const known = attribution.tokens.map((token) => ({ ...token, id: counterId(token.fingerprint) }));
	const all = [...known.map(({ id }) => id), OTHER];
	const pipelineId = (signal: Signal, id: string) => `${signal}/${id}`;
	const router = (signal: Signal) => `routing/crossfade-${signal}`;
	return {
		extensions: {},
		receivers: { otlp: otlpReceiver(listener, { include_metadata: true }) },
		processors: { batch: {}, ...Object.fromEntries(all.map((id) => [`resource/${id}`, forget])) },
		connectors: Object.fromEntries(
			paths.map(({ signal }) => [
				router(signal),
				{
					error_mode: "ignore",
					default_pipelines: [pipelineId(signal, OTHER)],
					table: known.map(({ id, fingerprint: value }) => ({
						condition: `${isAlone} and ${fingerprint} == "${value}"`,
						pipelines: [pipelineId(signal, id)],
					})),
				},
			]),
		),
		exporters: {},
		pipelines: Object.fromEntries(
			paths.flatMap(({ signal, exporters }): [string, YamlMap][] => [
				[signal, { receivers: ["otlp"], processors: ["memory_limiter"], exporters: [router(signal)] }],
				...all.map((id): [string, YamlMap] => [
					pipelineId(signal, id),
					{ receivers: [router(signal)], processors: [`resource/${id}`, "batch"], exporters },
				]),
			]),
		),
	};
}

/**
 * Every token has its own receiver that accepts no other; the collector's own counters of that receiver give the amount. Request headers
 * are not kept.
 */
function portsFlow(
	plan: CollectorPlan,
	attribution: Attribution,
	paths: readonly SignalPath[],
	listener: Listener,
): Flow {
	const doors = attribution.tokens.map(({ fingerprint }, nth) => {
		const id = counterId(fingerprint);
		const auth = `bearertokenauth/${id}`;
		return { id: `otlp/${id}`, auth, nth, filename: acceptedFile(plan, fingerprint) };
	});
	const receivers = doors.map(({ id }) => id);
	return {
		extensions: Object.fromEntries(doors.map(({ auth, filename }) => [auth, { filename, ...headerSettings(plan) }])),
		receivers: Object.fromEntries(
			doors.map(({ id, auth, nth }) => [id, otlpReceiver(listener, { auth: { authenticator: auth } }, nth)]),
		),
		processors: { batch: {} },
		connectors: {},
		exporters: {},
		pipelines: Object.fromEntries(
			paths.map(({ signal, exporters }) => [signal, { receivers, processors: ["memory_limiter", "batch"], exporters }]),
		),
	};
}

/** The header and scheme, if not those of a bearer token. */
export function headerSettings({ header, scheme }: Pick<CollectorPlan, "header" | "scheme">): YamlMap {
	return {
		...(header.toLowerCase() === "authorization" ? {} : { header }),
		...(scheme === "Bearer" ? {} : { scheme }),
	};
}

/** The file with a token that clients may use, next to the token file. */
export function acceptedFile(
	{ tokenFile, name }: Pick<CollectorPlan, "tokenFile" | "name">,
	fingerprint: string,
): string {
	const end = Math.max(tokenFile.lastIndexOf("/"), tokenFile.lastIndexOf("\\")) + 1;
	return `${tokenFile.slice(0, end)}${name}-accepted-${fingerprint}.token`;
}

/** The end of a counting component's id, by which readers identify the token. */
export function counterId(fingerprint: string): string {
	return `crossfade-fp-${fingerprint}`;
}

const OTHER = counterId("other");
