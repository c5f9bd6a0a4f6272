/** Whether whole matrices are run (`npm run test:full`), or a part in which each row and each column is. */
export const isWhole = process.env["CROSSFADE_MATRIX"] === "full";

/** Pairs of two lists: all of them in a whole run, otherwise as few as hold each member of both at least once. */
export function pairs<A, B>(rows: readonly A[], columns: readonly B[], whole = isWhole): readonly (readonly [A, B])[] {
	if (whole) return rows.flatMap((row) => columns.map((column) => [row, column] as const));
	return Array.from({ length: Math.max(rows.length, columns.length) }, (_, index) => {
		const [row, column] = [rows[index % rows.length], columns[index % columns.length]];
		return [row as A, column as B] as const;
	});
}

/** How far the steps are apart at which a run is killed. */
export const KILL_STRIDE = isWhole ? 1 : 3;

/** Every member in a whole run, otherwise every third; which one `nth` decides, so that rows of a matrix share all of them. */
export function aThird<T>(all: readonly T[], whole = isWhole, nth = 0): readonly T[] {
	return all.filter((_, index) => whole || (index + nth) % 3 === 0);
}

/** How many in every run, and how many in a whole one. */
export function howMany(few: number, many: number, whole = isWhole): number {
	return whole ? many : few;
}

/** How many settings at random are compared with what each release of a CLI sends. */
export const SETTINGS = Number(process.env["CROSSFADE_SETTINGS"] ?? howMany(4, 300));
