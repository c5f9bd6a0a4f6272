import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { startLab, tokensOf } from "../harness/clis/lab.ts";
import { cliParts, installed, labOf } from "../harness/clis/labs.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { needs } from "../harness/parts.ts";
import { openTap } from "../harness/tap.ts";
import { waitFor } from "../harness/wait.ts";

/** Data points of a metric; anything else is one record. */
function recordsIn(raw: Readonly<Record<string, unknown>>): number {
	const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
	const points = kinds.flatMap((kind) => (raw[kind] as { dataPoints?: unknown[] } | undefined)?.dataPoints ?? []);
	return kinds.some((kind) => kind in raw) ? points.length : 1;
}

const needed = needs(namespaces, ...cliParts);

describe.each(installed)("the real $id $version through the tap", needed, ({ id, version }) => {
	test("arrives as it is, and is counted by token, CLI, host and release", async () => {
		const { capture, machine, prompt } = await startLab();
		const tap = await openTap(capture.url);
		const { hostIn, versionIn, userFile, config, isOtlp } = labOf(id);
		for (const token of [canary(), canary()]) {
			const before = tap.seen.length;
			machine.write(userFile, config({ url: tap.url, token: token.token }));
			const { requests } = await prompt(id, { version });
			expect(tokensOf(requests)).toEqual([token.token]);
			const records = (rows: readonly { readonly signal: string; readonly count: number }[]) => {
				const sums: Record<string, number> = {};
				for (const { signal, count } of rows) sums[signal] = (sums[signal] ?? 0) + count;
				return sums;
			};
			if (!isOtlp(version)) {
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
				expect(row).toMatchObject({ fingerprint: token.fingerprint, cli: id, lastStatus: 200 });
				expect(row.host !== "", `host in ${row.signal}`).toBe(hostIn.includes(row.signal));
				expect(row.version, `release in ${row.signal}`).toBe(versionIn.includes(row.signal) ? version : "");
			}
		}
		expect(tap.faults).toEqual([]);
	});
});
