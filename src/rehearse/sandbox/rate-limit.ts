import type { Admission } from "./providers/provider.ts";

/**
 * A bucket of `burst` records that fills with `rate` a second. A request larger than what is left is still taken while anything is left, so
 * that no request is too large for ever; the ones after it wait for that.
 */
export function rateLimit(rate: number, burst: number): (records: number, now: number) => Admission {
	if (!Number.isFinite(rate) || !Number.isFinite(burst)) return () => ({ headers: {} });
	const bucket = { left: burst, at: 0 };
	return (records, now) => {
		const seconds = Math.max(0, now - bucket.at) / 1000;
		bucket.left = Math.min(burst, bucket.left + seconds * rate);
		bucket.at = now;
		const refused = bucket.left < 1;
		if (!refused) bucket.left -= records;
		const headers = {
			"x-ratelimit-limit": String(burst),
			"x-ratelimit-remaining": String(Math.max(0, Math.floor(bucket.left))),
		};
		if (!refused) return { headers };
		const wait = rate === 0 ? 3600 : Math.ceil((1 - bucket.left) / rate);
		return { refused, headers: { ...headers, "retry-after": String(wait) } };
	};
}
