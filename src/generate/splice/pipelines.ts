import { type Document, isMap, type Node, type Pair, type YAMLMap } from "yaml";
import { entryOf, keyOf, resolvedValue, wordsOf } from "./yaml-document.ts";

/** A pipeline in a file. */
export interface PipelineEntry {
	readonly id: string;
	readonly signal: string;
	readonly pair: Pair<Node, Node | null>;
	/** Undefined if the list is not in this file, e.g. `${file:…}`. */
	readonly receivers: readonly string[] | undefined;
}

export interface PipelineChoice {
	readonly chosen: readonly PipelineEntry[];
	/** Receiving pipelines of the requested signals that were not chosen, with the reason. */
	readonly passedOver: readonly string[];
	/** Why no choice is possible. */
	readonly obstacle?: string;
}

export function pipelinesOf(document: Document, pipelines: YAMLMap): PipelineEntry[] {
	return (pipelines.items as Pair<Node, Node | null>[]).flatMap((pair) => {
		const id = keyOf(pair);
		if (id === undefined) return [];
		const body = resolvedValue(document, pair);
		const receivers = isMap(body) ? wordsOf(document, resolvedValue(document, entryOf(body, "receivers"))) : undefined;
		return [{ id, signal: id.split("/", 1)[0] ?? id, pair, receivers }];
	});
}

/**
 * The pipelines that get our exporter, so that all received data arrives exactly once: for each signal, those fed by a receiver
 * and not by a connector, preferably an OTLP receiver, and no receiver through two of them.
 */
export function choosePipelines(
	all: readonly PipelineEntry[],
	connectors: ReadonlySet<string>,
	signals: readonly string[],
): PipelineChoice {
	const chosen: PipelineEntry[] = [];
	const passedOver: string[] = [];
	for (const signal of signals) {
		const candidates = all.filter((each) => each.signal === signal && !isFedByConnectors(each, connectors));
		const unreadable = candidates.find(({ receivers }) => receivers === undefined);
		if (unreadable) {
			return {
				chosen: [],
				passedOver: [],
				obstacle: `the receivers of the pipeline ${unreadable.id} are not in this file`,
			};
		}
		const otlp = candidates.filter(({ receivers }) => receivers?.some((id) => id.split("/", 1)[0] === "otlp"));
		const preferred = otlp.length > 0 ? otlp : candidates;
		const covered = new Set<string>();
		for (const pipeline of preferred) {
			const receivers = pipeline.receivers ?? [];
			const again = receivers.filter((id) => covered.has(id));
			if (again.length > 0 && again.length < receivers.length) {
				const what = `the pipelines of ${signal} share receivers in a way that would send some data twice or not at all`;
				return { chosen: [], passedOver: [], obstacle: `${what} (${again.join(", ")})` };
			}
			if (again.length > 0) passedOver.push(`${pipeline.id}: its receiver already feeds another chosen pipeline`);
			else chosen.push(pipeline);
			for (const id of receivers) covered.add(id);
		}
		for (const { id } of candidates) {
			if (!preferred.some((each) => each.id === id)) passedOver.push(`${id}: receives no OTLP`);
		}
	}
	return { chosen, passedOver };
}

function isFedByConnectors({ receivers }: PipelineEntry, connectors: ReadonlySet<string>): boolean {
	return receivers?.length ? receivers.every((id) => connectors.has(id)) : false;
}
