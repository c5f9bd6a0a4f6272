import type { Distribution, Release } from "../../adapters/collectors/distribution.ts";
import type { Problem } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import {
	compareVersions,
	isInRange,
	parseVersion,
	requireVersion,
	type Version,
	versionText,
} from "../../base/versions.ts";

interface ResolvedRelease {
	readonly release: Release;
	readonly warnings: readonly Problem[];
}

/**
 * The release whose facts apply to a target: the newest known one if no target is given or it is newer than our tables, otherwise the
 * nearest older one. For targets older than the tables the oldest facts apply.
 */
export function resolveRelease(distribution: Distribution, target: string | undefined): ResolvedRelease {
	const { inventory } = distribution;
	const newest = requireVersion(inventory.newest);
	const own = target === undefined ? newest : (parseVersion(target) ?? newest);
	const warnings: Problem[] = [];
	const warn = (what: string, fix: string) =>
		warnings.push({ what, expected: `${inventory.oldest} to ${inventory.newest}`, got: versionText(own), fix });
	if (compareVersions(own, newest) > 0) {
		warn(
			`${distribution.title} ${versionText(own)} is newer than the releases we know`,
			"check the result with the collector itself",
		);
	}
	if (compareVersions(own, requireVersion(inventory.oldest)) < 0) {
		warn(
			`${distribution.title} ${versionText(own)} is older than the releases we know`,
			"upgrade, or check the result with the collector itself",
		);
	}
	return { release: { own, otelcol: otelcolVersion(distribution, own) }, warnings };
}

/** The otelcol release a distribution's release is built on: that of the same release, the nearest older, or the oldest known. */
function otelcolVersion(distribution: Distribution, own: Version): Version {
	const known = Object.entries(distribution.inventory.releases)
		.map(([release, inside]) => ({ release: requireVersion(release), inside: requireVersion(inside) }))
		.sort((a, b) => compareVersions(a.release, b.release));
	if (known.length === 0) return own;
	const match = known.findLast(({ release }) => compareVersions(release, own) <= 0) ?? known[0];
	return match?.inside ?? own;
}

/** Whether our tables cover a release. Where lines are maintained side by side, the next release of an older line is as unknown as one that is newer than all. */
export function isKnownRelease({ inventory }: Distribution, own: Version): boolean {
	if (compareVersions(own, requireVersion(inventory.newest)) > 0) return false;
	if (compareVersions(own, requireVersion(inventory.oldest)) < 0) return false;
	// Ranges have gaps for another reason, too, where the table names no releases: a component that one release left out.
	const releases = Object.keys(inventory.releases);
	const hasLines =
		releases.length > 0 &&
		Object.values(inventory.components).some((ranges) => Object.values(ranges).some((range) => range.includes("||")));
	const line = releases.map(requireVersion).filter(([major, minor]) => major === own[0] && minor === own[1]);
	return !hasLines || line.some((each) => compareVersions(each, own) >= 0);
}

/** Whether a release of a distribution has a component; types it never had are absent. */
export function hasComponent(distribution: Distribution, own: Version, kind: string, type: string): boolean {
	const { inventory } = distribution;
	const range = ownEntry(ownEntry(inventory.components, kind), type);
	return range !== undefined && isInRange(clampToTable(inventory, own), range);
}

/** Releases outside the table are treated as its nearest end. */
function clampToTable(inventory: Distribution["inventory"], own: Version): Version {
	const [oldest, newest] = [requireVersion(inventory.oldest), requireVersion(inventory.newest)];
	if (compareVersions(own, newest) > 0) return newest;
	return compareVersions(own, oldest) < 0 ? oldest : own;
}
