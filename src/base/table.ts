import { columns, fill } from "./width.ts";

/** Layout of a table's column. */
interface TableColumn {
	/** Numbers are right-aligned. */
	readonly side?: "left" | "right";
	/** It shrinks if the table is too wide, down to this many terminal columns. */
	readonly least?: number;
}

interface TableStyle {
	/** By position; others are left-aligned and as wide as their longest cell. */
	readonly columns?: Readonly<Record<number, TableColumn>>;
	/** Spaces between columns. */
	readonly gap?: number;
	/** Columns of the terminal; unlimited if not given. */
	readonly width?: number | undefined;
	/** Colours an already padded cell. */
	readonly paint?: (cell: string, row: number, column: number) => string;
}

/** Rows of cells as lines with aligned columns, for any script, without trailing spaces. */
export function table(rows: readonly (readonly string[])[], style: TableStyle = {}): string[] {
	const { gap = 2, paint = (cell) => cell } = style;
	const widths = fittingWidths(rows, style, gap);
	return rows.map((row, index) =>
		row
			.map((cell, column) => paint(fill(cell, widths[column] ?? 0, style.columns?.[column]?.side), index, column))
			.join(" ".repeat(gap))
			.trimEnd(),
	);
}

function fittingWidths(rows: readonly (readonly string[])[], style: TableStyle, gap: number): number[] {
	const count = Math.max(0, ...rows.map(({ length }) => length));
	const widths = Array.from({ length: count }, (_, column) =>
		rows.reduce((most, row) => Math.max(most, columns(row[column] ?? "")), 0),
	);
	let excess = widths.reduce((sum, each) => sum + each + gap, -gap) - (style.width ?? Number.POSITIVE_INFINITY);
	return widths.map((each, column) => {
		const least = style.columns?.[column]?.least ?? each;
		const given = Math.max(0, Math.min(each - least, excess));
		excess -= given;
		return each - given;
	});
}
