import { duration, MINUTE_MS } from "../../base/duration.ts";
import { count, plural } from "../../base/plural.ts";

export { count, plural };

/** `4.1 MB`, in powers of 1000. */
export function bytes(value: number): string {
	const units = ["B", "kB", "MB", "GB", "TB", "PB"];
	const power = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
	const scaled = value / 1000 ** power;
	return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

/** `18 %`; anything above nothing is at least `<1 %`, and only everything is `100 %`. */
export function percent(share: number): string {
	if (share > 0 && share < 0.01) return "<1 %";
	return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

/** `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`; `never` for no time, `now` for the last seconds and for what is ahead. */
export function ago(at: number | undefined, now: number): string {
	if (at === undefined) return "never";
	const seconds = Math.floor((now - at) / 1000);
	if (seconds < 5) return "now";
	if (seconds < 60) return `${seconds} s ago`;
	const steps: readonly (readonly [string, number])[] = [
		["min", 60],
		["h", 3600],
		["d", 86_400],
	];
	const [unit, size] = steps.findLast(([, each]) => seconds >= each * (each === 3600 ? 2 : 1)) ?? ["min", 60];
	return `${Math.floor(seconds / size)} ${unit} ago`;
}

/** `2026-05-04 12:00 UTC` */
export function utc(at: number): string {
	const date = new Date(at);
	return Number.isNaN(date.getTime()) ? "?" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `in 3 h 20 min`, `in 40 s`, `20 min ago`. Minutes are rounded down: nobody is told that they have more time than they have. */
export function until(leftMs: number): string {
	if (leftMs <= 0) return `${duration(-leftMs)} ago`;
	if (leftMs < 2 * MINUTE_MS) return `in ${Math.floor(leftMs / 1000)} s`;
	return `in ${duration(Math.floor(leftMs / MINUTE_MS) * MINUTE_MS)}`;
}

/** `0.4 s ahead of ours`, `12 s behind ours` */
export function offset(ms: number): string {
	const seconds = Math.abs(ms) / 1000;
	const amount = seconds < 10 ? seconds.toFixed(1) : count(seconds);
	return `${amount} s ${ms < 0 ? "behind" : "ahead of"} ours`;
}

/** `Tue, 06:43 CEST`: the local time beside UTC. */
export function localTime(at: number, timeZone: string): string {
	const format = { timeZone, hour: "2-digit", minute: "2-digit", weekday: "short", timeZoneName: "short" } as const;
	return new Intl.DateTimeFormat("en-GB", format).format(at);
}
