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
	/** `tokens`, `ports`: the tokens that are told apart; `tokens` counts what comes with any other together, `ports` refuses it. */
	readonly tokens: readonly KnownToken[];
	/** `senders`: whether the fingerprint is taken out of the data before it is sent on. */
	readonly strip: boolean;
	/** Types by the names this release has for them. */
	readonly types: { readonly counter: string; readonly accumulator: string };
	/** Where the counters are published: a page to read, or for Alloy a server that is written to. */
	readonly metricsUrl: string;
	readonly pushed: boolean;
	/** The stability that Alloy has to be started with. */
	readonly stability: string | undefined;
}

/** Port of the page with the counters; the usual one of a Prometheus exporter in OpenTelemetry. */
export const ATTRIBUTION_PORT = 9464;
/** Where a Prometheus of the same machine takes what is written to it, if it was started with --web.enable-remote-write-receiver. */
const LOCAL_PROMETHEUS = "http://127.0.0.1:9090/api/v1/write";

type ComponentKind = "connectors" | "processors" | "exporters" | "extensions";
type NeededComponent = readonly [kind: ComponentKind, ...types: readonly string[]];

/** What each way is made of; of several names the first one that the release knows is written. */
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

/** What was asked for -> how it is done here; throws where this distribution and release cannot do it. */
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

/** With known tokens the cheaper way; without, the only one that needs none. */
function usualWay({ tokens }: AttributionSpec, distribution: Distribution, release: Release): AttributionWay {
	const can = (way: AttributionWay) => obstacle(way, distribution, release) === undefined;
	if (tokens.length > 0 && can("tokens")) return "tokens";
	return can("senders") || !can("tokens") ? "senders" : "tokens";
}

/** What a distribution lacks for a way, as a problem; undefined when it lacks nothing. */
function obstacle(way: AttributionWay, distribution: Distribution, release: Release): Problem | undefined {
	const title = `${distribution.title} ${versionText(release.own)}`;
	const missing = missingParts(way, distribution, release);
	if (missing.length > 0) {
		const other = attributionWays.find((each) => missingParts(each, distribution, release).length === 0);
		const ever = other ? `use --attribute ${other}, or p` : "p";
		return {
			what: `${title} cannot attribute by ${way}: it has no ${missing.join(" and no ")}`,
			expected: "a release with them",
			where: { file: "--attribute" },
			fix: `${ever}ut crossfade tap in front of it, which counts the same and more`,
		};
	}
	if (way === "ports" || isAtLeast(release.otelcol, otelcol.clientMetadata)) return undefined;
	return {
		what: `${title} cannot tell requests apart by their token`,
		expected: `a release with otelcol ${otelcol.clientMetadata} or newer inside`,
		got: `otelcol ${versionText(release.otelcol)}`,
		where: { file: "--attribute" },
		fix: "upgrade it, or put crossfade tap in front of it, which counts the same and more",
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

/** Flags that do not fit the way that was chosen. */
function contradiction(
	way: AttributionWay,
	spec: AttributionSpec,
	{ dialect, title }: Distribution,
): Problem | undefined {
	if (way === "senders" && spec.tokens.length > 0) {
		const what = "--attribute senders tells every token apart without being told its fingerprint";
		return { what, where: { file: "--token" }, fix: "leave it away" };
	}
	if (way !== "senders" && spec.tokens.length === 0) {
		return {
			what: `${title} tells tokens apart by fingerprints that stand in its config, and none was given`,
			expected: "--token old=fp:<12 hex digits> --token new=fp:<12 hex digits>",
			where: { file: "--attribute" },
			fix: `add them; a fingerprint comes from ${FINGERPRINT_COMMAND}`,
		};
	}
	if (way !== "senders" && spec.strip) {
		const what = "there is no fingerprint in the data to be taken out: this way adds nothing to it";
		return { what, where: { file: "--strip-fingerprint" }, fix: "leave it away" };
	}
	if (dialect !== "alloy" && spec.metricsTo !== undefined) {
		const what = `${title} publishes its counters as a page; only Alloy writes them to a server`;
		return { what, where: { file: "--metrics-to" }, fix: "leave it away" };
	}
	return undefined;
}

/** Why there can be no port for each token here. */
function doorProblem({ otelcol: inside }: Release, platform: Platform, header: string): Problem | undefined {
	const where = { file: "--attribute" };
	if (platform === "kubernetes" || platform === "ecs") {
		const what = "a port for each token needs a file for each token, and the pieces for this platform bring one";
		return { what, got: platform, where, fix: "use --attribute tokens" };
	}
	if (header.toLowerCase() === "authorization" || isAtLeast(inside, otelcol.bearerHeader)) return undefined;
	const what = "this release checks tokens in the Authorization header only";
	const expected = `otelcol ${otelcol.bearerHeader} or newer for ${header}`;
	return { what, expected, got: versionText(inside), where, fix: "upgrade it, or put crossfade tap in front of it" };
}
