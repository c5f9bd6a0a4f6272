import type { Distribution, Platform } from "../adapters/collectors/distribution.ts";
import { platforms } from "../adapters/collectors/distribution.ts";
import { distributions } from "../adapters/collectors/registry.ts";
import { type Provider, type Signal, signals } from "../adapters/providers/provider.ts";
import { providers } from "../adapters/providers/registry.ts";
import { CrossfadeError, type Problem } from "../errors.ts";
import { shown } from "../render/quote.ts";
import { parseVersion } from "../versions.ts";
import { endpointProblems, normalEndpoint } from "./endpoint.ts";
import { choiceProblem } from "./suggest.ts";

export const deliveries = ["auto", "watch", "reload", "env"] as const;
export const queues = ["memory", "persistent"] as const;

export type DeliveryChoice = (typeof deliveries)[number];
export type Queue = (typeof queues)[number];

/** What the user asked for, checked as far as one flag or two can be checked without knowing what follows. */
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
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Flags -> spec; throws one error with every problem. */
export function parseCollectorFlags(flags: Flags): CollectorSpec {
	const problems: Problem[] = [];
	const text = (name: string) => (typeof flags[name] === "string" ? flags[name] : undefined);
	const choose = <T extends string>(value: string | undefined, choices: readonly T[], flag: string, what: string) => {
		const found = choices.find((choice) => choice === value);
		if (value !== undefined && found === undefined) problems.push(choiceProblem(what, value, choices, flag));
		return found;
	};
	const byId = <T extends { readonly id: string }>(
		all: readonly T[],
		id: string | undefined,
		flag: string,
		what: string,
	) => {
		const chosen = choose(
			id,
			all.map((each) => each.id),
			flag,
			what,
		);
		return all.find((each) => each.id === chosen);
	};

	const distribution = byId(distributions, text("distribution"), "--distribution", "the distribution");
	if (text("distribution") === undefined) {
		problems.push({
			what: "no distribution given",
			expected: `one of ${distributions.map(({ id }) => id).join(", ")}`,
			where: { file: "--distribution" },
			fix: "add -d and the collector you run, e.g. -d contrib",
		});
	}
	const platform = choose(text("platform"), platforms, "--platform", "the platform");
	if (distribution && platform && !distribution.hosts[platform]) {
		const known = Object.keys(distribution.hosts).join(", ");
		const what = `${distribution.title} is not run on ${platform}, as far as we know`;
		problems.push({
			what,
			expected: `one of ${known}`,
			got: platform,
			where: { file: "--platform" },
			fix: "choose one of them",
		});
	}
	const targetVersion = text("targetVersion");
	if (targetVersion !== undefined && !parseVersion(targetVersion)) {
		problems.push({
			what: "the target version is not a version",
			expected: "numbers such as 0.158.0",
			got: shown(targetVersion),
			where: { file: "--target-version" },
			fix: distribution ? `ask the collector: ${distribution.versionCommand}` : "ask the collector for its version",
		});
	}
	const provider = byId(providers, text("provider") ?? providers[0]?.id, "--provider", "the provider");
	const endpoint = text("endpoint") ?? provider?.endpoint;
	if (provider && endpoint === undefined) {
		const fix = "add --endpoint and the base URL of your backend's OTLP/HTTP ingest";
		problems.push({ what: "no endpoint given", expected: "a base URL", where: { file: "--endpoint" }, fix });
	}
	const plaintextAllowed = flags["allowPlaintext"] === true;
	if (text("endpoint") !== undefined && endpoint) {
		problems.push(...endpointProblems(endpoint, "--endpoint", { plaintextAllowed }));
	}
	const agentEndpoint = text("agentEndpoint");
	if (agentEndpoint !== undefined) {
		problems.push(...endpointProblems(agentEndpoint, "--agent-endpoint", { plaintextAllowed: true }));
		if (distribution && !distribution.agent) {
			const what = `${distribution.title} stands in front of no agent`;
			problems.push({ what, where: { file: "--agent-endpoint" }, fix: "leave the flag away" });
		}
	}
	const delivery = choose(text("delivery") ?? "auto", deliveries, "--delivery", "the delivery");
	const queue = choose(text("queue") ?? "memory", queues, "--queue", "the queue");
	const tokenFile = text("tokenFile");
	if (tokenFile !== undefined) problems.push(...tokenFileProblems(tokenFile, platform));
	const header = text("authHeader") ?? provider?.header ?? "";
	const scheme = text("authScheme") ?? (text("authHeader") ? "" : (provider?.scheme ?? ""));
	problems.push(...headerProblems(header, scheme));
	const name = text("name") ?? provider?.id ?? "";
	if (name !== "" && !/^[a-z][a-z0-9_-]{0,31}$/.test(name)) {
		const expected = "a lower-case word of at most 32 letters, digits, - and _";
		const fix = "choose a short name such as the backend's";
		problems.push({
			what: "the name cannot be part of a component id",
			expected,
			got: shown(name),
			where: { file: "--name" },
			fix,
		});
	}
	const wanted = provider ? signalsOf(text("signals"), provider, problems) : [];
	if (problems.length > 0 || !distribution || !provider || !endpoint || !delivery || !queue) {
		throw new CrossfadeError("usage", problems);
	}
	return {
		distribution,
		targetVersion,
		platform,
		provider,
		endpoint: normalEndpoint(endpoint),
		signals: wanted,
		tokenFile,
		delivery,
		header,
		scheme,
		queue,
		name,
		agentEndpoint: agentEndpoint === undefined ? undefined : normalEndpoint(agentEndpoint),
	};
}

function signalsOf(list: string | undefined, provider: Provider, problems: Problem[]): Signal[] {
	if (list === undefined) return [...provider.takes];
	const words = list.split(",").map((word) => word.trim());
	for (const word of words) {
		const signal = signals.find((each) => each === word);
		if (!signal) problems.push(choiceProblem("the signal", word, signals, "--signals"));
		const reason = signal && provider.refuses[signal];
		if (!reason) continue;
		problems.push({
			what: `${provider.title} takes no ${signal}`,
			expected: provider.takes.join(", "),
			got: `${signal}: ${reason}`,
			where: { file: "--signals" },
			fix: `use --signals ${provider.takes.join(",")}`,
		});
	}
	return signals.filter((signal) => words.includes(signal));
}

/** The path goes into `${file:…}`, shell scripts and unit files; what none of them needs is refused. */
function tokenFileProblems(path: string, platform: Platform | undefined): Problem[] {
	const pattern = platform === "windows" ? /^[A-Za-z]:[\\/][\w .\\/()@+-]*[\w)]$/ : /^\/[\w ./@+-]*\w$/;
	if (pattern.test(path) && !path.includes("..")) return [];
	return [
		{
			what: "the token file is not a path we can write into a config",
			expected:
				platform === "windows"
					? String.raw`an absolute path such as C:\ProgramData\crossfade\torii.token`
					: "an absolute path such as /etc/crossfade/torii.token",
			got: path.includes("/") || path.includes("\\") ? shown(path) : `${path.length} characters without a folder`,
			where: { file: "--token-file" },
			fix: "name the file that holds the token; the token itself is never a flag",
		},
	];
}

function headerProblems(header: string, scheme: string): Problem[] {
	const problems: Problem[] = [];
	if (header !== "" && !/^[A-Za-z0-9-]{1,64}$/.test(header)) {
		const fix = "give the name alone, without colon and value";
		problems.push({
			what: "the header name is not one",
			expected: "a name such as x-api-key",
			got: shown(header),
			where: { file: "--auth-header" },
			fix,
		});
	}
	if (!/^[A-Za-z0-9_.-]{0,19}$/.test(scheme)) {
		const fix = 'give the word in front of the token, or "" for none';
		const got = `${scheme.length} characters`;
		problems.push({
			what: "the scheme is not one word",
			expected: "a word such as Bearer",
			got,
			where: { file: "--auth-scheme" },
			fix,
		});
	}
	return problems;
}
