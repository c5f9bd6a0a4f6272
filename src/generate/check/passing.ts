import { processorNotes, settingsOf } from "../splice/passage.ts";
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
			return processorNotes(id, found?.type ?? id, pipeline, signal, settings).map(
				({ what, isLoss }): ConfigFinding => ({
					rule: "changed-on-the-way",
					at,
					what,
					...(isLoss && { severity: "warning" as const }),
				}),
			);
		}),
	);
}
