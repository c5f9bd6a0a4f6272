import type { TelemetryForm } from "../adapters/clis/form.ts";
import type { Provider, Signal } from "../adapters/providers/provider.ts";
import type { Problem } from "../base/errors.ts";
import type { TokenRef } from "../token/reference.ts";

export const protocols = ["http/protobuf", "http/json", "grpc"] as const;
export type Protocol = (typeof protocols)[number];

export const OLD = "old";
export const NEW = "new";

/** A token with its name in every row. `old` and `new` have roles; any other is expected to be accepted. */
export interface NamedToken {
	readonly name: string;
	readonly ref: TokenRef;
}

/** Where to send. */
export interface ProbePlace {
	readonly name: string;
	/** Base URL, without `/v1/<signal>` and without a trailing slash. */
	readonly url: string;
	/** A gateway forwards data: its 200 only means that it received it. */
	readonly isGateway: boolean;
	/** Pages with the gateway's metrics, in Prometheus' text format. */
	readonly metrics: readonly string[];
}

/** A resolved probe, from flags or a fleet file. Contains no token. */
export interface ProbePlan {
	readonly tokens: readonly NamedToken[];
	readonly places: readonly ProbePlace[];
	readonly provider: Provider;
	readonly signals: readonly Signal[];
	readonly paths: readonly TokenPath[];
	readonly protocol: Protocol;
	/** The CLI whose records to imitate; our own if undefined. */
	readonly form: TelemetryForm | undefined;
	/** What to send in place of the usual URL and header: as a program does it. */
	readonly replay?: Replay | undefined;
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
	/** Whether to send a made-up token to places that accepted a token, to see whether they check tokens. */
	readonly control: boolean;
	/** Per row, including retries. */
	readonly timeoutMs: number;
	/** Retries after the first attempt. */
	readonly retries: number;
	/** When the provider stops accepting the old token, in milliseconds since the epoch. */
	readonly deadline: number | undefined;
	/** The folder for observations. */
	readonly evidence: string | undefined;
	readonly repeat: { readonly everyMs: number; readonly until: number | undefined } | undefined;
	/** Tokens and places of the fleet file that this probe cannot ask. */
	readonly leftOut: readonly LeftOut[];
}

/** What a probe does not ask; without `isMeant` its result is unproven for that. */
export interface LeftOut extends Problem {
	readonly isMeant?: boolean;
}

/** The URL and the headers with which a program sends a signal, with a token in place of its own. */
export type Replay = (
	signal: Signal,
	token: string,
) => { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** How the token was sent. */
export type TokenPath = "bearer" | "url";
