import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { platforms } from "../../src/adapters/collectors/distribution.ts";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { alloyFragment, alloyInput } from "../../src/generate/render/alloy.ts";
import { alloyLabel, alloyText } from "../../src/generate/render/alloy-text.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import { spliceAlloy } from "../../src/generate/splice/alloy.ts";
import { parseAlloy } from "../../src/generate/splice/alloy-syntax.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { planFor } from "../contracts/collector.ts";
import { alloyfmt, corpus, needs } from "../harness/parts.ts";

/** What `alloy fmt` prints, or undefined where it cannot read the text. */
function formatted(text: string): string | undefined {
	const { status, stdout } = spawnSync(alloyfmt.path, { input: text, encoding: "utf8" });
	return status === 0 ? stdout : undefined;
}

async function alloy() {
	const distribution = await loadDistribution("alloy");
	if (!distribution) throw new Error("alloy");
	return distribution;
}

test("every Alloy config we generate is byte for byte what alloy fmt prints", needs(alloyfmt), async () => {
	const distribution = await alloy();
	const variants: Flags[] = [
		{},
		{ queue: "persistent" },
		{ delivery: "env" },
		{ provider: "activitylog" },
		{ provider: "custom", endpoint: "https://otlp.example.com", authHeader: "x-api-key", name: "my-backend" },
		{ signals: "traces" },
		{ attribute: true },
		{ attribute: true, stripFingerprint: true, signals: "logs,metrics,traces", queue: "persistent" },
	];
	for (const platform of platforms.filter((each) => distribution.hosts[each])) {
		for (const flags of variants) {
			const text = renderConfig(planFor(distribution, { ...flags, platform }));
			expect(formatted(text), `${platform} ${JSON.stringify(flags)}`).toBe(text);
		}
	}
});

test(
	"what we add to a formatted config leaves it formatted, and our reader agrees with Alloy's own",
	needs(alloyfmt, corpus),
	async () => {
		const plan = planFor(await alloy());
		const blocks = Object.fromEntries(
			alloyFragment(plan).map((block) => [`${block.name} "${block.label}"`, alloyText([block]).trimEnd()]),
		);
		const request = {
			name: "torii",
			label: alloyLabel("torii"),
			input: alloyInput(plan),
			blocks,
			signals: ["logs", "metrics", "traces"],
			remove: false,
			force: false,
		};
		const tally = { read: 0, disagreements: [] as string[], spliced: 0, unformatted: [] as string[] };
		for (const module of readdirSync(corpus.path)) {
			const root = realpathSync(join(corpus.path, module));
			for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).filter((each) =>
				/\.(alloy|river)$/.test(each),
			)) {
				const text = readFileSync(join(root, name), "utf8");
				const theirs = formatted(text);
				if (readable(text) !== (theirs !== undefined)) tally.disagreements.push(`${module}/${name}`);
				tally.read++;
				if (theirs !== text) continue;
				try {
					const after = spliceAlloy(text, name, request).text;
					tally.spliced++;
					if (formatted(after) !== after) tally.unformatted.push(`${module}/${name}`);
				} catch {
					// refused: nothing to receive from
				}
			}
		}
		process.stdout.write(
			`alloy fmt: ${tally.read} files read, ${tally.spliced} formatted ones spliced, ${tally.unformatted.length} unformatted after it\n`,
		);
		expect(tally.unformatted).toEqual([]);
		expect(tally.disagreements).toEqual([]);
		expect(tally.spliced).toBeGreaterThan(10);
	},
);

function readable(text: string): boolean {
	try {
		parseAlloy(text, "x");
		return true;
	} catch {
		return false;
	}
}
