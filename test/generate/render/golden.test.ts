import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Distribution } from "../../../src/adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { version } from "../../../src/base/version.ts";
import { renderBundle } from "../../../src/generate/render/bundle.ts";
import type { Flags } from "../../../src/spec/flags.ts";
import { planFor } from "../../contracts/collector.ts";

const KNOWN = ["old=fp:0123456789ab", "new=fp:fedcba987654"];

/** Everything we write for a person, for review: each distribution as it is run by default, and each platform once. */
const bundles: Record<string, Flags> = {
	...Object.fromEntries(distributionIds.map((id) => [id, { distribution: id }])),
	"contrib-docker": { distribution: "contrib", platform: "docker", queue: "persistent" },
	"contrib-kubernetes": { distribution: "contrib", platform: "kubernetes" },
	"contrib-ecs": { distribution: "contrib", platform: "ecs" },
	"contrib-windows": { distribution: "contrib", platform: "windows" },
	"contrib-old": { distribution: "contrib", targetVersion: "0.145.0", queue: "persistent" },
	"contrib-env": { distribution: "contrib", platform: "kubernetes", delivery: "env" },
	"contrib-custom": {
		distribution: "contrib",
		provider: "custom",
		endpoint: "https://otlp.example.com",
		authHeader: "x-api-key",
		name: "acme",
	},
	"alloy-kubernetes": { distribution: "alloy", platform: "kubernetes", queue: "persistent" },
	"adot-ecs": { distribution: "adot", platform: "ecs" },
	"edot-docker": { distribution: "edot", platform: "docker" },
	"contrib-senders": { distribution: "contrib", platform: "docker", attribute: true, queue: "persistent" },
	"k8s-tokens": { distribution: "k8s", attribute: true, token: KNOWN },
	"splunk-tokens": { distribution: "splunk", attribute: true, token: KNOWN },
	"edot-ports": { distribution: "edot", attribute: "ports", token: KNOWN },
	"alloy-senders": { distribution: "alloy", platform: "kubernetes", attribute: true, stripFingerprint: true },
};

/** The rotation script is the same but for its settings; these four show every kind of them. */
const withScript = ["contrib", "adot", "alloy", "contrib-docker"];

function filesOf(name: string, distribution: Distribution, flags: Flags) {
	return renderBundle(planFor(distribution, flags)).filter(
		({ path }) => withScript.includes(name) || !path.endsWith(".sh"),
	);
}

const golden = new URL("../../golden/collector", import.meta.url).pathname;

test.each(Object.keys(bundles))("the bundle %s is as reviewed (npm run golden writes it anew)", async (name) => {
	const flags = bundles[name] ?? {};
	const distribution = await loadDistribution(String(flags["distribution"]));
	if (!distribution) throw new Error(name);
	for (const { path, content } of filesOf(name, distribution, flags)) {
		// The tool's own version changes with every release; nothing else in these files may change unseen.
		await expect(content.replaceAll(`otel-crossfade ${version}`, "otel-crossfade 0.0.0")).toMatchFileSnapshot(
			join(golden, name, path),
		);
	}
});

test("no files of removed bundles remain", async () => {
	const expected = await Promise.all(
		Object.entries(bundles).map(async ([name, flags]) => {
			const distribution = await loadDistribution(String(flags["distribution"]));
			return distribution ? filesOf(name, distribution, flags).map(({ path }) => join(name, path)) : [];
		}),
	);
	const found = readdirSync(golden, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	expect(found.map((entry) => join(entry.parentPath, entry.name).slice(golden.length + 1)).sort()).toEqual(
		expected.flat().sort(),
	);
});
