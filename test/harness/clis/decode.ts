/** The few fields of OTLP that tests look at, in the shape that OTLP/JSON has, whichever way they were sent. */
export interface Exported {
	readonly resource: Readonly<Record<string, unknown>>;
	readonly scope: string;
	/** The event name of a log record, or the name of a metric or a span. */
	readonly name: string;
	/** Attributes of the record or span; of a metric those of all its points, one after another. */
	readonly attributes: Readonly<Record<string, unknown>>;
}

type Json = Record<string, unknown>;

/** Every record, metric and span of an export request. */
export function decodeOtlp(body: Uint8Array, isJson: boolean): Exported[] {
	const request = isJson ? (JSON.parse(Buffer.from(body).toString("utf8")) as Json) : message(body, "request");
	return ["Logs", "Metrics", "Spans"].flatMap((kind) =>
		objects(request[`resource${kind}`]).flatMap((resource) =>
			objects(resource[`scope${kind}`]).flatMap((scope) =>
				objects(scope["logRecords"] ?? scope["metrics"] ?? scope["spans"]).map((item) => ({
					resource: attributes((resource["resource"] as Json | undefined)?.["attributes"]),
					scope: String((scope["scope"] as Json | undefined)?.["name"] ?? ""),
					...named(item),
				})),
			),
		),
	);
}

function named(item: Json): Pick<Exported, "name" | "attributes"> {
	const points = ["gauge", "sum", "histogram", "exponentialHistogram"].flatMap((kind) =>
		objects((item[kind] as Json | undefined)?.["dataPoints"]),
	);
	const found = attributes([item, ...points].flatMap((each) => objects(each["attributes"])));
	return { name: String(item["name"] ?? found["event.name"] ?? item["eventName"] ?? ""), attributes: found };
}

function objects(list: unknown): Json[] {
	return (list ?? []) as Json[];
}

function attributes(list: unknown): Record<string, unknown> {
	return Object.fromEntries(objects(list).map((pair) => [String(pair["key"]), plain(pair["value"])]));
}

/** An AnyValue as a plain value. Gemini CLI sends values without a kind: `{}`. */
function plain(value: unknown): unknown {
	const [kind, inner] = Object.entries((value ?? {}) as Json)[0] ?? [];
	if (kind === "arrayValue") return objects((inner as Json)["values"]).map(plain);
	if (kind === "kvlistValue") return attributes((inner as Json)["values"]);
	return kind === "intValue" ? Number(inner) : inner;
}

/** Field number -> name and kind; a name in brackets repeats. https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0 */
const schema: Readonly<Record<string, Readonly<Record<number, readonly [name: string, kind: string]>>>> = {
	request: { 1: ["[]", "resource*"] },
	"resource*": { 1: ["resource", "resource"], 2: ["[]", "scope*"] },
	resource: { 1: ["[attributes]", "pair"] },
	"scope*": { 1: ["scope", "scope"], 2: ["[]", "item"] },
	scope: { 1: ["name", "string"] },
	pair: { 1: ["key", "string"], 2: ["value", "any"] },
};
