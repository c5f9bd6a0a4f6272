import { ownEntry } from "./lookup.ts";

export const MINUTE_MS = 60_000;

/** `3 h 20 min`, rounded up to whole minutes. */
export function duration(ms: number): string {
	const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
	if (minutes < 60) return `${minutes} min`;
	const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
	return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `1h30m`, `7d` in milliseconds; undefined for anything else. */
export function durationMs(text: string): number | undefined {
	if (!/^(\d+(ms|[smhd]))+$/.test(text)) return undefined;
	const parts = [...text.matchAll(/(\d+)(ms|[smhd])/g)];
	return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (ownEntry(UNITS, unit ?? "") ?? 0), 0);
}
