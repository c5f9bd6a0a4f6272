import type { Signal } from "../adapters/providers/provider.ts";
import type { TlsFiles } from "../effects/net/phase.ts";
import { nodeEffects } from "../effects/node.ts";
import { nodeTerminal } from "../effects/terminal/terminal.ts";
import type { JudgedRow } from "../prove/probe/verdict.ts";
import { parseProbeFlags } from "../spec/probe.ts";
import type { Protocol } from "../spec/probe-plan.ts";
import { fingerprint } from "../token/fingerprint.ts";
import type { Secret } from "../token/secret.ts";
import { flagsOf } from "./options.ts";

/** What to ask and where; the same as the flags of `crossfade probe`. */
export interface ProbeOptions {
	/** Tokens by name. Those called `old` and `new` have a role; any other is expected to be accepted. */
	readonly tokens: Readonly<Record<string, Secret>>;
	/** `custom` if not given, which needs `endpoint` or `via`. */
	readonly provider?: string | undefined;
	/** Base URL of an OTLP ingest. */
	readonly endpoint?: string | undefined;
	/** Gateways by name: base URLs that pass things on. */
	readonly via?: Readonly<Record<string, string>> | undefined;
	readonly signals?: readonly Signal[] | undefined;
	/** `http/protobuf` if not given. */
	readonly protocol?: Protocol | undefined;
	readonly path?: "bearer" | "url" | "both" | undefined;
	readonly authHeader?: string | undefined;
	readonly authScheme?: string | undefined;
	readonly allowPlaintext?: boolean | undefined;
	/** False where made-up tokens must not be sent; without one nothing says that a place looks at tokens at all. */
	readonly control?: boolean | undefined;
	/** For one row with all its attempts, in milliseconds; 10,000 if not given. */
	readonly timeoutMs?: number | undefined;
	/** Attempts after the first on 429, 502, 503 and 504; 0 if not given. */
	readonly retry?: number | undefined;
	/** When the old token ends, in milliseconds since the epoch. */
	readonly deadline?: number | undefined;
	/** `none`, or a proxy without credentials; the environment's if not given. */
	readonly proxy?: string | undefined;
	/** PEM texts. */
	readonly tls?: TlsFiles | undefined;
	/** Ends the round at once. */
	readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one test record with each token, along each path, for each signal, and says what became of it: one row each, with the verdict for a
 * rotation. Never throws for what the other side does; throws `CrossfadeError` (usage) with every problem of the options at once. Times are
 * in milliseconds since the epoch, latencies in milliseconds.
 *
 * @example
 * import { probe, Secret } from "otel-crossfade";
 *
 * const rows = await probe({
 * 	endpoint: "http://127.0.0.1:9",
 * 	tokens: { new: Secret.of("an-ingest-token-of-yours") },
 * 	signals: ["logs"],
 * });
 * console.log(rows.map(({ evidence, verdict }) => `${evidence.signal} ${verdict}`).join()); // logs UNREACHABLE
 */
export async function probe(options: ProbeOptions): Promise<JudgedRow[]> {
	const { tokens, via = {}, timeoutMs, retry, deadline, tls = {}, signal, ...rest } = options;
	const fx = nodeEffects(nodeTerminal({ quiet: true, verbose: false, color: false }));
	const flags = {
		...flagsOf({
			...rest,
			timeout: timeoutMs === undefined ? undefined : `${timeoutMs}ms`,
			retry: retry === undefined ? undefined : String(retry),
			deadline: deadline === undefined ? undefined : new Date(deadline).toISOString(),
		}),
		via: Object.entries(via).map(([name, url]) => `${name}=${url}`),
		// The plan wants to know of names and sources; the tokens are here already.
		token: Object.keys(tokens).map((name) => `${name}=prompt`),
	};
	const plan = parseProbeFlags(flags, fx.clock.now());
	const { probeRound } = await import("../prove/probe/round.ts");
	const { judgeRows } = await import("../prove/probe/verdict.ts");
	const { gatewayReading } = await import("../prove/metrics/counters.ts");
	const { rows } = await probeRound(fx, {
		plan,
		tokens: Object.entries(tokens).map(([name, secret]) => ({ name, secret })),
		tls,
		marker: fingerprint(fx.random.token()),
		readGateway: gatewayReading,
		signal,
	});
	return judgeRows(rows, plan.deadline);
}
