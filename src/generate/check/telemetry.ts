import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import { keyOf, mergedEntries } from "../splice/yaml-document.ts";
import { type ConfigModel, nodeAt, scalarAt } from "./config-model.ts";
import { isElsewhere } from "./parts.ts";

/** What is wrong, and where in the text. */
interface TelemetryClash {
	readonly at: number;
	readonly what: string;
}

/** Keys of the newer form of `resource`; with any other key it is a map of attributes. */
const RESOURCE_KEYS = ["attributes", "attributes_list", "detection/development", "detectors", "schema_url"];

/**
 * Settings of `service.telemetry` with which the collector does not start although each of them is of the right type. Measured on otelcol
 * 0.155.0: of readers, `validate` sees nothing; the collector ends with "failed to create meter provider".
 */
export function telemetryClashes({ document, root, chart }: ConfigModel): TelemetryClash[] {
	const telemetry = nodeAt(document, root, "service", "telemetry");
	const metrics = nodeAt(document, telemetry, "metrics");
	const readers = nodeAt(document, metrics, "readers");
	const views = nodeAt(document, metrics, "views");
	const level = scalarAt(document, metrics, "level");
	const found: TelemetryClash[] = [];
	if (!chart && views && !isElsewhere(views) && !(isScalar(views) && views.value === null)) {
		const isDetailed = /^detailed$/i.test(String(level)) || isElsewhere(nodeAt(document, metrics, "level"));
		if (!isDetailed)
			found.push({ at: startOf(views), what: "service.telemetry.metrics has views, which need level: detailed" });
	}
	// At level none nothing is built of them.
	if (isSeq(readers) && !/^none$/i.test(String(level)))
		found.push(...(readers.items as Node[]).flatMap((reader) => readerClashes(document, reader)));
	return [...found, ...resourceClashes(document, nodeAt(document, telemetry, "resource"))];
}

/** By kind of reader and exporter: settings that have to be there, and values that others may have. */
const EXPORTERS: readonly (readonly [
	kind: string,
	exporter: string,
	needed: readonly string[],
	values: Readonly<Record<string, readonly string[]>>,
])[] = [
	["pull", "prometheus", ["host", "port"], {}],
	[
		"periodic",
		"otlp",
		["protocol"],
		{
			protocol: ["grpc", "http/protobuf"],
			compression: ["gzip", "none"],
			temporality_preference: ["cumulative", "delta", "lowmemory"],
		},
	],
	["periodic", "console", [], {}],
];

function readerClashes(document: ConfigModel["document"], reader: Node): TelemetryClash[] {
	if (isElsewhere(reader) || isAlias(reader)) return [];
	const owner = "a reader in service.telemetry.metrics";
	const at = startOf(reader);
	const paths = ["pull", "periodic"].flatMap((kind) => [[kind], [kind, "exporter"]]);
	if (paths.some((path) => isElsewhere(nodeAt(document, reader, ...path)))) return [];
	const exporters = EXPORTERS.map(([kind, name, needed, values]) => {
		return { name, needed, values, value: nodeAt(document, reader, kind, "exporter", name) };
	}).filter(({ value }) => value && !(isScalar(value) && value.value === null));
	if (exporters.length !== 1)
		return [{ at, what: `${owner} has ${exporters.length === 0 ? "no exporter" : "several exporters"}` }];
	return exporters.flatMap(({ name, needed, values, value }) => {
		if (isElsewhere(value)) return [];
		const missing = needed.filter((key) => [undefined, null, ""].includes(scalarAt(document, value, key) as undefined));
		const unknown = Object.entries(values).flatMap(([key, known]) => {
			const node = nodeAt(document, value, key);
			const isKnown = !isScalar(node) || node.value === null || isElsewhere(node) || known.includes(String(node.value));
			return isKnown || missing.includes(key) ? [] : [{ at: startOf(node), key, known }];
		});
		return [
			...missing.map((key) => ({ at, what: `${owner} has the exporter ${name} without ${key}` })),
			...unknown.map((each) => ({ at: each.at, what: `${each.key} of ${owner} is none of ${each.known.join(", ")}` })),
		];
	});
}

function resourceClashes(document: ConfigModel["document"], resource: Node | undefined): TelemetryClash[] {
	if (!isMap(resource)) return [];
	const entries = mergedEntries(document, resource);
	if (entries.some((pair) => RESOURCE_KEYS.includes(keyOf(pair) ?? ""))) return [];
	return entries.flatMap((pair) => {
		const value = nodeAt(document, resource, keyOf(pair) ?? "");
		const isText = !value || (isScalar(value) && (value.value === null || typeof value.value === "string"));
		return isText
			? []
			: [{ at: startOf(value), what: "a resource attribute in service.telemetry is no text: put it in quotes" }];
	});
}

function startOf(node: Node | null | undefined): number {
	return node?.range?.[0] ?? 0;
}
