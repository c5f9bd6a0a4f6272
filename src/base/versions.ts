/** A release number: major, minor, patch. */
export type Version = readonly [number, number, number];

/** Parses versions as people write them (`0.158`, `v0.158.0`, `9.5.2-SNAPSHOT`); undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
	const match = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?:[-+].{0,40})?$/.exec(text.trim());
	return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/** Parses a version in our own tables, where anything else is a mistake. */
export function requireVersion(text: string): Version {
	const parsed = parseVersion(text);
	if (!parsed) throw new TypeError(`not a version: ${text}`);
	return parsed;
}

/** Negative, zero or positive, as for sorting. */
export function compareVersions(a: Version, b: Version): number {
	return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

export function versionText(value: Version): string {
	return value.join(".");
}

export function isAtLeast(value: Version, floor: string): boolean {
	return compareVersions(value, requireVersion(floor)) >= 0;
}

/**
 * Whether a version is in a range from our tables: `` (always), `>=0.120.0`, `<0.130.0`, `>=0.111.0 <0.140.0`, or several of these joined
 * by ` || `, for products that maintain several lines at a time.
 */
export function isInRange(value: Version, range: string): boolean {
	return range.split(" || ").some((part) => isInSpan(value, part));
}

function isInSpan(value: Version, span: string): boolean {
	return span
		.split(" ")
		.filter((bound) => bound !== "")
		.every((bound) => {
			if (bound.startsWith(">=")) return isAtLeast(value, bound.slice(2));
			if (bound.startsWith("<")) return !isAtLeast(value, bound.slice(1));
			throw new TypeError(`not a range: ${span}`);
		});
}
