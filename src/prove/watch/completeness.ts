import { type Signal, signals } from "../../adapters/providers/provider.ts";
import type { CounterReading, Mark } from "../evidence/readings.ts";
import type { GatewayExporter } from "../judge/case.ts";
import { count } from "../overlap/wording.ts";

type Counted = Pick<CounterReading, "accepted" | "totals">;

/**
 * What a place's receivers took and no counter of tokens shows, in words. Counters of tokens follow after a moment: it is enough when they
 * show what was taken by the last look. `before` are the marks of that look.
 */
export function unattributedOf(
	readings: readonly Counted[],
	before: readonly Mark[],
	started: number | undefined,
	isTap: boolean,
): string[] {
	const saying = readings.filter(({ accepted }) => accepted);
	if (saying.length === 0) {
		return isTap ? [] : ["nothing says how much it took: its own metrics, port 8888 as a rule, are not read"];
	}
	// What a process that is gone took says nothing of this one.
	const same = before.filter(({ accepted, at }) => accepted && (started === undefined || started <= at));
	return signals.flatMap((signal) => {
		const taken = sumOf(saying, signal);
		const told = readings.reduce((sum, { totals }) => sum + recordsOf(totals, signal), 0);
		if (told >= taken || (same.length > 0 && told >= sumOf(same, signal))) return [];
		return [
			`${count(taken - told)} of ${count(taken)} records of ${signal} were taken without telling with which token`,
		];
	});
}

function sumOf(readings: readonly Pick<Counted, "accepted">[], signal: Signal): number {
	return readings.reduce((sum, { accepted }) => sum + (accepted?.[signal] ?? 0), 0);
}

function recordsOf(totals: Counted["totals"], signal: Signal): number {
	return totals.reduce((sum, each) => sum + (each.signal === signal && each.unit === "records" ? each.value : 0), 0);
}

/** With which token a gateway sends on, as its metrics say: see `exporterToken`. */
export function exporterOf(gateway: string, fingerprint: string | undefined, at: number | undefined): GatewayExporter {
	const witness =
		fingerprint === undefined
			? "nothing tells which token it sends with"
			: fingerprint === "passed on"
				? "it sends on the token of each sender"
				: `its metrics say that it sends with ${fingerprint}`;
	return { gateway, fingerprint, witness, at };
}
