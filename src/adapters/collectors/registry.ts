import type { Distribution } from "./distribution.ts";

/** Every distribution, each loaded only when it is asked for. A test holds this table against the folders. */
const folders: Readonly<Record<string, () => Promise<{ distribution: Distribution }>>> = {
	contrib: () => import("./contrib/index.ts"),
	k8s: () => import("./k8s/index.ts"),
	splunk: () => import("./splunk/index.ts"),
	adot: () => import("./adot/index.ts"),
	alloy: () => import("./alloy/index.ts"),
	datadog: () => import("./datadog/index.ts"),
	ddot: () => import("./ddot/index.ts"),
	elastic: () => import("./elastic/index.ts"),
	edot: () => import("./edot/index.ts"),
};

export const distributionIds: readonly string[] = Object.keys(folders);

/** The facts of a distribution; undefined for an id there is not. */
export async function loadDistribution(id: string): Promise<Distribution | undefined> {
	return (await folders[id]?.())?.distribution;
}
