export const MINUTE_MS = 60_000;

/** `3 h 20 min`, rounded up to whole minutes. */
export function duration(ms: number): string {
	const minutes = Math.max(1, Math.ceil(ms / MINUTE_MS));
	if (minutes < 60) return `${minutes} min`;
	const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
	return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}
