import type { Platform } from "../adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../adapters/collectors/registry.ts";
import type { Signal } from "../adapters/providers/provider.ts";
import { CrossfadeError, type Problem } from "../base/errors.ts";
import { choiceProblem } from "../base/suggest.ts";
import type { PlacedFinding } from "../generate/check/finding.ts";
import type { CollectorPlan, TokenDelivery } from "../generate/plan/collector.ts";
import type { Artefact } from "../generate/render/artefact.ts";
import type { SpliceResult } from "../generate/splice/request.ts";
import { type DeliveryChoice, parseCollectorFlags, type Queue } from "../spec/collector.ts";
import { flagsOf } from "./options.ts";

/** What a collector is to send, and where; the same as the flags of `crossfade collector`. Holds no token. */
export interface GeneratorOptions {
	/** An id that `crossfade collector --help` lists, such as `contrib`. */
	readonly distribution: string;
	/** Its version, such as `0.158.0`; the newest known if not given. */
	readonly targetVersion?: string | undefined;
	readonly platform?: Platform | undefined;
	/** The same as on the command line if not given; `custom` needs `endpoint`. */
	readonly provider?: string | undefined;
	/** Base URL of the OTLP/HTTP ingest. */
	readonly endpoint?: string | undefined;
	/** What the provider takes if not given. */
	readonly signals?: readonly Signal[] | undefined;
	/** Absolute path of the token file on the collector's machine. */
	readonly tokenFile?: string | undefined;
	readonly delivery?: DeliveryChoice | undefined;
	readonly authHeader?: string | undefined;
	readonly authScheme?: string | undefined;
	readonly queue?: Queue | undefined;
	/** Suffix of the component ids; the provider's if not given. */
	readonly name?: string | undefined;
	readonly agentEndpoint?: string | undefined;
	/** Accepts `http` to another machine: the token crosses the network readable. */
	readonly allowPlaintext?: boolean | undefined;
}

/** A new config, and what it takes to run it. */
export interface GeneratedCollector {
	readonly config: string;
	/** Config, companion files, rotation script and RUNBOOK.md. */
	readonly files: readonly Artefact[];
	/** How the collector reads the token, and what a new one needs to be used. */
	readonly delivery: TokenDelivery;
	readonly warnings: readonly Problem[];
}

/**
 * A collector config that takes the token from a file, with everything needed to roll it out and to rotate the token. Throws
 * `CrossfadeError` (usage) with every problem at once; their places name flags of the command line.
 *
 * @example
 * import { generateCollector } from "otel-crossfade";
 *
 * const { config, files, delivery } = await generateCollector({ distribution: "contrib", name: "acme" });
 * console.log(config.includes("bearertokenauth/acme")); // true
 * console.log(files.map(({ path }) => path).includes("RUNBOOK.md")); // true
 * console.log(delivery.apply); // nothing
 */
export async function generateCollector(options: GeneratorOptions): Promise<GeneratedCollector> {
	const plan = await planOf(options);
	const { renderConfig } = await import("../generate/render/collector.ts");
	const { renderBundle } = await import("../generate/render/bundle.ts");
	const { delivery, warnings } = plan;
	return { config: renderConfig(plan), files: renderBundle(plan), delivery, warnings };
}

/** How a config that somebody else wrote is changed. */
export interface SpliceOptions extends GeneratorOptions {
	/** The file's name, for errors and to tell a config from a manifest; `config.yaml` or `config.alloy` if not given. */
	readonly file?: string | undefined;
	/** Takes ours out again. */
	readonly remove?: boolean | undefined;
	/** Replaces entries of ours that were edited by hand. */
	readonly force?: boolean | undefined;
	/** These pipelines instead of those that receive OTLP. */
	readonly pipelines?: readonly string[] | undefined;
	/** Which config of a file with several, such as `spec.config`. */
	readonly at?: string | undefined;
}

/**
 * Adds the exporter to an existing config, or takes it out, and changes no other byte; doing it twice changes nothing more. Throws
 * `CrossfadeError`: usage for the options, refused where it cannot be done safely, with what to write by hand.
 *
 * @example
 * import { spliceCollector } from "otel-crossfade";
 *
 * const config = `receivers: { otlp: { protocols: { grpc: } } }
 * exporters: { debug: }
 * service:
 *   pipelines:
 *     logs: { receivers: [otlp], exporters: [debug] }
 * `;
 * const added = await spliceCollector(config, { distribution: "contrib" });
 * console.log(added.wired.join()); // logs
 * const again = await spliceCollector(added.text, { distribution: "contrib" });
 * console.log(again.text === added.text); // true
 * const removed = await spliceCollector(added.text, { distribution: "contrib", remove: true });
 * console.log(removed.text === config); // true
 */
export async function spliceCollector(text: string, options: SpliceOptions): Promise<SpliceResult> {
	const { file, remove = false, force = false, pipelines, at, ...wanted } = options;
	const usual = await planOf(wanted);
	const { planForFile, spliceText } = await import("./splice-text.ts");
	const name = file ?? usual.distribution.configFile;
	const { targetVersion, platform } = wanted;
	const { plan } = await planForFile(text, name, usual, { targetVersion, platform, at }, (found) =>
		planOf({ ...wanted, ...found }),
	);
	return spliceText(text, name, plan, { remove, force, pipelines, at });
}

/** The release to check against. */
export interface CheckOptions {
	readonly distribution: string;
	readonly targetVersion?: string | undefined;
	/** The file's name, for findings and to tell what it is; the distribution's own config if not given. */
	readonly file?: string | undefined;
}

/**
 * Everything wrong with a collector config that can be found offline, in the order of the text; lines and columns count from 1. An empty
 * list means that nothing was found. Throws `CrossfadeError` (usage) for a distribution there is not.
 *
 * @example
 * import { checkText } from "otel-crossfade";
 *
 * const config = `receivers:
 *   otpl:
 * exporters:
 *   debug:
 * service:
 *   pipelines:
 *     logs: { receivers: [otpl], exporters: [debug] }
 * `;
 * const findings = await checkText(config, { distribution: "contrib" });
 * const [first] = findings.filter(({ severity }) => severity === "error");
 * console.log(first?.line, first?.rule); // 2 unknown-component
 */
export async function checkText(text: string, options: CheckOptions): Promise<PlacedFinding[]> {
	const distribution = await loadDistribution(options.distribution);
	if (!distribution) {
		throw new CrossfadeError(
			"usage",
			choiceProblem("the distribution", options.distribution, distributionIds, "distribution"),
		);
	}
	const { offlineFindings } = await import("../generate/check/check.ts");
	const { resolveRelease } = await import("../generate/plan/release.ts");
	const { release } = resolveRelease(distribution, options.targetVersion);
	const assumed = options.targetVersion === undefined;
	return offlineFindings(text, options.file ?? distribution.configFile, { distribution, own: release.own, assumed });
}

async function planOf(options: GeneratorOptions): Promise<CollectorPlan> {
	const { planCollector } = await import("../generate/plan/collector.ts");
	return planCollector(parseCollectorFlags(flagsOf(options), await loadDistribution(options.distribution)));
}
