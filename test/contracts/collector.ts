import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Distribution, type Platform, platforms } from "../../src/adapters/collectors/distribution.ts";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { compareVersions, parseVersion, requireVersion } from "../../src/base/versions.ts";
import { offlineFindings } from "../../src/generate/check/check.ts";
import { planCollector } from "../../src/generate/plan/collector.ts";
import { renderBundle } from "../../src/generate/render/bundle.ts";
import { parseAlloy } from "../../src/generate/splice/alloy-syntax.ts";
import { parseCollectorFlags } from "../../src/spec/collector.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { aThird } from "../harness/matrix.ts";

/** The plan for a distribution with some flags. */
export function planFor(distribution: Distribution, flags: Flags = {}) {
	return planCollector(parseCollectorFlags({ distribution: distribution.id, ...flags }, distribution));
}

/** What `crossfade collector` writes for a distribution with some flags: content by path. */
export async function bundleOf(id: string, flags: Flags): Promise<ReadonlyMap<string, string>> {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(`no distribution ${id}`);
	return new Map(bundleFor(distribution, flags).map(({ path, content }) => [path, content]));
}

/** Releases at which facts change, besides the ends of the table. */
const TARGETS = ["0.95.0", "0.112.0", "0.125.0", "0.139.0", "0.145.0", "0.151.0"];

/** What every distribution must hold: its data is whole, and what is made from it on every platform is valid and passes our own check. */
export function collectorContract(id: string, distribution: Distribution): void {
	const { inventory } = distribution;

	test("its id is its folder", () => {
		expect(distribution.id).toBe(id);
	});

	test("its inventory is well-formed", () => {
		const range = /^((>=\d+\.\d+\.\d+)?( ?<\d+\.\d+\.\d+)?)( \|\| >=\d+\.\d+\.\d+( <\d+\.\d+\.\d+)?)*$/;
		for (const [kind, components] of Object.entries(inventory.components)) {
			for (const [type, releases] of Object.entries(components)) expect(releases, `${kind} ${type}`).toMatch(range);
		}
		expect(parseVersion(inventory.oldest)).toBeDefined();
		expect(compareVersions(requireVersion(inventory.newest), requireVersion(inventory.oldest))).toBeGreaterThan(0);
		expect(inventory.read).toMatch(/^20\d\d-\d\d-\d\d$/);
		expect(inventory.source).toMatch(/^https:\/\//);
		for (const [own, inside] of Object.entries(inventory.releases)) {
			expect(parseVersion(own), own).toBeDefined();
			expect(parseVersion(inside), inside).toBeDefined();
		}
		for (const [kind, renamed] of Object.entries(inventory.deprecated ?? {})) {
			for (const [type, use] of Object.entries(renamed)) {
				expect(inventory.components[kind], `${type} -> ${use}`).toHaveProperty([type]);
				expect(inventory.components[kind], `${type} -> ${use}`).toHaveProperty([use]);
			}
		}
	});

	test("its default platform has facts", () => {
		expect(distribution.hosts[distribution.defaultPlatform]).toBeDefined();
		expect(distribution.sources.length).toBeGreaterThan(0);
	});

	const targets =
		Object.keys(inventory.releases).length === 0
			? TARGETS
			: Object.keys(inventory.releases).filter((_, index) => index % 8 === 0);
	const known = platforms.filter((platform) => distribution.hosts[platform]);
	describe.each(known)("on %s", (platform) => {
		const tried = [undefined, inventory.oldest, ...aThird(targets)];
		test.each(tried.map((target) => ({ release: target ?? "the newest", target })))(
			"release $release: every artefact is valid and passes our check",
			({ target }) => {
				for (const flags of variants(distribution, target, platform)) {
					for (const { path, content } of bundleFor(distribution, flags)) verify(path, content, distribution, target);
				}
			},
		);
	});
}

function bundleFor(distribution: Distribution, flags: Flags) {
	return renderBundle(planFor(distribution, flags));
}

function variants(distribution: Distribution, target: string | undefined, platform: Platform): Flags[] {
	const base = { platform, targetVersion: target };
	const flags: Flags[] = [base, { ...base, provider: "activitylog" }];
	const token = ["old=fp:0123456789ab", "new=fp:fedcba987654"];
	const optional: Flags[] = [
		{
			...base,
			provider: "custom",
			endpoint: "https://otlp.example.com:4318/in",
			authHeader: "x-api-key",
			name: "my-backend",
		},
		{ ...base, queue: "persistent" },
		{ ...base, attribute: "senders" },
		{ ...base, attribute: "senders", stripFingerprint: true },
		{ ...base, attribute: "tokens", token },
		{ ...base, attribute: "ports", token },
	];
	return [...flags, ...optional.filter((each) => isPossible(distribution, each))];
}

function isPossible(distribution: Distribution, flags: Flags): boolean {
	try {
		planFor(distribution, flags);
		return true;
	} catch {
		return false;
	}
}

function verify(path: string, content: string, distribution: Distribution, target: string | undefined): void {
	expect(content, `${path} ends with a line break`).toMatch(/[^\n]\n$/);
	expect(content, `${path} has no undefined`).not.toMatch(/undefined|\[object |NaN/);
	if (/\.ya?ml$/.test(path)) {
		for (const document of parseAllDocuments(content)) expect(document.errors, path).toEqual([]);
	}
	if (path.endsWith(".alloy")) parseAlloy(content, path);
	if (path.endsWith(".json")) JSON.parse(content);
	if (/\.(ya?ml|alloy|service|conf|sh)$/.test(path)) {
		const own = requireVersion(target ?? distribution.inventory.newest);
		const errors = offlineFindings(content, path, { distribution, own }).filter(({ severity }) => severity === "error");
		expect(errors, `${path} of ${distribution.id} ${target}`).toEqual([]);
	}
}
