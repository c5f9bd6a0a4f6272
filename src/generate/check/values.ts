import { isMap, isScalar, isSeq, type Node, type YAMLSeq } from "yaml";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { isAtLeast, type Version } from "../../base/versions.ts";
import { type ComponentNode, type ConfigModel, nodeAt, scalarAt } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";
import { ASK_PROGRAM } from "./structure.ts";
import { telemetryClashes } from "./telemetry.ts";

/** The release in which all of this was measured, by its `validate`. */
const MEASURED: Version = [0, 155, 0];

const UNITS: Readonly<Record<string, number>> = {
	ns: 1e-6,
	us: 1e-3,
	µs: 1e-3,
	μs: 1e-3,
	ms: 1,
	s: 1e3,
	m: 6e4,
	h: 3.6e6,
};

/** Milliseconds of a duration as Go writes it (`1h30m`, `.5s`, `-1s`, `0`); undefined for anything else. https://pkg.go.dev/time#ParseDuration */
export function goDurationMs(text: string): number | undefined {
	if (/^[-+]?0$/.test(text)) return 0;
	const all = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
	if (!all) return undefined;
	const parts = [...(all[2] ?? "").matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
	const sum = parts.reduce(
		(before, [, amount, unit]) => before + Number(amount) * (ownEntry(UNITS, unit ?? "") ?? 0),
		0,
	);
	return all[1] === "-" ? -sum : sum;
}

/** Settings of a component by path; a number, or a duration in milliseconds. Undefined if it is not set, not in this file or no such value. */
interface ComponentValues {
	readonly has: (path: string) => boolean;
	readonly value: (path: string) => unknown;
	readonly number: (path: string) => number | undefined;
	readonly isEmptyList: (path: string) => boolean;
	/** The texts of a list. */
	readonly texts: (path: string) => readonly string[];
}

/** What cannot work: the setting to point at, and what is said of it. */
type Clash = readonly [path: string, what: string];

type Judge = (of: ComponentValues) => readonly (Clash | false)[];

function below(of: ComponentValues, path: string, least: number, isReached: boolean, what: string): Clash | false {
	const value = of.number(path);
	return value !== undefined && (isReached ? value < least : value <= least) && [path, `${path} ${what}`];
}

/** Defaults: https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/config/configretry/backoff.go */
const retry: Judge = (of) => {
	if (of.value("retry_on_failure.enabled") === false) return [];
	const at = (name: string) => `retry_on_failure.${name}`;
	const elapsed = of.number(at("max_elapsed_time"));
	const factor = of.number(at("randomization_factor"));
	const limits = (
		[
			["initial_interval", 5e3],
			["max_interval", 3e4],
		] as const
	).map(([name, usual]): Clash | false => {
		const isDefault = !of.has(at(name));
		const limit = isDefault ? usual : of.number(at(name));
		const shorter = elapsed !== undefined && elapsed > 0 && limit !== undefined && elapsed < limit;
		return (
			shorter && [
				at("max_elapsed_time"),
				`max_elapsed_time is shorter than ${name}${isDefault ? `, which is ${usual / 1e3}s by default` : ""}`,
			]
		);
	});
	return [
		limits.find(Boolean) ?? false,
		below(of, at("max_elapsed_time"), 0, true, "is negative"),
		below(of, at("initial_interval"), 0, true, "is negative"),
		below(of, at("max_interval"), 0, true, "is negative"),
		below(of, at("multiplier"), 0, true, "is negative"),
		factor !== undefined &&
			(factor < 0 || factor > 1) && [at("randomization_factor"), "randomization_factor is not between 0 and 1"],
	];
};

/** Defaults: https://github.com/open-telemetry/opentelemetry-collector/tree/v0.155.0/exporter/exporterhelper */
const queue: Judge = (of) => {
	if (of.value("sending_queue.enabled") === false) return [];
	const at = (name: string) => `sending_queue.${name}`;
	return [
		below(of, at("queue_size"), 0, false, "is not positive"),
		below(of, at("num_consumers"), 0, false, "is not positive"),
		...(of.has(at("batch")) && of.value(at("batch.enabled")) !== false ? batchOfQueue(of, at) : []),
	];
};

function batchOfQueue(of: ComponentValues, at: (name: string) => string): readonly (Clash | false)[] {
	const sizer = of.value(at("sizer")) ?? "requests";
	const batchSizer = of.value(at("batch.sizer")) ?? (sizer === "requests" ? "items" : sizer);
	const least = of.has(at("batch.min_size")) ? of.number(at("batch.min_size")) : 8192;
	const size = of.has(at("queue_size")) ? of.number(at("queue_size")) : 1000;
	const most = of.number(at("batch.max_size"));
	const tooSmall = sizer === batchSizer && least !== undefined && size !== undefined && size > 0 && least > size;
	return [
		below(of, at("batch.flush_timeout"), 0, false, "is not positive"),
		most !== undefined &&
			most > 0 &&
			least !== undefined &&
			most < least && [at("batch.max_size"), "batch.max_size is smaller than batch.min_size (8192 by default)"],
		tooSmall && [at("batch"), "batch.min_size (8192 by default) is larger than queue_size, and both count the same"],
	];
}

const memoryLimiter: Judge = (of) => {
	const [mib, spike, share, spikeShare] = [
		"limit_mib",
		"spike_limit_mib",
		"limit_percentage",
		"spike_limit_percentage",
	].map(of.number);
	return [
		below(of, "check_interval", 0, false, "is not positive"),
		share !== undefined && share > 100 && ["limit_percentage", "limit_percentage is more than 100"],
		spikeShare !== undefined &&
			spikeShare > 100 && ["spike_limit_percentage", "spike_limit_percentage is more than 100"],
		mib !== undefined &&
			mib > 0 &&
			spike !== undefined &&
			spike >= mib && ["spike_limit_mib", "spike_limit_mib is not smaller than limit_mib"],
		!mib &&
			share !== undefined &&
			spikeShare !== undefined &&
			spikeShare >= share && ["spike_limit_percentage", "spike_limit_percentage is not smaller than limit_percentage"],
	];
};

const batch: Judge = (of) => {
	const most = of.number("send_batch_max_size");
	const least = of.has("send_batch_size") ? of.number("send_batch_size") : 8192;
	const keys = of.texts("metadata_keys").map((key) => key.toLowerCase());
	return [
		new Set(keys).size < keys.length && ["metadata_keys", "metadata_keys has one name twice (case does not matter)"],
		below(of, "timeout", 0, true, "is negative"),
		most !== undefined &&
			most > 0 &&
			least !== undefined &&
			most < least && ["send_batch_max_size", "send_batch_max_size is smaller than send_batch_size (8192 by default)"],
	];
};

const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"];

const isElsewhere = (text: string) => /\$|\{\{/.test(text);

const TLS_TEXTS = ["ca", "cert", "key"].flatMap((name) => [`${name}_file`, `${name}_pem`]);

/** Certificates and keys come in pairs, each from one place. https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/config/configtls/README.md */
const certificates =
	(at: string, isServer: boolean): Judge =>
	(of) => {
		if (!of.has(at)) return [];
		const isSet = (name: string) => of.has(`${at}.${name}`) && of.value(`${at}.${name}`) !== "";
		// A variable may be empty, which is as good as not set.
		if (TLS_TEXTS.some((name) => isElsewhere(String(of.value(`${at}.${name}`) ?? "")))) return [];
		const twice = (["ca", "cert", "key"] as const).find((name) => isSet(`${name}_file`) && isSet(`${name}_pem`));
		const [certificate, key] = ["cert", "key"].map((name) => isSet(`${name}_file`) || isSet(`${name}_pem`));
		return [
			twice !== undefined && [`${at}.${twice}_pem`, `${at}.${twice}_file and ${twice}_pem are both set`],
			(certificate !== key || (isServer && !certificate)) && [at, `${at} needs both a certificate and its key`],
		];
	};

/** Levels, measured. https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/config/configcompression/compressiontype.go */
const LEVELS: Readonly<Record<string, readonly [least: number, most: number]>> = {
	gzip: [-2, 9],
	zlib: [-2, 9],
	deflate: [-2, 9],
	snappy: [0, 0],
	lz4: [0, 0],
};

const compression: Judge = (of) => {
	const kind = String(of.value("compression") ?? "gzip");
	const [level, range] = [of.number("compression_params.level"), ownEntry(LEVELS, kind)];
	const isOutside = level !== undefined && range !== undefined && (level < range[0] || level > range[1]);
	const between = range?.[0] === range?.[1] ? "has no levels" : `has levels from ${range?.join(" to ")}`;
	return [isOutside && ["compression_params.level", `${kind} ${between}`]];
};

/** https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/config/configtls/README.md */
const tls =
	(at: string): Judge =>
	(of) => {
		const [least, most] = ["min_version", "max_version"].map((name) => {
			const text = of.value(`${at}.${name}`);
			return typeof text === "string" && text !== "" && !isElsewhere(text) ? text : undefined;
		});
		const unknown = (name: string, text: string | undefined): Clash | false =>
			text !== undefined &&
			!TLS_VERSIONS.includes(text) && [`${at}.${name}`, `tls.${name} is none of ${TLS_VERSIONS.join(", ")}`];
		return [
			unknown("min_version", least),
			unknown("max_version", most),
			least !== undefined &&
				most !== undefined &&
				TLS_VERSIONS.indexOf(least) > TLS_VERSIONS.indexOf(most) &&
				TLS_VERSIONS.includes(most) && [`${at}.min_version`, "tls.min_version is above tls.max_version"],
		];
	};

/** https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/config/configgrpc/configgrpc.go */
const grpcAddress: Judge = (of) => {
	const text = of.value("endpoint");
	if (typeof text !== "string" || isElsewhere(text) || /^\s*unix(-abstract)?:/.test(text)) return [];
	const address = text.trim().replace(/^[A-Za-z0-9+.-]+:\/\/([^/]*\/)?/, "");
	if (address === "") return [];
	const port = /^(?:\[[^\]]*\]|[^:[\]]*):(.*)$/.exec(address)?.[1];
	return [
		port === undefined && ["endpoint", "endpoint has no port"],
		port !== undefined && !/^\d*$/.test(port) && ["endpoint", "endpoint has a port that is no number"],
	];
};

/** https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/exporter/debugexporter/config.go */
const debug: Judge = (of) => {
	const level = of.value("verbosity");
	const isOwn = of.value("use_internal_logger") === false;
	return [
		typeof level === "number" &&
			![0, 1, 2].includes(level) && ["verbosity", "verbosity is none of basic, normal, detailed"],
		!isOwn && of.has("output_paths") && ["output_paths", "output_paths needs use_internal_logger: false"],
		isOwn && of.isEmptyList("output_paths") && ["output_paths", "output_paths is empty"],
	];
};

const ofClients: readonly Judge[] = [tls("tls"), certificates("tls", false)];

/** By component: what its values have to be to each other. Defaults are those of the same release. */
const JUDGES: Readonly<Record<string, readonly Judge[]>> = {
	"exporters/debug": [debug, queue],
	"exporters/otlp": [retry, queue, ...ofClients, grpcAddress],
	"exporters/otlp_grpc": [retry, queue, ...ofClients, grpcAddress],
	"exporters/otlphttp": [retry, queue, ...ofClients, compression],
	"exporters/otlp_http": [retry, queue, ...ofClients, compression],
	"receivers/otlp": ["protocols.grpc.tls", "protocols.http.tls"].flatMap((at) => [tls(at), certificates(at, true)]),
	"processors/memory_limiter": [memoryLimiter],
	"processors/batch": [batch],
};

/**
 * Values that cannot work although each of them is of the right type: those that the collector refuses (a warning for releases older than
 * the one that was measured), and addresses to which it never sends.
 */
export function valueFindings(model: ConfigModel, release: Version): ConfigFinding[] {
	const found = [
		...model.components.flatMap((component) => clashes(model, component)),
		...telemetryClashes(model),
		...model.pipelines.flatMap(({ id, processors = [] }) =>
			processors
				.filter((each, index) => processors.findIndex((other) => other.id === each.id) < index)
				.map((each) => ({ at: each.at, what: `the pipeline ${shown(id)} has ${shown(each.id)} twice` })),
		),
	];
	const older = isAtLeast(release, MEASURED.join(".")) ? {} : { severity: "warning" as const, fix: ASK_PROGRAM };
	return [
		...found.map((each) => ({ rule: "refused-value" as const, ...each, ...older })),
		...model.components.flatMap((component) => withoutScheme(model, component)),
	];
}

const ADDRESSES = ["endpoint", "logs_endpoint", "metrics_endpoint", "traces_endpoint", "profiles_endpoint"];

/** Addresses to which nothing is ever sent; measured: `validate` takes most of them. */
function withoutScheme({ document }: ConfigModel, { section, type, id, value }: ComponentNode): ConfigFinding[] {
	if (section !== "exporters" || !/^(otlphttp|otlp_http)$/.test(type)) return [];
	return ADDRESSES.flatMap((key): ConfigFinding[] => {
		const node = nodeAt(document, value, key);
		const text = isScalar(node) && typeof node.value === "string" ? node.value : "";
		if (text === "" || /^https?:\/\//i.test(text) || /\$|\{\{/.test(text)) return [];
		return [
			{ rule: "no-scheme", at: node?.range?.[0] ?? 0, what: `${key} of ${shown(id)} has no http:// or https://` },
		];
	});
}

function clashes({ document }: ConfigModel, { section, type, id, at, value }: ComponentNode) {
	const node = (path: string) => nodeAt(document, value, ...path.split("."));
	const of: ComponentValues = {
		has: (path) => isWritten(node(path)),
		value: (path) => scalarAt(document, value, ...path.split(".")) ?? undefined,
		number: (path) => numberOf(node(path)),
		texts: (path) => {
			const list = node(path);
			return isSeq(list) ? list.items.flatMap((item) => (isScalar(item) ? [String(item.value)] : [])) : [];
		},
		isEmptyList: (path) => isSeq(node(path)) && (node(path) as YAMLSeq).items.length === 0,
	};
	return (ownEntry(JUDGES, `${section}/${type}`) ?? []).flatMap((judge) =>
		judge(of).flatMap((clash) =>
			clash ? [{ at: node(clash[0])?.range?.[0] ?? at, what: `${shown(id)}: ${clash[1]}` }] : [],
		),
	);
}

function isWritten(node: Node | undefined): boolean {
	return node !== undefined && (isMap(node) || isSeq(node) || (isScalar(node) && node.value !== null));
}

function numberOf(node: Node | undefined): number | undefined {
	if (!isScalar(node)) return undefined;
	return typeof node.value === "number"
		? node.value
		: typeof node.value === "string"
			? goDurationMs(node.value)
			: undefined;
}
