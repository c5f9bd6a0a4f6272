import type { Effects } from "../../effects/effects.ts";
import type { TlsFiles } from "../../effects/net/phase.ts";
import type { ProbePlan } from "../../spec/probe-plan.ts";
import type { Secret } from "../../token/secret.ts";
import type { Control } from "./control-result.ts";
import type { GatewayReading } from "./gateway.ts";

export type ProbeWorld = Pick<Effects, "request" | "lookAtTls" | "sleep" | "clock" | "random">;

/** Inputs of a probe round. */
export interface Round {
	readonly plan: ProbePlan;
	readonly tokens: readonly { readonly name: string; readonly secret: Secret }[];
	readonly tls: TlsFiles;
	/** See `MARKER`. */
	readonly marker: string;
	/** Reads a gateway's metrics, which came at this time. */
	readonly readGateway?: ((text: string, at: number) => GatewayReading) | undefined;
	/** Results of made-up tokens in this run, so that none is sent twice; see `control.ts`. */
	readonly controls?: Map<string, Control> | undefined;
	/** Aborts the round; its results are discarded. */
	readonly signal?: AbortSignal | undefined;
}
