import type { Distribution, Platform, Release } from "../../adapters/collectors/distribution.ts";
import { otelcol } from "../../adapters/collectors/otelcol.ts";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { isAtLeast, versionText } from "../../base/versions.ts";
import {
	type AttributionSpec,
	type AttributionWay,
	attributionWays,
	FINGERPRINT_COMMAND,
	type KnownToken,
} from "../../spec/attribution.ts";
import type { CollectorSpec } from "../../spec/collector.ts";
import { hasComponent } from "./release.ts";

/** How a gateway counts what each token sends. */
export interface Attribution {
	readonly way: AttributionWay;
	/** `tokens`, `ports`: the tokens counted separately; `tokens` counts all others together, `ports` refuses them. */
	readonly tokens: readonly KnownToken[];
	/** `senders`: whether the fingerprint is removed from the data before it is forwarded. */
	readonly strip: boolean;
	/** Component types, as this release names them. */
	readonly types: { readonly counter: string; readonly accumulator: string };
	/** Where the counters go: a metrics page or, for Alloy, a remote-write server. */
	readonly metricsUrl: string;
	readonly pushed: boolean;
	/** The stability level Alloy must be started with. */
	readonly stability: string | undefined;
}

/** Port of the metrics page: the usual one for a Prometheus exporter in OpenTelemetry. */
export const ATTRIBUTION_PORT = 9464;
/** Remote-write URL of a Prometheus on the same machine, started with --web.enable-remote-write-receiver. */
const LOCAL_PROMETHEUS = "http://127.0.0.1:9090/api/v1/write";

type ComponentKind = "connectors" | "processors" | "exporters" | "extensions";
type NeededComponent = readonly [kind: ComponentKind, ...types: readonly string[]];

/** The components of each way; of several names, the first that the release knows is used. */
const PARTS: Readonly<Record<AttributionWay, Readonly<Record<string, NeededComponent>>>> = {
	senders: {
		fingerprint: ["processors", "transform"],
		counter: ["connectors", "signal_to_metrics", "signaltometrics"],
		accumulator: ["processors", "delta_to_cumulative", "deltatocumulative"],
		page: ["exporters", "prometheus"],
	},
	tokens: { counter: ["connectors", "routing"], mark: ["processors", "resource"] },
	ports: { door: ["extensions", "bearertokenauth"] },
};

/** Alloy has one kind, and its own names. */
const ALLOY_PARTS: Readonly<Record<string, string>> = {
	fingerprint: "otelcol.processor.transform",
	counter: "otelcol.connector.signaltometrics",
	accumulator: "otelcol.processor.deltatocumulative",
	page: "otelcol.exporter.prometheus",
};

/** Resolves the requested way for this distribution and release; throws if it is not possible. */
export function planAttribution(
	{ attribution: spec, distribution, header }: CollectorSpec,
	release: Release,
	platform: Platform,
): Attribution | undefined {
	if (!spec) return undefined;
	const way = spec.way ?? usualWay(spec, distribution, release);
	const problem =
		obstacle(way, distribution, release) ??
		contradiction(way, spec, distribution) ??
		(way === "ports" ? doorProblem(release, platform, header) : undefined);
	if (problem) throw new CrossfadeError("usage", problem);
	const isAlloy = distribution.dialect === "alloy";
	return {
		way,
		tokens: way === "senders" ? [] : spec.tokens,
		strip: spec.strip,
		types: {
			counter: typeOf(PARTS[way]["counter"], distribution, release) ?? "",
			accumulator: typeOf(PARTS[way]["accumulator"], distribution, release) ?? "",
		},
		metricsUrl: isAlloy ? (spec.metricsTo ?? LOCAL_PROMETHEUS) : pageOf(way, distribution),
		pushed: isAlloy,
		stability: isAlloy ? "experimental" : undefined,
	};
}

function pageOf(way: AttributionWay, { metrics }: Distribution): string {
	return way !== "senders" ? metrics.url : `http://127.0.0.1:${ATTRIBUTION_PORT}/metrics`;
}

/** The cheaper way if tokens are given; otherwise the only one that needs none. */
function usualWay({ tokens }: AttributionSpec, distribution: Distribution, release: Release): AttributionWay {
	const can = (way: AttributionWay) => obstacle(way, distribution, release) === undefined;
	if (tokens.length > 0 && can("tokens")) return "tokens";
	return can("senders") || !can("tokens") ? "senders" : "tokens";
}

/** What a distribution lacks for a way, as a problem; undefined if nothing. */
function obstacle(way: AttributionWay, distribution: Distribution, release: Release): Problem | undefined {
	const title = `${distribution.title} ${versionText(release.own)}`;
	const missing = missingParts(way, distribution, release);
	if (missing.length > 0) {
		const other = attributionWays.find((each) => missingParts(each, distribution, release).length === 0);
		const ever = other ? `use --attribute ${other}, or p` : "p";
		return {
			what: `${title} cannot attribute by ${way}: it has no ${missing.join(" and no ")}`,
			expected: "a release that has them",
			where: { file: "--attribute" },
			fix: `${ever}ut crossfade tap in front of it, which counts at least as much`,
		};
	}
	if (way === "ports" || isAtLeast(release.otelcol, otelcol.clientMetadata)) return undefined;
	return {
		what: `${title} cannot distinguish requests by token`,
		expected: `a release built on otelcol ${otelcol.clientMetadata} or newer`,
		got: `otelcol ${versionText(release.otelcol)}`,
		where: { file: "--attribute" },
		fix: "upgrade it, or put crossfade tap in front of it, which counts at least as much",
	};
}

function missingParts(way: AttributionWay, distribution: Distribution, release: Release): string[] {
	if (distribution.dialect === "alloy") {
		if (way !== "senders") return [way === "tokens" ? "routing connector" : "bearertokenauth extension"];
		return Object.values(ALLOY_PARTS).filter((type) => !hasComponent(distribution, release.own, "components", type));
	}
	return Object.values(PARTS[way])
		.filter((part) => typeOf(part, distribution, release) === undefined)
		.map(([kind, type]) => `${type} ${kind.slice(0, -1)}`);
}

function typeOf(part: NeededComponent | undefined, distribution: Distribution, release: Release): string | undefined {
	if (!part || distribution.dialect === "alloy") return undefined;
	const [kind, ...types] = part;
	return types.find((type) => hasComponent(distribution, release.own, kind, type));
}

/** Flags that do not apply to the chosen way. */
function contradiction(
	way: AttributionWay,
	spec: AttributionSpec,
	{ dialect, title }: Distribution,
): Problem | undefined {
	if (way === "senders" && spec.tokens.length > 0) {
		const what = "--attribute senders needs no fingerprints: it distinguishes every token";
		return { what, where: { file: "--token" }, fix: "omit it" };
	}
	if (way !== "senders" && spec.tokens.length === 0) {
		return {
			what: `${title} needs the fingerprint of each token to count, and none was given`,
			expected: "--token old=fp:<12 hex digits> --token new=fp:<12 hex digits>",
			where: { file: "--attribute" },
			fix: `add them; to get a fingerprint: ${FINGERPRINT_COMMAND}`,
		};
	}
	if (way !== "senders" && spec.strip) {
		const what = "this way adds no fingerprint to the data, so there is none to remove";
		return { what, where: { file: "--strip-fingerprint" }, fix: "omit it" };
	}
	if (dialect !== "alloy" && spec.metricsTo !== undefined) {
		const what = `${title} serves its counters on a metrics page; only Alloy writes them to a server`;
		return { what, where: { file: "--metrics-to" }, fix: "omit it" };
	}
	return undefined;
}

/** Why one port per token is not possible here. */
function doorProblem({ otelcol: inside }: Release, platform: Platform, header: string): Problem | undefined {
	const where = { file: "--attribute" };
	if (platform === "kubernetes" || platform === "ecs") {
		const what = "one port per token needs one file per token, but this platform's files provide only one";
		return { what, got: platform, where, fix: "use --attribute tokens" };
	}
	if (header.toLowerCase() === "authorization" || isAtLeast(inside, otelcol.bearerHeader)) return undefined;
	const what = "this release checks tokens only in the Authorization header";
	const expected = `otelcol ${otelcol.bearerHeader} or newer for ${header}`;
	return { what, expected, got: versionText(inside), where, fix: "upgrade it, or put crossfade tap in front of it" };
}
