import type { InventoryRow } from "../evidence/evidence.ts";
import type { Inventory } from "../evidence/inventory.ts";
import { isSameReport } from "../evidence/report-line.ts";
import { namesOf } from "../judge/identity.ts";

/**
 * The rows of an export, where names that are taken for one machine (`MAC-1`, `mac-1.local`) have reports that differ: without a serial number
 * for each they may be several machines, however old the reports are, and are counted in `rows`. Other lists are logs, in which the newest counts.
 */
export function withNamesakes({ rows, isRowPerMachine }: Inventory): readonly InventoryRow[] {
	if (!isRowPerMachine) return rows;
	const { keyOf } = namesOf(rows.map(({ host }) => host));
	const byKey = new Map<string, InventoryRow[]>();
	for (const row of rows) {
		const key = keyOf(row.host);
		const same = byKey.get(key);
		if (same) same.push(row);
		else byKey.set(key, [row]);
	}
	if (byKey.size === rows.length) return rows;
	const counts = new Map<InventoryRow, number>();
	for (const [first, ...others] of byKey.values()) {
		if (!first || others.every((row) => isSameReport(first, row))) continue;
		const all = [first, ...others];
		const isTold = all.every(({ serial }) => serial !== undefined);
		if (!isTold)
			counts.set(
				first,
				all.reduce((sum, { rows: each = 1 }) => sum + each, 0),
			);
	}
	return rows.map((row) => {
		const count = counts.get(row);
		return count === undefined ? row : { ...row, rows: count };
	});
}
