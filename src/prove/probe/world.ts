import type { Effects } from "../../effects/effects.ts";
import type { TlsFiles } from "../../effects/net/phase.ts";
import type { ProbePlan } from "../../spec/probe-plan.ts";
import type { Secret } from "../../token/secret.ts";
import type { Control } from "./control-result.ts";
import type { GatewayReading } from "./gateway.ts";

export type ProbeWorld = Pick<Effects, "request" | "lookAtTls" | "sleep" | "clock" | "random">;

/** What a round of probing works with. */
export interface Round {
	readonly plan: ProbePlan;
	readonly tokens: readonly { readonly name: string; readonly secret: Secret }[];
	readonly tls: TlsFiles;
	/** See `MARKER`. */
	readonly marker: string;
	/** Reads a gateway's metrics. */
	readonly readGateway?: ((text: string) => GatewayReading) | undefined;
	/** What made-up tokens came to in this run, so that none is sent twice; see `control.ts`. */
	readonly controls?: Map<string, Control> | undefined;
	/** Ends the round at once; what it found until then is not worth keeping. */
	readonly signal?: AbortSignal | undefined;
}
