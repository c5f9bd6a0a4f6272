import { type AlloyBlockNode, listItems, reference } from "../splice/alloy-syntax.ts";
import { alloySettings } from "../splice/alloy-values.ts";
import { type PassageNote, processorNotes, settingsOf } from "../splice/passage.ts";
import { alloyId } from "./alloy-settings.ts";
import type { ConfigModel, PipelineNode } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** What processors do to records on their way to a backend of ours, `exporters` by their ids, through connectors too. */
export function passageFindings(model: ConfigModel, exporters: ReadonlySet<string>): ConfigFinding[] {
	const { document, components } = model;
	const before = (pipeline: PipelineNode, seen: ReadonlySet<PipelineNode>): PipelineNode[] => {
		const feeding = model.pipelines.filter(
			(each) => !seen.has(each) && each.exporters?.some(({ id }) => pipeline.receivers?.some((one) => one.id === id)),
		);
		return [pipeline, ...feeding.flatMap((each) => before(each, new Set([...seen, each])))];
	};
	const last = model.pipelines.filter(({ exporters: all }) => all?.some(({ id }) => exporters.has(id)));
	const passed = new Set(last.flatMap((each) => before(each, new Set([each]))));
	return [...passed].flatMap(({ id: pipeline, signal, processors }) =>
		(processors ?? []).flatMap(({ id, at }) => {
			const found = components.find((each) => each.section === "processors" && each.id === id);
			const settings = found && settingsOf(document, found.value);
			return processorNotes(id, found?.type ?? id, pipeline, signal, settings).map((note) => findingOf(note, at));
		}),
	);
}

function findingOf({ what, isLoss }: PassageNote, at: number): ConfigFinding {
	return { rule: "changed-on-the-way", at, what, ...(isLoss && { severity: "warning" }) };
}

const PROCESSOR = "otelcol.processor.";

/** The same in Alloy's language: `exporters` are blocks, and what leads to them are the outputs of others. */
export function alloyPassage(blocks: readonly AlloyBlockNode[], exporters: readonly AlloyBlockNode[]): ConfigFinding[] {
	const inputOf = (block: AlloyBlockNode) => `${alloyId(block)}.input`;
	const passed = new Set<string>();
	const before = (target: AlloyBlockNode, signal: string | undefined): ConfigFinding[] =>
		blocks.flatMap((block) =>
			outputsOf(block)
				.filter(([own, inputs]) => inputs.includes(inputOf(target)) && (signal === undefined || own === signal))
				.flatMap(([own]) => {
					const key = `${own} ${inputOf(block)}`;
					if (passed.has(key)) return [];
					passed.add(key);
					const notes = block.name.startsWith(PROCESSOR)
						? processorNotes(alloyId(block), block.name.slice(PROCESSOR.length), own, own, alloySettings(block))
						: [];
					return [...notes.map((note) => findingOf(note, block.from)), ...before(block, own)];
				}),
		);
	return exporters.flatMap((each) => before(each, undefined));
}

/** Where a component sends each signal to. */
function outputsOf({ body }: AlloyBlockNode): [signal: string, inputs: readonly string[]][] {
	return body.flatMap((each) =>
		each.kind === "block" && each.name === "output"
			? each.body.flatMap((inner): [string, string[]][] =>
					inner.kind === "attribute"
						? [[inner.name, (listItems(inner.value) ?? []).map((item) => reference(item) ?? "")]]
						: [],
				)
			: [],
	);
}
