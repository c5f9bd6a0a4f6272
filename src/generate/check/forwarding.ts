import { isMap, isSeq, type Node } from "yaml";
import { otelcol } from "../../adapters/collectors/otelcol.ts";
import { shown } from "../../base/mask.ts";
import { isAtLeast, type Version } from "../../base/versions.ts";
import { type ConfigModel, nodeAt, scalarAt } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** A receiver of a path, and whether it keeps the headers of its requests. */
interface PathStart {
	readonly id: string;
	readonly keepsHeaders: boolean;
}

/** A way from the receivers of a pipeline to one of its exporters. */
interface Path {
	readonly pipeline: string;
	readonly receivers: readonly PathStart[];
	readonly exporter: string;
	/** Where the pipeline names the exporter. */
	readonly at: number;
	/** The headers that are left behind the last component that makes requests of its own, in lower case; undefined if none does: all are left. */
	readonly kept: ReadonlySet<string> | undefined;
	/** That component. */
	readonly cut: string | undefined;
}

/** Processors that collect records of several requests and send them on in requests of their own. Only batch can keep headers. */
const REGROUPS = /^(batch|groupbytrace|tail_sampling|interval|logdedup|log_dedup)$/;

/** Every way through a pipeline. The lists that are not in this file are taken as empty. */
export function pathsOf(model: ConfigModel): Path[] {
	const { document, components, pipelines } = model;
	const named = (section: string, id: string) =>
		components.find((each) => each.section === section && each.id === id)?.value;
	const starts = (ids: readonly string[]): PathStart[] =>
		ids.map((id) => {
			const protocols = nodeAt(document, named("receivers", id), "protocols");
			const keepsHeaders =
				["http", "grpc"].some((each) => scalarAt(document, protocols, each, "include_metadata") === true) ||
				scalarAt(document, named("receivers", id), "include_metadata") === true;
			return { id, keepsHeaders };
		});
	return pipelines.flatMap(({ id: pipeline, receivers, processors, exporters }) => {
		let kept: ReadonlySet<string> | undefined;
		let cut: string | undefined;
		for (const { id } of processors ?? []) {
			if (!REGROUPS.test(id.split("/", 1)[0] ?? id)) continue;
			const keys = wordsAt(model, named("processors", id), "metadata_keys");
			kept = kept ? new Set(keys.filter((key) => kept?.has(key))) : new Set(keys);
			cut ??= id;
		}
		return (exporters ?? []).map(({ id: exporter, at }) => {
			const batch = nodeAt(document, named("exporters", exporter), "sending_queue", "batch");
			const keys = isMap(batch) ? wordsAt(model, batch, "partition", "metadata_keys") : undefined;
			const left = keys ? new Set(keys.filter((key) => !kept || kept.has(key))) : kept;
			return {
				pipeline,
				receivers: starts((receivers ?? []).map(({ id }) => id)),
				exporter,
				at,
				kept: left,
				cut: cut ?? (keys ? `sending_queue.batch of ${exporter}` : undefined),
			};
		});
	});
}

/** Whether an exporter keeps its queue on disk. */
export function crossesDisk({ document, components }: ConfigModel, exporter: string): boolean {
	const value = components.find((each) => each.section === "exporters" && each.id === exporter)?.value;
	return typeof scalarAt(document, value, "sending_queue", "storage") === "string";
}

function wordsAt({ document }: ConfigModel, node: Node | undefined, ...path: readonly string[]): string[] {
	const list = nodeAt(document, node, ...path);
	return isSeq(list) ? list.items.map((item) => String((item as { value?: unknown }).value).toLowerCase()) : [];
}

/** Headers that an exporter's headers_setter takes from the client's request, and that do not arrive there. */
export function forwardingFindings(model: ConfigModel, release: Version): ConfigFinding[] {
	const { document, components } = model;
	const connectors = components.filter(({ section }) => section === "connectors").map(({ id }) => id);
	return pathsOf(model).flatMap(({ pipeline, receivers, exporter, at, kept, cut }) => {
		const value = components.find((each) => each.section === "exporters" && each.id === exporter)?.value;
		const headers = wantedHeaders(model, scalarAt(document, value, "auth", "authenticator"));
		const where = `in the pipeline ${shown(pipeline)}`;
		const direct = receivers.filter(({ id }) => !connectors.includes(id));
		return headers.flatMap((header): ConfigFinding[] => {
			const found = (what: string, fix: string): ConfigFinding => ({ rule: "header-not-forwarded", at, what, fix });
			const name = shown(header);
			const silent = direct.filter(({ keepsHeaders }) => !keepsHeaders).map(({ id }) => shown(id));
			const problems: ConfigFinding[] = [];
			if (silent.length > 0 && silent.length === direct.length) {
				problems.push(
					found(
						`${where}, ${silent.join(", ")} does not keep the headers of requests, so ${shown(exporter)} has no ${name}`,
						"Set include_metadata: true on the protocol of the receiver.",
					),
				);
			}
			if (kept && !kept.has(header)) {
				const setting = cut?.startsWith("sending_queue") ? "partition.metadata_keys" : "metadata_keys";
				problems.push(
					found(
						`${where}, ${shown(cut ?? "")} drops the header ${name} that ${shown(exporter)} sends on`,
						`Add ${name} to ${setting} there, or remove the batching from this pipeline.`,
					),
				);
			}
			if (crossesDisk(model, exporter) && !isAtLeast(release, otelcol.queueKeepsContext)) {
				problems.push(
					found(
						`${where}, the queue on disk of ${shown(exporter)} loses the header ${name} in this release`,
						`Keep the queue in memory, or upgrade to otelcol ${otelcol.queueKeepsContext}.`,
					),
				);
			}
			return problems;
		});
	});
}

/** The headers that an authenticator takes from the request, in lower case; those with a default value arrive in any case. */
function wantedHeaders(model: ConfigModel, authenticator: unknown): string[] {
	const { document, components } = model;
	const auth = components.find((each) => each.section === "extensions" && each.id === authenticator);
	if (auth?.type !== "headers_setter") return [];
	const list = nodeAt(document, auth.value, "headers");
	if (!isSeq(list)) return [];
	return list.items.flatMap((item) => {
		const wanted = scalarAt(document, item as Node, "from_context");
		const hasDefault = scalarAt(document, item as Node, "default_value") !== undefined;
		return typeof wanted === "string" && !hasDefault ? [wanted.toLowerCase()] : [];
	});
}
