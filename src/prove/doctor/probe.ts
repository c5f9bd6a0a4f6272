import { forms } from "../../adapters/clis/emits.generated.ts";
import type { Signal } from "../../adapters/providers/provider.ts";
import { providers } from "../../adapters/providers/registry.ts";
import type { ProbePlan } from "../../spec/probe-plan.ts";
import type { Secret } from "../../token/secret.ts";
import { probeRound } from "../probe/round.ts";
import { type JudgedRow, judgeRows } from "../probe/verdict.ts";
import type { ProbeWorld, Round } from "../probe/world.ts";
import type { Diagnosis, SignalState } from "./diagnosis.ts";

/** The result of probing for one CLI. */
export interface Probed {
	readonly id: string;
	readonly rows: readonly JudgedRow[];
	/** Signals that were not probed, with the reason. */
	readonly skipped: readonly { readonly signal: Signal; readonly why: string }[];
}

/** Shared by the probes of all CLIs in one run. */
export interface Asking {
	/** See `MARKER`. */
	readonly marker: string;
	/** Results of made-up tokens: one is enough for a place used by several CLIs. */
	readonly controls: NonNullable<Round["controls"]>;
	/** When the old token ends, in milliseconds since the epoch. */
	readonly deadline: number | undefined;
}

const TIMEOUT_MS = 10_000;

/** Sends one test record per signal with the CLI's own token to its endpoint, and reads the responses. */
export async function probeCli(
	fx: ProbeWorld,
	{ id, signals }: Diagnosis,
	{ marker, controls, deadline }: Asking,
): Promise<Probed> {
	const skipped: { signal: Signal; why: string }[] = [];
	const groups = new Map<string, { base: string; secret: Secret; state: SignalState; signals: Signal[] }>();
	for (const state of signals) {
		const { off, secret, signal, url, tokenBy } = state;
		if (off !== undefined) continue;
		const base = url === undefined ? undefined : baseOf(url, signal, tokenBy === "url");
		if (!secret || base === undefined || tokenBy === "basic") {
			const why = secret ? "its URL or header has an unsupported form" : "its token is unknown";
			skipped.push({ signal, why });
			continue;
		}
		const key = `${base} ${secret.fingerprint} ${tokenBy}`;
		const group = groups.get(key) ?? { base, secret, state, signals: [] };
		group.signals.push(signal);
		groups.set(key, group);
	}
	const rows: JudgedRow[] = [];
	for (const { base, secret, state, signals: asked } of groups.values()) {
		const plan = planFor(id, base, asked, state.tokenBy === "url" ? "url" : "bearer");
		const tokens = [{ name: state.token ?? "current", secret }];
		const round = await probeRound(fx, { plan, tokens, tls: {}, marker, controls });
		rows.push(...judgeRows(round.rows, deadline));
	}
	return { id, rows, skipped };
}

/** The base URL, or undefined if the URL does not have the usual form. */
function baseOf(url: string, signal: Signal, isTokenInUrl: boolean): string | undefined {
	const end = `${isTokenInUrl ? "/TOKEN" : ""}/v1/${signal}`;
	return url.endsWith(end) ? url.slice(0, -end.length) : undefined;
}

function planFor(id: string, url: string, signals: readonly Signal[], path: "url" | "bearer"): ProbePlan {
	const form = forms.find((each) => each.id === id);
	const usual = providers.find(({ endpoint }) => endpoint === url) ?? providers.find((each) => each.id === "custom");
	if (!usual) throw new TypeError("no provider for custom endpoints");
	return {
		tokens: [],
		places: [{ name: url, url, isGateway: false, metrics: [] }],
		provider: usual,
		// Signals that the provider does not accept show nothing about the token.
		signals: signals.filter((signal) => usual.takes.includes(signal)),
		paths: [path],
		protocol: "http/protobuf",
		form,
		header: "Authorization",
		scheme: "Bearer",
		proxy: form?.usesProxy === false ? undefined : "environment",
		files: {},
		exporter: undefined,
		gzip: false,
		control: true,
		timeoutMs: TIMEOUT_MS,
		retries: 0,
		deadline: undefined,
		evidence: undefined,
		repeat: undefined,
		warnings: [],
	};
}
