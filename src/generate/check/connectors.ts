import { componentSignals, connectorSignals } from "../../adapters/collectors/otelcol.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { type ComponentNode, type ConfigModel, type PipelineNode, textsBelow } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** Connectors that one side of is missing, that cannot turn the one signal into the other, or that lead back to themselves. */
export function connectorFindings({ document, components, pipelines, chart }: ConfigModel): ConfigFinding[] {
	if (chart || pipelines.some(({ receivers, exporters }) => !receivers || !exporters)) return [];
	const connectors = components.filter(({ section }) => section === "connectors");
	return [
		...connectors.flatMap((each) => [...sides(each, pipelines), ...destinations(each, pipelines, document)]),
		...cycle(connectors, pipelines),
	];
}

/** Where a connector's settings name pipelines: those have to have it as a receiver. Of routing this was measured. */
const DESTINATIONS: Readonly<Record<string, readonly string[]>> = {
	routing: ["default_pipelines", "pipelines"],
	failover: ["priority_levels"],
};

function destinations(
	{ id, type, value }: ComponentNode,
	pipelines: readonly PipelineNode[],
	document: ConfigModel["document"],
): ConfigFinding[] {
	const keys = ownEntry(DESTINATIONS, type);
	if (!keys) return [];
	return textsBelow(document, value)
		.filter(({ path, text }) => keys.includes(path.at(-1) ?? "") && !text.includes("$"))
		.filter(({ text }) => !users(pipelines, "receivers", id).some((each) => each.id === text))
		.map(({ text, at }) => ({
			rule: "missing-reference" as const,
			at,
			what: `the connector ${shown(id)} sends to the pipeline ${shown(text)}, which is not there or does not have it as a receiver`,
			...(type !== "routing" && { severity: "warning" as const }),
		}));
}

/** The pipelines that have a component on one of their sides. */
function users(pipelines: readonly PipelineNode[], side: "receivers" | "exporters", id: string): PipelineNode[] {
	return pipelines.filter((pipeline) => pipeline[side]?.some((each) => each.id === id));
}

function sides({ id, type, at }: ComponentNode, pipelines: readonly PipelineNode[]): ConfigFinding[] {
	const [into, from] = [users(pipelines, "exporters", id), users(pipelines, "receivers", id)];
	const name = `the connector ${shown(id)}`;
	const found = (what: string): ConfigFinding => ({ rule: "one-sided-connector", at, what });
	if (into.length === 0 && from.length === 0) return [];
	if (from.length === 0) return [found(`${name} is not used as a receiver in any pipeline`)];
	if (into.length === 0) return [found(`${name} is not used as an exporter in any pipeline`)];
	const makes = ownEntry(connectorSignals, type);
	if (!makes) return [];
	const fits = (signal: string, other: string) => ownEntry(makes, signal)?.includes(other) ?? false;
	const [dead] = into.filter(({ signal }) => !from.some((other) => fits(signal, other.signal)));
	const [dry] = from.filter(({ signal }) => !into.some((other) => fits(other.signal, signal)));
	if (dead)
		return [found(`${name} gets ${shown(dead.signal)} and is a receiver of no pipeline of what it makes of them`)];
	return dry
		? [found(`${name} is a receiver of ${shown(dry.id)}, and gets nothing that it makes ${shown(dry.signal)} of`)]
		: [];
}

/** A way of records back to where they were, through connectors that pass a signal on as it is. */
function cycle(connectors: readonly ComponentNode[], pipelines: readonly PipelineNode[]): ConfigFinding[] {
	const passes = connectors.filter(({ type }) => ownEntry(connectorSignals, type)?.["logs"]?.includes("logs"));
	const next = ({ signal, exporters = [] }: PipelineNode): PipelineNode[] =>
		passes
			.filter(({ id }) => exporters.some((each) => each.id === id))
			.flatMap(({ id }) => users(pipelines, "receivers", id).filter((other) => other.signal === signal));
	const reachable = (from: PipelineNode): Set<PipelineNode> => {
		const found = new Set<PipelineNode>();
		const waiting = next(from);
		for (let each = waiting.pop(); each; each = waiting.pop()) {
			if (found.has(each)) continue;
			found.add(each);
			waiting.push(...next(each));
		}
		return found;
	};
	const [first] = pipelines.filter((pipeline) => reachable(pipeline).has(pipeline));
	return first
		? [{ rule: "connector-cycle", at: first.at, what: `records of the pipeline ${shown(first.id)} come back to it` }]
		: [];
}

/** Components in a pipeline of a signal that they do not take. */
export function unsupportedSignals({ components, pipelines }: ConfigModel): ConfigFinding[] {
	return pipelines.flatMap((pipeline) =>
		(["processors", "exporters"] as const).flatMap((section) =>
			(pipeline[section] ?? []).flatMap(({ id, at }): ConfigFinding[] => {
				const type = components.find((each) => each.section === section && each.id === id)?.type ?? "";
				const takes = ownEntry(componentSignals, `${section}/${type}`);
				if (!takes || takes.includes(pipeline.signal) || !SIGNALS.includes(pipeline.signal)) return [];
				const what = `the pipeline ${shown(pipeline.id)} has ${shown(id)}, which takes only ${takes.join(" and ")}`;
				return [{ rule: "unsupported-signal", at, what }];
			}),
		),
	);
}

const SIGNALS: readonly string[] = ["traces", "metrics", "logs"];
