import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { clis, startLab, tokensOf } from "../harness/clis/lab.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { type CliName, cliParts, releases } from "../harness/clis/run.ts";
import { needs } from "../harness/parts.ts";
import { openTap } from "../harness/tap.ts";
import { waitFor } from "../harness/wait.ts";

/** What rows call each CLI, and the signals in which it names its host and its release. */
const known = {
	claude: { cli: "claude-code", hostIn: [], versionIn: ["logs", "metrics"] },
	codex: { cli: "codex", hostIn: ["logs"], versionIn: ["logs", "metrics"] },
	gemini: { cli: "gemini", hostIn: ["logs", "metrics", "traces"], versionIn: [] },
} as const;

const all = (Object.keys(known) as CliName[]).flatMap((name) =>
	Object.values(releases[name]).map((version) => ({ name, version })),
);

/** Data points of a metric; anything else is one record. */
function recordsIn(raw: Readonly<Record<string, unknown>>): number {
	const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
	const points = kinds.flatMap((kind) => (raw[kind] as { dataPoints?: unknown[] } | undefined)?.dataPoints ?? []);
	return kinds.some((kind) => kind in raw) ? points.length : 1;
}

const needed = needs(namespaces, ...cliParts);

describe.each(all)("the real $name $version through the tap", needed, ({ name, version }) => {
	test("arrives as it is, and is counted by token, CLI, host and release", async () => {
		const { capture, machine, prompt } = await startLab();
		const tap = await openTap(capture.url);
		const { cli, hostIn, versionIn } = known[name];
		// Before 0.34.0 Gemini posts to the bare URL, which names no signal.
		const isOtlp = !(name === "gemini" && version === releases.gemini.old);
		for (const token of [canary(), canary()]) {
			const before = tap.seen.length;
			machine.write(clis[name].userFile, clis[name].config({ url: tap.url, token: token.token }));
			const { requests } = await prompt(name, { version });
			expect(tokensOf(requests)).toEqual([token.token]);
			const records = (rows: readonly { readonly signal: string; readonly count: number }[]) => {
				const sums: Record<string, number> = {};
				for (const { signal, count } of rows) sums[signal] = (sums[signal] ?? 0) + count;
				return sums;
			};
			if (!isOtlp) {
				expect(tap.seen).toEqual([]);
				expect(tap.unknown.length).toBeGreaterThan(0);
				continue;
			}
			await waitFor(
				"the tap to have seen all",
				() => tap.seen.slice(before).reduce((sum, row) => sum + row.requests, 0) === requests.length,
			);
			const seen = tap.seen.slice(before);
			expect(records(seen.map((row) => ({ signal: row.signal, count: row.records })))).toEqual(
				records(requests.flatMap(({ signal, items }) => items.map(({ raw }) => ({ signal, count: recordsIn(raw) })))),
			);
			for (const row of seen) {
				expect(row).toMatchObject({ fingerprint: token.fingerprint, cli, lastStatus: 200 });
				expect(row.host !== "", `host in ${row.signal}`).toBe((hostIn as readonly string[]).includes(row.signal));
				expect(row.version, `release in ${row.signal}`).toBe(
					(versionIn as readonly string[]).includes(row.signal) ? version : "",
				);
			}
		}
		expect(tap.faults).toEqual([]);
	});
});
