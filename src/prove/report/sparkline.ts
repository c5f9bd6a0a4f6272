import { largest } from "../../base/largest.ts";

const BARS = "▁▂▃▄▅▆▇█";

/** Numbers as bars in at most `width` columns; zero is a dot, never a low bar. */
export function sparkline(values: readonly number[], width: number): string {
	const shown = squeeze(values, width);
	const most = largest(shown, 1);
	const bar = (value: number) => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))] ?? "";
	return shown.map((value) => (value === 0 ? "·" : bar(value))).join("");
}

/** Downsamples numbers, using the maximum of each group, so that no peak is lost. */
export function squeeze(values: readonly number[], most: number): number[] {
	if (values.length <= most) return [...values];
	return Array.from({ length: most }, (_each, index) =>
		Math.max(
			...values.slice(
				Math.floor((index * values.length) / most),
				Math.max(Math.floor(((index + 1) * values.length) / most), Math.floor((index * values.length) / most) + 1),
			),
		),
	);
}
