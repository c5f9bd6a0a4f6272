import { ownEntry } from "../../base/lookup.ts";
import { type Effect, type ProcessorSettings, UNREAD } from "./effect.ts";
import { IDENTITIES, identitiesLike, isIdentity, isUsual, tryable } from "./identity.ts";
import { statementEffects } from "./ottl.ts";

type SettingsReader = (settings: ProcessorSettings, signal: string) => readonly Effect[];

/** A list; of one block or value, that. */
const listOf = (value: unknown): readonly unknown[] =>
	Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
const mapsIn = (value: unknown): ProcessorSettings[] =>
	listOf(value).filter((each): each is ProcessorSettings => each instanceof Map);
const textsIn = (value: unknown): string[] => {
	if (typeof value === "string") return [value];
	if (value instanceof Map) return [...value.values()].flatMap(textsIn);
	return Array.isArray(value) ? value.flatMap(textsIn) : [];
};

const ACTIONS: Readonly<Record<string, string>> = {
	delete: "deletes",
	hash: "hashes",
	update: "overwrites",
	upsert: "overwrites",
};

/** Actions on attributes. `insert` fills in what is not there, `extract` and `convert` leave the key. Measured with otelcol 0.155.0. */
const actions: SettingsReader = (settings) => {
	const all = ["actions", "action", "attributes"].flatMap((key) => mapsIn(settings.get(key)));
	return all.flatMap((each): Effect[] => {
		const how = ownEntry(ACTIONS, String(each.get("action")));
		const [key, pattern] = [each.get("key"), each.get("pattern")];
		const keys = [
			...textsIn(key).filter(isIdentity),
			...textsIn(key === undefined ? pattern : undefined).flatMap(identitiesLike),
		];
		return how !== undefined && keys.length > 0 ? [{ kind: "identity", how, keys }] : [];
	});
};

/** Where a signal's conditions stand. https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/processor/filterprocessor/config.go */
const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
	logs: ["logs", "log_conditions"],
	metrics: ["metrics", "metric_conditions"],
	traces: ["traces", "trace_conditions", "spans"],
};
const MAX_CONDITIONS = 3;

const filter: SettingsReader = (settings, signal) => {
	const own = (ownEntry(CONDITIONS, signal) ?? []).map((key) => settings.get(key));
	const byMatch = own.some((each) => mapsIn(each).some((map) => map.has("include") || map.has("exclude")));
	if (byMatch) return [{ kind: "drops", which: "by include and exclude" }];
	const conditions = own.flatMap((each) => textsIn(each)).filter((each) => !CONTEXTS.includes(each));
	if (conditions.length === 0) return [];
	const more = conditions.length - MAX_CONDITIONS;
	const named = conditions.slice(0, MAX_CONDITIONS).join(" or ");
	return [{ kind: "drops", which: `where ${named}${more > 0 ? ` or ${more} more conditions hold` : ""}` }];
};
const CONTEXTS = ["resource", "scope", "log", "metric", "datapoint", "span", "spanevent"];

const sampler: SettingsReader = (settings) => {
	const share = settings.get("sampling_percentage");
	// Measured with otelcol 0.155.0: without it nothing passes.
	if (share === undefined || share === null)
		return [{ kind: "drops", which: "because it has no sampling_percentage, without which none passes" }];
	if (typeof share !== "number") return [{ kind: "drops", which: "how many, this file does not show" }];
	return share >= 100 ? [] : [{ kind: "drops", which: `and keeps ${share} % of them` }];
};

/** By detector, what it sets that tells a sender; `env` sets whatever a variable names. https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/resourcedetectionprocessor/internal */
const DETECTED: Readonly<Record<string, readonly string[]>> = {
	system: ["host.name"],
	docker: ["host.name"],
	ec2: ["host.name", "host.id"],
	gcp: ["host.name", "host.id"],
	azure: ["host.name", "host.id"],
	consul: ["host.name", "host.id"],
	heroku: ["service.name", "service.instance.id", "service.version"],
};

/** `override` is true unless it is set. */
const detection: SettingsReader = (settings) => {
	if (settings.get("override") === false) return [];
	const detectors = textsIn(settings.get("detectors"));
	const kept = textsIn(settings.get("attributes"));
	const isOff = (detector: string, key: string) =>
		mapsIn(settings.get(detector)).some((each) =>
			mapsIn(each.get("resource_attributes")).some((all) =>
				[key, key.replaceAll(".", "_")].some((name) =>
					mapsIn(all.get(name)).some((one) => one.get("enabled") === false),
				),
			),
		);
	return (detectors.length > 0 ? detectors : ["env"]).flatMap((detector): Effect[] => {
		const known = ownEntry(DETECTED, detector);
		if (!known) return [{ kind: "unread", why: `which attributes its detector ${detector} overwrites` }];
		const keys = known.filter((key) => !isOff(detector, key) && (kept.length === 0 || kept.includes(key)));
		return keys.length > 0 ? [{ kind: "host", keys }] : [];
	});
};

const STATEMENTS: Readonly<Record<string, string>> = {
	logs: "log_statements",
	metrics: "metric_statements",
	traces: "trace_statements",
};

const transform: SettingsReader = (settings, signal) =>
	listOf(settings.get(ownEntry(STATEMENTS, signal) ?? ""))
		.flatMap((each) => (each instanceof Map ? textsIn(each.get("statements")) : textsIn(each)))
		.flatMap(statementEffects);

/**
 * What its lists of keys leave, and what its patterns mask of that. It takes the attributes of resources as it takes those of records, and what
 * is ignored, or has an allowed value, is masked by nothing. Measured with otelcol 0.155.0.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.155.0/processor/redactionprocessor/processor.go
 */
const redaction: SettingsReader = (settings) => {
	const all = (key: string) => textsIn(settings.get(key));
	const tests = (key: string) => all(key).map(tryable);
	const [ignoring, allowing] = [tests("ignored_key_patterns"), tests("allowed_values")];
	const unread = [...ignoring, ...allowing].includes(undefined)
		? [{ kind: "unread", why: "which attributes its patterns leave as they are" } as const]
		: [];
	const ignored = [...all("ignored_keys"), ...IDENTITIES.filter((name) => ignoring.some((test) => test?.(name)))];
	const isKept = settings.get("allow_all_keys") === true;
	const kept = [...new Set([...all("allowed_keys"), ...ignored])];
	const masked = [...(isKept ? IDENTITIES : kept)].filter(
		(name) =>
			!ignored.includes(name) &&
			!allowing.some((test) => test && isUsual(name, test)) &&
			(tests("blocked_key_patterns").some((test) => test?.(name)) ||
				tests("blocked_values").some((test) => test && isUsual(name, test))),
	);
	const how = textsIn(settings.get("hash_function")).some((each) => each !== "") ? "hashes" : "masks";
	const hits = masked.filter(isIdentity);
	const isOther = all("blocked_values").length > 0 || tests("blocked_key_patterns").includes(undefined);
	return [
		...(isKept || ignoring.includes(undefined) ? [] : [{ kind: "keeps", keys: kept, ofResource: true } as const]),
		...(hits.length > 0
			? [{ kind: "identity", how, keys: hits } as const]
			: isOther
				? [{ kind: "masks" } as const]
				: []),
		...unread,
	];
};

const grouping: SettingsReader = (settings) => {
	const keys = textsIn(settings.get("keys")).filter(isIdentity);
	return keys.length > 0 ? [{ kind: "identity", how: "moves", keys }] : [];
};

/** Operations that make one point of several. https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/metricstransformprocessor */
const metricsTransform: SettingsReader = (settings) =>
	mapsIn(settings.get("transforms")).flatMap((each): Effect[] => {
		const operations = mapsIn(each.get("operations"));
		const does = operations.map((one) => String(one.get("action")));
		const found: Effect[] = [];
		if (each.get("action") === "combine" || does.some((name) => name.startsWith("aggregate_")))
			found.push({ kind: "merges" });
		if (does.includes("delete_label_value")) found.push({ kind: "drops", which: "by the value of a label" });
		const renamed = operations.filter((one) => one.has("new_label")).flatMap((one) => textsIn(one.get("label")));
		const keys = renamed.filter(isIdentity);
		return keys.length > 0 ? [...found, { kind: "identity", how: "renames", keys }] : found;
	});

const merges: SettingsReader = () => [{ kind: "merges" }];
const drops: SettingsReader = () => [{ kind: "drops", which: "before they reach this backend" }];
const passes: SettingsReader = () => [];

/**
 * By processor type, under all its names. `k8sattributes` sets only what is not there. A type that is not listed was not looked at.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/processor
 */
const READERS: Readonly<Record<string, SettingsReader>> = {
	filter,
	probabilistic_sampler: sampler,
	tail_sampling: drops,
	cardinality_guardian: drops,
	routing: drops,
	attributes: actions,
	resource: actions,
	resourcedetection: detection,
	resource_detection: detection,
	redaction,
	transform,
	groupbyattrs: grouping,
	interval: merges,
	log_dedup: merges,
	logdedup: merges,
	metrics_transform: metricsTransform,
	metricstransform: metricsTransform,
	...Object.fromEntries(
		[
			...["batch", "memory_limiter", "k8sattributes", "k8s_attributes", "groupbytrace", "span", "geoip", "remotetap"],
			...["cumulativetodelta", "cumulative_to_delta", "deltatorate", "delta_to_rate", "deltatocumulative"],
			...["delta_to_cumulative", "metricstarttime", "metric_start_time", "metricsgeneration"],
		].map((type) => [type, passes]),
	),
};

/** Types that do the same whatever their settings are: those may stand in another file. */
const SAME: ReadonlySet<SettingsReader> = new Set([passes, drops, merges]);

/** What a processor in a pipeline of a signal does; `settings` are undefined if they are not in this file. */
export function effectsOf(type: string, signal: string, settings: ProcessorSettings | undefined): readonly Effect[] {
	const read = ownEntry(READERS, type);
	if (!read) return [{ kind: "unread" }];
	if (settings === undefined && !SAME.has(read))
		return [{ kind: "unread", why: "what its settings, which are not in this file, do to records" }];
	const effects = read(settings ?? new Map(), signal);
	const isSaid = SAME.has(read) || effects.some(({ kind }) => kind === "unread");
	return !isSaid && isOpen(settings)
		? [...effects, { kind: "unread", why: "what comes into its settings from elsewhere" }]
		: effects;
}

/** Where any value may stand: it decides nothing. */
const VALUES: ReadonlySet<unknown> = new Set(["value", "output"]);

/** Whether a part of settings is not in this file: a variable alone, or an expression. */
function isOpen(value: unknown): boolean {
	if (value instanceof Map) return [...value].some(([key, each]) => !VALUES.has(key) && isOpen(each));
	if (Array.isArray(value)) return value.some(isOpen);
	return value === UNREAD || (typeof value === "string" && /^\$\{[^{}]*\}$/.test(value.trim()));
}
