import { type Distribution, type Platform, platforms } from "../adapters/collectors/distribution.ts";
import { distributionIds } from "../adapters/collectors/registry.ts";
import type { Provider, Signal } from "../adapters/providers/provider.ts";
import { defaultProvider } from "../adapters/providers/registry.ts";
import { CrossfadeError } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import { parseVersion } from "../base/versions.ts";
import { type AttributionSpec, attributionOf } from "./attribution.ts";
import { endpointOf, headerOf, providerOf, signalsOf } from "./backend.ts";
import { endpointProblems, normalEndpoint } from "./endpoint.ts";
import { type FlagReader, type Flags, readFlags } from "./flags.ts";

export const deliveries = ["auto", "watch", "reload", "env"] as const;
export const queues = ["memory", "persistent"] as const;

export type DeliveryChoice = (typeof deliveries)[number];
export type Queue = (typeof queues)[number];

/** The user's request, with each flag validated on its own. */
export interface CollectorSpec {
	readonly distribution: Distribution;
	readonly targetVersion: string | undefined;
	readonly platform: Platform | undefined;
	readonly provider: Provider;
	readonly endpoint: string;
	readonly signals: readonly Signal[];
	readonly tokenFile: string | undefined;
	readonly delivery: DeliveryChoice;
	readonly header: string;
	readonly scheme: string;
	readonly queue: Queue;
	/** Suffix of our component ids: `otlp_http/<name>`. */
	readonly name: string;
	readonly agentEndpoint: string | undefined;
	/** Absent: no counting by token. */
	readonly attribution: AttributionSpec | undefined;
}

/** Flags -> spec; throws one error with every problem. `distribution` is the one named by `--distribution`, if it exists. */
export function parseCollectorFlags(flags: Flags, distribution: Distribution | undefined): CollectorSpec {
	const reader = readFlags(flags);
	distributionProblems(reader, distribution);
	const platform = platformOf(reader, distribution);
	const targetVersion = targetVersionOf(reader, distribution);
	const provider = providerOf(reader);
	const endpoint = endpointOf(reader, provider, "by flag");
	const delivery = reader.choice(reader.text("delivery") ?? "auto", deliveries, "--delivery", "delivery");
	const queue = reader.choice(reader.text("queue") ?? "memory", queues, "--queue", "queue");
	const wanted = provider ? signalsOf(reader, provider) : [];
	const spec = {
		targetVersion,
		platform,
		signals: wanted,
		tokenFile: tokenFileOf(reader, platform),
		...headerOf(reader, provider),
		name: nameOf(reader, provider),
		agentEndpoint: agentEndpointOf(reader, distribution),
		attribution: attributionOf(reader),
	};
	if (reader.problems.length > 0 || !distribution || !provider || !endpoint || !delivery || !queue) {
		throw new CrossfadeError("usage", reader.problems);
	}
	return { ...spec, distribution, provider, endpoint, delivery, queue };
}

function distributionProblems(reader: FlagReader, distribution: Distribution | undefined): void {
	const id = reader.text("distribution");
	if (id !== undefined && !distribution) reader.choice(id, distributionIds, "--distribution", "distribution");
	if (id !== undefined) return;
	const fix = "add -d with the collector you run, e.g. -d contrib";
	reader.wrong("--distribution", {
		what: "no distribution given",
		expected: `one of ${distributionIds.join(", ")}`,
		fix,
	});
}

function platformOf(reader: FlagReader, distribution: Distribution | undefined): Platform | undefined {
	const platform = reader.choice(reader.text("platform"), platforms, "--platform", "platform");
	if (platform && distribution && !distribution.hosts[platform]) {
		const what = `running ${distribution.title} on ${platform} is not supported`;
		const expected = `one of ${Object.keys(distribution.hosts).join(", ")}`;
		reader.wrong("--platform", { what, expected, got: platform, fix: "choose one of these" });
	}
	return platform;
}

function targetVersionOf(reader: FlagReader, distribution: Distribution | undefined): string | undefined {
	const target = reader.text("targetVersion");
	if (target !== undefined && !parseVersion(target)) {
		const fix = distribution ? `to get it, run: ${distribution.versionCommand}` : "check the collector's version";
		const what = "the target version is not a version number";
		reader.wrong("--target-version", { what, expected: "a version such as 0.158.0", got: shown(target), fix });
	}
	return target;
}

function agentEndpointOf(reader: FlagReader, distribution: Distribution | undefined): string | undefined {
	const given = reader.text("agentEndpoint");
	if (given === undefined) return undefined;
	reader.problems.push(...endpointProblems(given, "--agent-endpoint", "allowed"));
	if (distribution && !distribution.agent) {
		const what = `${distribution.title} has no agent behind it`;
		reader.wrong("--agent-endpoint", { what, fix: "omit the flag" });
	}
	return normalEndpoint(given);
}

/** The path is used in `${file:…}`, shell scripts and unit files; other characters are refused. */
function tokenFileOf(reader: FlagReader, platform: Platform | undefined): string | undefined {
	const path = reader.text("tokenFile");
	if (path === undefined) return undefined;
	const windows = platform === "windows";
	const pattern = windows ? /^[A-Za-z]:[\\/][\w .\\/()@+-]*[\w)]$/ : /^\/[\w ./@+-]*\w$/;
	if (pattern.test(path) && !path.includes("..")) return path;
	const folder = windows ? "C:\\ProgramData\\crossfade\\" : "/etc/crossfade/";
	reader.wrong("--token-file", {
		what: "the token file's path cannot be written to a config",
		expected: `an absolute path such as ${folder}${defaultProvider.id}.token`,
		got: /[\\/]/.test(path) ? shown(path) : `${path.length} characters without a folder`,
		fix: "give the path of the file with the token, never the token itself",
	});
	return undefined;
}

function nameOf(reader: FlagReader, provider: Provider | undefined): string {
	const name = reader.text("name") ?? provider?.id ?? "custom";
	if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name)) {
		const expected = "a lower-case word of at most 32 letters, digits, - and _";
		const what = "the name is not valid in a component id";
		reader.wrong("--name", { what, expected, got: shown(name), fix: "choose a short name such as the backend's" });
	}
	return name;
}
