import type { Signal } from "../../adapters/providers/provider.ts";
import { FINGERPRINT_LENGTH } from "../../token/fingerprint.ts";
import type { Attribution } from "../plan/attribution.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import type { Listening } from "./listening.ts";
import type { YamlMap } from "./yaml.ts";

/** The resource attribute that holds the fingerprint while data passes, and the word in it where there was no token. */
export const FINGERPRINT = "crossfade.fingerprint";
export const NO_TOKEN = "none";
/** What senders are told apart by. */
export const SENDER = [FINGERPRINT, "host.name", "service.name", "service.version"] as const;
/** What is counted of a signal, as the connector and the transform processor call it. */
export const COUNTED: Readonly<Record<Signal, { metric: string; items: string; statements: string }>> = {
	logs: { metric: "crossfade.gateway.log_records", items: "logs", statements: "log_statements" },
	metrics: { metric: "crossfade.gateway.metric_points", items: "datapoints", statements: "metric_statements" },
	traces: { metric: "crossfade.gateway.spans", items: "spans", statements: "trace_statements" },
};
/** A counter that is not heard of for this long starts again at zero: longer than any overlap. */
export const REMEMBERED = "240h";
/** Senders times signals; what comes from one more is passed on and not counted. */
export const MAX_SERIES = 50_000;

/** The way of one signal through a new config: what it is received by is the same for all. */
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

/** Statements that set the fingerprint of whoever sent a request on its resources; what the client wrote there itself is replaced. */
export function fingerprintStatements({ header, scheme }: Pick<CollectorPlan, "header" | "scheme">): string[] {
	const target = `resource.attributes["${FINGERPRINT}"]`;
	const given = headerPath(header);
	return [
		`set(${target}, "${NO_TOKEN}") where ${given} == nil`,
		`set(${target}, ${fingerprintExpression(header, scheme)}) where ${given} != nil`,
	];
}

function headerPath(header: string): string {
	return `otelcol.client.metadata["${header.toLowerCase()}"]`;
}

/** The same value as `fingerprint()` of the token in a request's header. */
function fingerprintExpression(header: string, scheme: string): string {
	const value = `${headerPath(header)}[0]`;
	const token = scheme === "" ? value : `TrimPrefix(${value}, "${scheme} ")`;
	return `Substring(SHA256(${token}), 0, ${FINGERPRINT_LENGTH})`;
}

/** The address and the ports of everything that listens. */
export interface Listener extends Listening {
	readonly address: string;
}

/** How data flows from the receiver to the exporters when it is counted on its way. */
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

/** The OTLP receiver of a new config, with what its servers need besides an address; the ports of the nth one are ten higher each. */
export function otlpReceiver({ address, grpc, http }: Listener, settings: YamlMap = {}, nth = 0): YamlMap {
	const server = (port: number) => ({ endpoint: `${address}:${port + 10 * nth}`, ...settings });
	return { protocols: { grpc: server(grpc), http: server(http) } };
}

/**
 * The fingerprint is set before `batch`, which then forgets the client's headers: nothing behind it, a queue on disk least of all, ever
 * sees one. Counting comes after it, because one goroutine empties a batch processor: the accumulator drops what overtakes.
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
 * A request goes whole into the pipeline of its token, and the collector's own counters of the first processor there say how much it was.
 * That processor has to be one and does as little as one can: the attribute it deletes is never there. Every pipeline batches, so that
 * the client's headers end there.
 */
function tokensFlow(
	plan: CollectorPlan,
	attribution: Attribution,
	paths: readonly SignalPath[],
	listener: Listener,
): Flow {
	const fingerprint = fingerprintExpression(plan.header, plan.scheme);
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
						condition: `${fingerprint} == "${value}"`,
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
 * Every token has a receiver that takes no other, and the collector's own counters of that receiver say how much it was. Nothing of a
 * request's headers is kept.
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

/** The header and the word before the token, where they are not those of a bearer token. */
export function headerSettings({ header, scheme }: Pick<CollectorPlan, "header" | "scheme">): YamlMap {
	return {
		...(header.toLowerCase() === "authorization" ? {} : { header }),
		...(scheme === "Bearer" ? {} : { scheme }),
	};
}

/** Beside the token file: the file with a token that clients may come with. */
export function acceptedFile(
	{ tokenFile, name }: Pick<CollectorPlan, "tokenFile" | "name">,
	fingerprint: string,
): string {
	const end = Math.max(tokenFile.lastIndexOf("/"), tokenFile.lastIndexOf("\\")) + 1;
	return `${tokenFile.slice(0, end)}${name}-accepted-${fingerprint}.token`;
}

/** The end of the id of what counts a token, by which readers of the counters know it. */
export function counterId(fingerprint: string): string {
	return `crossfade-fp-${fingerprint}`;
}

const OTHER = counterId("other");
