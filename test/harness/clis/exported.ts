import { decodeMessage, type Json } from "./protobuf.ts";

export type SignalName = "logs" | "metrics" | "traces";

/** A log record, metric or span, whichever way it was sent. */
export interface Exported {
	readonly resource: Readonly<Record<string, unknown>>;
	readonly scope: string;
	/** The event name of a log record, or the name of a metric or a span. */
	readonly name: string;
	/** Attributes; of a metric those of all its points, later ones over earlier ones. */
	readonly attributes: Readonly<Record<string, unknown>>;
	/** All of it, in the shape of OTLP/JSON. */
	readonly raw: Json;
}

/** What the protocol calls things, by signal. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const signals = {
	logs: { message: "Logs", resources: "resourceLogs", scopes: "scopeLogs", items: "logRecords" },
	metrics: { message: "Metrics", resources: "resourceMetrics", scopes: "scopeMetrics", items: "metrics" },
	traces: { message: "Spans", resources: "resourceSpans", scopes: "scopeSpans", items: "spans" },
} as const;

/**
 * Decodes an export request. Its signal is found by what it holds and not by its path: a CLI may post all of them to one URL.
 * Throws when it is no OTLP of any signal.
 */
export function exported(body: Uint8Array, encoding: "protobuf" | "json"): { signal: SignalName; items: Exported[] } {
	const errors: string[] = [];
	for (const signal of ["logs", "metrics", "traces"] as const) {
		try {
			return {
				signal,
				items: items(signal, encoding === "json" ? fromJson(signal, body) : fromProtobuf(signal, body)),
			};
		} catch (error) {
			errors.push(`not ${signal}: ${error instanceof Error ? error.message : String(error)}`);
		}
	}
	throw new Error(errors.join("; "));
}

const fromProtobuf = (signal: SignalName, body: Uint8Array) => decodeMessage(signals[signal].message, body);

function fromJson(signal: SignalName, body: Uint8Array): Json {
	const request = JSON.parse(Buffer.from(body).toString("utf8")) as Json;
	const [unknown] = Object.keys(request).filter((key) => key !== signals[signal].resources);
	if (unknown !== undefined) throw new Error(`the request has ${unknown}`);
	return request;
}

function items(signal: SignalName, request: Json): Exported[] {
	const names = signals[signal];
	return objects(request[names.resources]).flatMap((group) =>
		objects(group[names.scopes]).flatMap((scoped) =>
			objects(scoped[names.items]).map((raw) => ({
				resource: attributes(object(group["resource"])["attributes"]),
				scope: String(object(scoped["scope"])["name"] ?? ""),
				...named(raw),
				raw,
			})),
		),
	);
}

function named(raw: Json): Pick<Exported, "name" | "attributes"> {
	const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
	const points = kinds.flatMap((kind) => objects(object(raw[kind])["dataPoints"]));
	const found = attributes([raw, ...points].flatMap((each) => objects(each["attributes"])));
	return { name: String(raw["name"] ?? found["event.name"] ?? raw["eventName"] ?? ""), attributes: found };
}

function object(value: unknown): Json {
	return (value ?? {}) as Json;
}

function objects(list: unknown): Json[] {
	return (list ?? []) as Json[];
}

function attributes(list: unknown): Record<string, unknown> {
	return Object.fromEntries(objects(list).map((pair) => [String(pair["key"]), plain(pair["value"])]));
}

/** An AnyValue as a plain value. Gemini CLI sends values without a kind: `{}`. */
function plain(value: unknown): unknown {
	const [kind, inner] = Object.entries(object(value))[0] ?? [];
	if (kind === "arrayValue") return objects(object(inner)["values"]).map(plain);
	if (kind === "kvlistValue") return attributes(object(inner)["values"]);
	return kind === "intValue" ? Number(inner) : inner;
}
