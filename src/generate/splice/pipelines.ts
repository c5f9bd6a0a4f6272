import { type Document, isMap, isScalar, type Node, type Pair, type YAMLMap } from "yaml";
import { shown } from "../../base/mask.ts";
import { thins } from "./processors.ts";
import { entryOf, keyOf, resolvedValue, wordsOf } from "./yaml-document.ts";

/** A pipeline in a file. */
export interface PipelineEntry {
	readonly id: string;
	readonly signal: string;
	readonly pair: Pair<Node, Node | null>;
	/** Undefined if the list is not in this file, e.g. `${file:…}`. */
	readonly receivers: readonly string[] | undefined;
	readonly processors: readonly string[] | undefined;
	readonly exporters: readonly string[] | undefined;
}

export interface PipelineChoice {
	readonly chosen: readonly PipelineEntry[];
	/** Receiving pipelines of the requested signals that were not chosen, with the reason. */
	readonly passedOver: readonly string[];
	/** Why no choice is possible. */
	readonly obstacle?: string;
}

/** The pipelines of a file. One that is null is none: Helm values remove a chart's default that way. */
export function pipelinesOf(document: Document, pipelines: YAMLMap): PipelineEntry[] {
	return (pipelines.items as Pair<Node, Node | null>[]).flatMap((pair) => {
		const id = keyOf(pair);
		const body = resolvedValue(document, pair);
		if (id === undefined || body === undefined || (isScalar(body) && body.value === null)) return [];
		const list = (key: string) =>
			isMap(body) ? wordsOf(document, resolvedValue(document, entryOf(body, key))) : undefined;
		return [
			{
				id,
				signal: id.split("/", 1)[0] ?? id,
				pair,
				receivers: list("receivers"),
				processors: list("processors"),
				exporters: list("exporters"),
			},
		];
	});
}

/**
 * The pipelines that get our exporter, so that all received data arrives exactly once: for each signal, those fed by a receiver
 * and not by a connector, preferably an OTLP receiver, no receiver through two of them, and one that drops nothing before one that does.
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
		if (unreadable) return obstacle(`the receivers of the pipeline ${unreadable.id} are not in this file`);
		const otlp = candidates.filter(({ receivers }) => receivers?.some((id) => id.split("/", 1)[0] === "otlp"));
		const preferred = otlp.length > 0 ? otlp : candidates;
		const taken: PipelineEntry[] = [];
		for (const pipeline of [...preferred].sort((a, b) => thinning(a).length - thinning(b).length)) {
			const receivers = pipeline.receivers ?? [];
			const before = taken.filter((each) => receivers.some((id) => each.receivers?.includes(id)));
			const again = receivers.filter((id) => before.some((each) => each.receivers?.includes(id)));
			if (again.length > 0 && again.length < receivers.length) {
				const what = `the pipelines of ${signal} share receivers in a way that would send some data twice or not at all`;
				return obstacle(`${what} (${again.join(", ")})`);
			}
			const split = before.find((each) => thinning(each).length > 0);
			if (split) return obstacle(splitBetween(signal, split, pipeline));
			if (again.length > 0) passedOver.push(`${pipeline.id}: its receiver already feeds another chosen pipeline`);
			else taken.push(pipeline);
		}
		const [again] = arrivingTwice(taken, all, connectors);
		if (again !== undefined) return obstacle(again);
		chosen.push(...preferred.filter((each) => taken.includes(each)));
		for (const { id } of candidates) {
			if (!preferred.some((each) => each.id === id)) passedOver.push(`${id}: receives no OTLP`);
		}
	}
	return { chosen, passedOver };
}

function obstacle(what: string): PipelineChoice {
	return { chosen: [], passedOver: [], obstacle: what };
}

/** The processors of a pipeline that drop records. */
function thinning({ processors }: PipelineEntry): string[] {
	return (processors ?? []).filter(thins);
}

function splitBetween(signal: string, first: PipelineEntry, second: PipelineEntry): string {
	const named = (each: PipelineEntry) => [each.id, ...thinning(each).map((id) => `(${id})`)].join(" ");
	return `the pipelines of ${signal} split what one receiver gets, ${named(first)} and ${named(second)}: with only one of them some data would never arrive, with both of them what passes both arrives twice`;
}

/** Pipelines among some that get, through connectors, what another of them has sent already: a sentence each. */
export function arrivingTwice(
	chosen: readonly PipelineEntry[],
	all: readonly PipelineEntry[],
	connectors: ReadonlySet<string>,
): string[] {
	const before = (pipeline: PipelineEntry, seen: readonly PipelineEntry[]): PipelineEntry[] => {
		const bridges = (pipeline.receivers ?? []).filter((id) => connectors.has(id));
		// A connector to another signal makes records of its own.
		const feeding = all.filter(
			(each) =>
				each.signal === pipeline.signal && !seen.includes(each) && each.exporters?.some((id) => bridges.includes(id)),
		);
		return feeding.flatMap((each) => [each, ...before(each, [...seen, each])]);
	};
	return chosen.flatMap((pipeline) => {
		const first = before(pipeline, [pipeline]).find((each) => chosen.includes(each));
		return first
			? [
					`what passes ${shown(first.id)} also comes to ${shown(pipeline.id)}, through a connector: from both it would arrive twice`,
				]
			: [];
	});
}

function isFedByConnectors({ receivers }: PipelineEntry, connectors: ReadonlySet<string>): boolean {
	return receivers?.length ? receivers.every((id) => connectors.has(id)) : false;
}
