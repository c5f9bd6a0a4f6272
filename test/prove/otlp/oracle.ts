import type { Signal } from "../../../src/adapters/providers/provider.ts";
import type { OtlpSender } from "../../../src/prove/otlp/senders.ts";

/*
 * What a scanner must find, found the slow way: the whole request is decoded into a tree by a table of its messages, then walked. Knows
 * nothing of the scanner's code, and is as strict as protobuf's wire format is.
 */

type Message = Readonly<Record<number, string>>;

/** Message-typed fields only; every other field is skipped by its wire type. */
const messages: Readonly<Record<string, Message>> = {
	logs: { 1: "data" },
	traces: { 1: "data" },
	metrics: { 1: "metricData" },
	data: { 1: "resource", 2: "scopeData" },
	metricData: { 1: "resource", 2: "scopeMetrics" },
	scopeData: { 1: "scope", 2: "bytes" },
	scopeMetrics: { 1: "scope", 2: "metric" },
	metric: { 5: "points", 7: "points", 9: "points", 10: "points", 11: "points" },
	points: { 1: "bytes" },
	resource: { 1: "attribute" },
	scope: { 1: "bytes" },
	attribute: { 1: "bytes", 2: "value" },
	value: { 1: "bytes" },
};

interface ProtobufNode {
	readonly bytes: Buffer;
	/** By field number, in order. */
	readonly fields: Map<number, ProtobufNode[]>;
}

export class NotProtobuf extends Error {}

function decode(bytes: Buffer, name: string): ProtobufNode {
	const fields = new Map<number, ProtobufNode[]>();
	const message = messages[name];
	if (!message) return { bytes, fields };
	let at = 0;
	const varint = () => {
		let value = 0n;
		for (let shift = 0n; shift < 70n; shift += 7n) {
			const byte = bytes[at++];
			if (byte === undefined) break;
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) return value;
		}
		throw new NotProtobuf("varint");
	};
	const take = (length: bigint) => {
		if (BigInt(at) + length > BigInt(bytes.length)) throw new NotProtobuf("length");
		at += Number(length);
		return bytes.subarray(at - Number(length), at);
	};
	while (at < bytes.length) {
		const tag = varint();
		const [number, kind] = [Number(tag >> 3n), Number(tag & 7n)];
		if (number === 0 || tag > 0xffffffffn) throw new NotProtobuf("tag");
		if (kind === 0) varint();
		else if (kind === 1) take(8n);
		else if (kind === 5) take(4n);
		else if (kind !== 2) throw new NotProtobuf("wire type");
		else {
			const content = take(varint());
			const inner = message[number];
			if (inner) fields.set(number, [...(fields.get(number) ?? []), decode(content, inner)]);
		}
	}
	return { bytes, fields };
}

export interface Found {
	readonly records: number;
	readonly resources: readonly OtlpSender[];
}

/** Throws `NotProtobuf`. */
export function protobufOracle(body: Uint8Array, signal: Signal): Found {
	const resources: OtlpSender[] = [];
	for (const data of children(decode(Buffer.from(body), signal), 1)) {
		const names: Record<string, string> = {};
		for (const attribute of children(data, 1).flatMap((resource) => children(resource, 1))) {
			const key = text(children(attribute, 1).at(-1));
			const value = children(attribute, 2)
				.flatMap((each) => children(each, 1))
				.at(-1);
			if (value) names[key] = text(value);
		}
		const scopes = children(data, 2);
		const items = scopes.flatMap((scope) => children(scope, 2));
		const points = items.flatMap((metric) => [5, 7, 9, 10, 11].flatMap((kind) => children(metric, kind)));
		const records = signal === "metrics" ? points.flatMap((each) => children(each, 1)).length : items.length;
		const scope = scopes
			.flatMap((each) => children(each, 1))
			.flatMap((each) => children(each, 1))
			.map(text)
			.find((name) => name !== "");
		resources.push(sender(names, scope ?? "", records));
	}
	return merged(resources);
}

/** The same for parsed JSON of the right shape. */
export function jsonOracle(request: unknown, signal: Signal): Found {
	const names = {
		logs: ["resourceLogs", "scopeLogs", "logRecords"],
		traces: ["resourceSpans", "scopeSpans", "spans"],
		metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
	} as const;
	const [resourcesName, scopesName, recordsName] = names[signal];
	// biome-ignore lint/suspicious/noExplicitAny: a tree of whatever
	const list = (parent: any, name: string): any[] => parent?.[name] ?? [];
	const resources = list(request, resourcesName).map((data): OtlpSender => {
		const named: Record<string, string> = {};
		for (const { key, value } of list(data.resource, "attributes")) {
			if (typeof value?.stringValue === "string") named[key] = value.stringValue;
		}
		const items = list(data, scopesName).flatMap((scope) => list(scope, recordsName));
		const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
		const points = items.flatMap((metric) => kinds.flatMap((kind) => list(metric?.[kind], "dataPoints")));
		const scope = list(data, scopesName)
			.map((each) => each.scope?.name ?? "")
			.find((name) => name !== "");
		return sender(named, scope ?? "", (signal === "metrics" ? points : items).length);
	});
	return merged(resources);
}

function sender(names: Readonly<Record<string, string>>, scope: string, records: number): OtlpSender {
	const name = (key: string) => (names[key] ?? "").slice(0, 255);
	return {
		host: name("host.name"),
		service: name("service.name"),
		version: name("service.version"),
		scope: scope.slice(0, 255),
		records,
	};
}

function merged(all: readonly OtlpSender[]): Found {
	const byName = new Map<string, OtlpSender>();
	for (const { records, ...names } of all) {
		const key = JSON.stringify(names);
		byName.set(key, { ...names, records: records + (byName.get(key)?.records ?? 0) });
	}
	return { records: all.reduce((sum, { records }) => sum + records, 0), resources: [...byName.values()] };
}

function children(node: ProtobufNode, field: number): ProtobufNode[] {
	return node.fields.get(field) ?? [];
}

function text(node: ProtobufNode | undefined): string {
	return (node?.bytes ?? Buffer.alloc(0)).toString("utf8");
}
