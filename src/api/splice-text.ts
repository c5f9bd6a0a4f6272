import type { CollectorPlan } from "../generate/plan/collector.ts";
import { alloyFragment, alloyInput } from "../generate/render/alloy.ts";
import { alloyLabel, alloyText } from "../generate/render/alloy-text.ts";
import { otelcolFragment } from "../generate/render/otelcol.ts";
import { spliceAlloy } from "../generate/splice/alloy.ts";
import { spliceAlloyInYaml } from "../generate/splice/alloy-embedded.ts";
import { spliceOtelcol } from "../generate/splice/otelcol.ts";
import type { SpliceOutcome, WantedEntry } from "../generate/splice/request.ts";

/** How ours goes into a text. */
export interface SpliceWish {
	/** Take ours out. */
	readonly remove: boolean;
	/** Replace what was edited by hand. */
	readonly force: boolean;
	readonly pipelines: readonly string[] | undefined;
	readonly at: string | undefined;
}

/** Puts what a plan wants into the text of a file, or takes it out. Throws `CrossfadeError` (refused) where that is not safe. */
export function spliceText(text: string, file: string, plan: CollectorPlan, wish: SpliceWish): SpliceOutcome {
	const { remove, force, pipelines, at } = wish;
	const common = { name: plan.name, signals: plan.signals, remove, force };
	if (plan.distribution.dialect === "alloy") {
		const blocks = alloyFragment(plan).map(
			(block) => [`${block.name} "${block.label}"`, alloyText([block]).trimEnd()] as const,
		);
		const spliceHere = /\.ya?ml$/.test(file) ? spliceAlloyInYaml : spliceAlloy;
		return spliceHere(text, file, {
			...common,
			label: alloyLabel(plan.name),
			input: alloyInput(plan),
			blocks: Object.fromEntries(blocks),
		});
	}
	const { extensions, exporters } = otelcolFragment(plan);
	const entries = Object.entries({ extensions, exporters }).flatMap(([section, map]) =>
		Object.entries(map).map(([id, value]): WantedEntry => ({ section, id, value: value as WantedEntry["value"] })),
	);
	return spliceOtelcol(text, file, { ...common, entries, exporter: plan.ids.exporter, pipelines, at });
}
