import { ownEntry } from "../../base/lookup.ts";
import type { Distribution } from "./distribution.ts";
import { distributions } from "./registry.generated.ts";

export const distributionIds: readonly string[] = Object.keys(distributions);

/** The facts of a distribution, loaded only when it is asked for; undefined for an id there is not. */
export async function loadDistribution(id: string): Promise<Distribution | undefined> {
	const found = (await ownEntry(distributions, id)?.())?.distribution;
	if (!found || !("build" in found)) return found;
	const build = await loadDistribution(found.build);
	return build && { ...build, ...found };
}
