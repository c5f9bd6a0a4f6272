import { expect } from "vitest";
import type { Effects } from "../../src/effects/effects.ts";
import { gatewayCounters } from "../../src/prove/metrics/counters.ts";
import { probeRound, type RoundResult } from "../../src/prove/probe/round.ts";
import type { Round } from "../../src/prove/probe/world.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { parseProbeFlags } from "../../src/spec/probe.ts";
import { Secret } from "../../src/token/secret.ts";
import { type Canary, canary, leaks } from "./canary.ts";
import { quietEffects } from "./effects.ts";

export interface ProbeOptions {
	/** Tokens by name; one called `new` if not given. */
	readonly tokens?: Readonly<Record<string, Canary>>;
	readonly fx?: Partial<Effects>;
	readonly round?: Partial<Round>;
}

/** One round in this process, with real HTTP. No token may be in what it found, before any guard saw it. */
export async function probeWith(
	flags: Flags,
	{ tokens = { new: canary() }, fx, round }: ProbeOptions = {},
): Promise<RoundResult> {
	const names = Object.keys(tokens);
	const plan = parseProbeFlags(
		{ token: names.map((name) => `${name}=env:UNUSED`), signals: "logs", timeout: "60s", control: false, ...flags },
		Date.now(),
	);
	const result = await probeRound(
		{ ...quietEffects(), ...fx },
		{
			plan,
			tokens: Object.entries(tokens).map(([name, { token }]) => ({ name, secret: Secret.of(token) })),
			tls: {},
			marker: "0123456789ab",
			readGateway: gatewayCounters,
			...round,
		},
	);
	expect(leaks(Object.values(tokens), { result: JSON.stringify(result) })).toEqual([]);
	return result;
}

/** What became of the one record that was sent. */
export async function probeOnce(url: string, flags: Flags = {}, options: ProbeOptions = {}) {
	const { rows } = await probeWith({ endpoint: url, ...flags }, options);
	expect(rows).toHaveLength(1);
	const [row] = rows;
	if (!row) throw new Error("no row");
	return { ...row, ...row.evidence };
}
