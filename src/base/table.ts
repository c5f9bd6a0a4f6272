import { columns, fill } from "./width.ts";

/** How a column of a table is set. */
interface TableColumn {
	/** Numbers stand at the right. */
	readonly side?: "left" | "right";
	/** It gives way when the table is too wide, down to so many columns of the terminal. */
	readonly least?: number;
}

interface TableStyle {
	/** By position; the others are as wide as their longest cell, at the left. */
	readonly columns?: Readonly<Record<number, TableColumn>>;
	/** Blanks between two columns. */
	readonly gap?: number;
	/** Columns of the terminal; as many as it takes if not given. */
	readonly width?: number | undefined;
	/** Colours a cell that is already of its width. */
	readonly paint?: (cell: string, row: number, column: number) => string;
}

/** Rows of cells as lines with straight columns, whatever the script; no line ends with blanks. */
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
