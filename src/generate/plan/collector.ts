import type { Distribution, Host, Platform, Release } from "../../adapters/collectors/distribution.ts";
import { otelcol } from "../../adapters/collectors/otelcol.ts";
import type { Provider, Signal } from "../../adapters/providers/provider.ts";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { isAtLeast, isInRange, versionText } from "../../base/versions.ts";
import type { CollectorSpec, Queue } from "../../spec/collector.ts";
import { type Attribution, planAttribution } from "./attribution.ts";
import { hasComponent, resolveRelease } from "./release.ts";

/** How the collector reads the token, and how it starts to use a new one. */
export interface TokenDelivery {
	/** `watch`: it watches the file; `file`: it reads the file with its config; `env`: it read the variable at start. */
	readonly way: "watch" | "file" | "env";
	/** What to do after the file (or variable) changes. */
	readonly apply: "nothing" | "reload" | "restart";
	/** Why, as a sentence for the runbook. */
	readonly reason: string;
}

/** Every decision about a collector's config; renderers only format it. Contains no token. */
export interface CollectorPlan {
	readonly distribution: Distribution;
	readonly release: Release;
	readonly platform: Platform;
	readonly host: Host;
	readonly provider: Provider;
	readonly name: string;
	readonly endpoint: string;
	readonly signals: readonly Signal[];
	readonly header: string;
	readonly scheme: string;
	readonly tokenFile: string;
	readonly delivery: TokenDelivery;
	readonly queue: Queue;
	readonly queueFolder: string;
	/** Component ids; `auth` and `storage` only if used. */
	readonly ids: { readonly exporter: string; readonly auth?: string; readonly storage?: string };
	readonly agentEndpoint: string | undefined;
	/** The stability level the collector must be started with, if one of our components is not generally available. */
	readonly stability: string | undefined;
	/** Absent: no counting by token. */
	readonly attribution: Attribution | undefined;
	readonly warnings: readonly Problem[];
}

/** Spec -> plan; throws if the request cannot work on this distribution and version. */
export function planCollector(spec: CollectorSpec): CollectorPlan {
	const { distribution, provider, name } = spec;
	const { release, warnings } = resolveRelease(distribution, spec.targetVersion);
	const platform = spec.platform ?? distribution.defaultPlatform;
	const host = distribution.hosts[platform];
	if (!host) throw new TypeError(`${distribution.id} has no facts for its platform ${platform}`);
	const delivery = decideDelivery(spec, release, platform, host);
	const problems = [...queueProblems(spec, release, platform), ...headerProblems(spec, release)];
	if (problems.length > 0) throw new CrossfadeError("usage", problems);
	const attribution = planAttribution(spec, release, platform);
	const stored = spec.queue === "persistent" ? distribution.inventory.stability?.["otelcol.storage.file"] : undefined;
	return {
		distribution,
		release,
		platform,
		host,
		provider,
		name,
		endpoint: spec.endpoint,
		signals: spec.signals,
		header: spec.header,
		scheme: spec.scheme,
		tokenFile: spec.tokenFile ?? defaultTokenFile(platform, name),
		delivery,
		queue: spec.queue,
		queueFolder: defaultQueueFolder(platform, name),
		ids: componentIds(spec, release, delivery),
		agentEndpoint: spec.agentEndpoint ?? distribution.agent?.endpoint(platform),
		stability: attribution?.stability ?? stored,
		attribution,
		warnings: [...warnings, ...signalWarnings(spec), ...envWarnings(delivery, host)],
	};
}

function componentIds(spec: CollectorSpec, release: Release, delivery: TokenDelivery): CollectorPlan["ids"] {
	const { name, distribution } = spec;
	const exporter = hasComponent(distribution, release.own, "exporters", "otlp_http") ? "otlp_http" : "otlphttp";
	const usesExtension = distribution.dialect === "otelcol" && delivery.way === "watch";
	return {
		exporter: `${exporter}/${name}`,
		...(usesExtension ? { auth: `bearertokenauth/${name}` } : {}),
		...(spec.queue === "persistent" ? { storage: `file_storage/${name}` } : {}),
	};
}

function decideDelivery(spec: CollectorSpec, release: Release, platform: Platform, host: Host): TokenDelivery {
	const applied = host.reload ? "reload" : "restart";
	const obstacle = watchObstacle(spec, release, platform);
	switch (spec.delivery) {
		case "env":
			return {
				way: "env",
				apply: "restart",
				reason: "The collector reads the environment variable you chose only once, at start.",
			};
		case "reload":
			if (spec.distribution.dialect === "alloy") throw impossible("reload", "Alloy watches the token file", "watch");
			return {
				way: "file",
				apply: applied,
				reason: "The collector reads the token file together with its config, as you chose.",
			};
		case "watch":
			if (obstacle) throw impossible("watch", obstacle, "auto");
			return watched(platform);
		case "auto":
			if (!obstacle) return watched(platform);
			return {
				way: "file",
				apply: applied,
				reason: `The collector reads the token file together with its config: ${obstacle}.`,
			};
	}
}

/** On some platforms a watched file is only read at start. */
function watched(platform: Platform): TokenDelivery {
	const restartReasons: Partial<Record<Platform, string>> = {
		windows:
			"We have not verified that the collector's file watcher notices a replaced file on Windows, so restart it.",
		ecs: "A task reads its secrets when it starts; a new deployment starts tasks with the new token before it stops the old ones.",
	};
	const reason = restartReasons[platform];
	if (reason) return { way: "watch", apply: "restart", reason };
	return { way: "watch", apply: "nothing", reason: "The collector watches the token file and switches by itself." };
}

/** Why the collector cannot watch the token file, as the end of a sentence; undefined if it can. */
function watchObstacle(spec: CollectorSpec, release: Release, platform: Platform): string | undefined {
	const { distribution } = spec;
	if (distribution.dialect === "alloy") return undefined;
	const title = `${distribution.title} ${versionText(release.own)}`;
	if (!hasComponent(distribution, release.own, "extensions", "bearertokenauth")) {
		return `${title} has no bearertokenauth extension`;
	}
	const isBetween = isInRange(release.otelcol, otelcol.bearerWatchBroken);
	if (platform === "kubernetes" && !isAtLeast(release.otelcol, otelcol.bearerWatchKubernetes)) {
		return isBetween
			? `${title} misses updates of a mounted Secret (fixed in otelcol ${otelcol.bearerWatchKubernetes})`
			: `whether ${title} follows a mounted Secret is not known (it does since otelcol ${otelcol.bearerWatchKubernetes})`;
	}
	if (isBetween && !isInRange(release.otelcol, otelcol.bearerRenameSeen)) {
		return `whether ${title} notices a replaced file is not known (its watcher changed in otelcol 0.140.0 and ${otelcol.bearerWatchKubernetes})`;
	}
	if (spec.header.toLowerCase() !== "authorization" && !isAtLeast(release.otelcol, otelcol.bearerHeader)) {
		return `${title} can watch a token only for the Authorization header (others since otelcol ${otelcol.bearerHeader})`;
	}
	return undefined;
}

function impossible(delivery: string, reason: string, instead: string): CrossfadeError {
	return new CrossfadeError("usage", {
		what: `--delivery ${delivery} is not possible here: ${reason}`,
		where: { file: "--delivery" },
		fix: `use --delivery ${instead}`,
	});
}

/** Whether a queue on disk outlives the collector's process there: that of a task in ECS ends with the task. */
export function keepsQueue(platform: Platform): boolean {
	return platform !== "ecs";
}

function queueProblems(spec: CollectorSpec, release: Release, platform: Platform): Problem[] {
	const { distribution, queue } = spec;
	if (queue === "memory") return [];
	if (!keepsQueue(platform)) {
		const what = `a queue on disk would end with its task on ${platform}, so it would keep nothing`;
		return [{ what, where: { file: "--queue" }, fix: "use --queue memory" }];
	}
	const [kind, type] =
		distribution.dialect === "alloy" ? ["components", "otelcol.storage.file"] : ["extensions", "file_storage"];
	if (hasComponent(distribution, release.own, kind, type)) return [];
	const what = `${distribution.title} ${versionText(release.own)} has no ${type}, so it cannot keep its queue on disk`;
	return [{ what, where: { file: "--queue" }, fix: "use --queue memory, or a release that has it" }];
}

function headerProblems({ distribution, header }: CollectorSpec, release: Release): Problem[] {
	const { headerSince, title } = distribution;
	if (!headerSince || header.toLowerCase() === "authorization" || isAtLeast(release.own, headerSince)) return [];
	const what = `${title} ${versionText(release.own)} can send a token only in the Authorization header`;
	const fix = "use a newer release, or omit --auth-header";
	return [{ what, expected: `${headerSince} or newer`, got: header, where: { file: "--auth-header" }, fix }];
}

function signalWarnings({ provider, signals }: CollectorSpec): Problem[] {
	const extra = signals.filter((signal) => !provider.takes.includes(signal));
	if (extra.length === 0) return [];
	const expected = provider.takes.join(", ");
	const fix = `ask ${provider.title} first, or use --signals ${provider.takes.join(",")}`;
	return [
		{
			what: `${provider.title} documents no ingest for ${extra.join(" and ")}`,
			expected,
			got: signals.join(", "),
			fix,
		},
	];
}

function envWarnings(delivery: TokenDelivery, host: Host): Problem[] {
	if (delivery.way !== "env") return [];
	return [
		{
			what: "a running process never sees a new value of an environment variable, whatever signal it gets",
			expected: "a token file",
			got: "--delivery env",
			fix: `restart the collector after every rotation (${host.recreate ?? host.restart}), or omit --delivery`,
		},
	];
}

function defaultTokenFile(platform: Platform, name: string): string {
	return platform === "windows" ? `C:\\ProgramData\\crossfade\\${name}.token` : `/etc/crossfade/${name}.token`;
}

function defaultQueueFolder(platform: Platform, name: string): string {
	return platform === "windows" ? `C:\\ProgramData\\crossfade\\${name}-queue` : `/var/lib/crossfade/${name}-queue`;
}
