import type { Emission } from "../adapters/clis/emission.ts";
import type { Provider, Signal } from "../adapters/providers/provider.ts";
import type { Problem } from "../base/errors.ts";
import type { TokenRef } from "../token/reference.ts";

export const protocols = ["http/protobuf", "http/json", "grpc"] as const;
export type Protocol = (typeof protocols)[number];

export const OLD = "old";
export const NEW = "new";

/** A token by the name it has in every row. Those called `old` and `new` have a role; every other one is expected to be accepted. */
export interface NamedToken {
	readonly name: string;
	readonly ref: TokenRef;
}

/** Where to send. */
export interface ProbePlace {
	readonly name: string;
	/** Base URL, without `/v1/<signal>` and without a trailing slash. */
	readonly url: string;
	/** A gateway passes things on: its 200 says that it took them, and no more. */
	readonly isGateway: boolean;
	/** Pages with the gateway's metrics, in Prometheus' text format. */
	readonly metrics: readonly string[];
}

/** Everything that is decided about a probe; flags and fleet file lead to the same. Holds no token. */
export interface ProbePlan {
	readonly tokens: readonly NamedToken[];
	readonly places: readonly ProbePlace[];
	readonly provider: Provider;
	readonly signals: readonly Signal[];
	readonly paths: readonly TokenPath[];
	readonly protocol: Protocol;
	/** Whose records the test records look like; ours if undefined. */
	readonly emission: Emission | undefined;
	readonly header: string;
	readonly scheme: string;
	readonly proxy: "environment" | { readonly url: string } | undefined;
	/** PEM files by path. */
	readonly files: {
		readonly ca?: string | undefined;
		readonly cert?: string | undefined;
		readonly key?: string | undefined;
	};
	/** The exporter of a gateway whose counters say that a record left, by its id. */
	readonly exporter: string | undefined;
	readonly gzip: boolean;
	/** Whether a made-up token is sent to places that accept one, to see whether they look at tokens. */
	readonly control: boolean;
	/** For one row, with all its attempts. */
	readonly timeoutMs: number;
	/** Attempts after the first. */
	readonly retries: number;
	/** When the provider stops accepting the old token, in milliseconds since the epoch. */
	readonly deadline: number | undefined;
	/** The folder in which observations are kept. */
	readonly evidence: string | undefined;
	readonly repeat: { readonly everyMs: number; readonly until: number | undefined } | undefined;
	readonly warnings: readonly Problem[];
}

/** How the token travelled. */
export type TokenPath = "bearer" | "url";
