import { isMap } from "yaml";
import { shown } from "../../base/mask.ts";
import { type ComponentNode, type ConfigModel, nodeAt, scalarAt, textsBelow } from "./config-model.ts";
import { credentialFindings, isCredentialKey, urlFindings } from "./credentials.ts";
import type { ConfigFinding } from "./rules.ts";

/** OTLP exporters, and extensions that provide their token: these must support rotation. */
const ROTATING = /^(otlp|otlphttp|otlp_http|otlp_grpc|bearertokenauth|headers_setter)$/;

/** Rules about settings that lose data: tokens, queues and retries. */
export function deliveryFindings(model: ConfigModel): ConfigFinding[] {
	return [
		...model.components.flatMap((component) => [...credentials(component), ...queue(model, component)]),
		...metadataInQueues(model),
	];
}

function credentials({ id, type, section, value }: ComponentNode): ConfigFinding[] {
	const rotating = ROTATING.test(type) && (section === "exporters" || section === "extensions");
	return textsBelow(value).flatMap(({ path, text, at }) => {
		const key = path.at(-1) ?? "";
		const place = `${shown(key)} of ${shown(id)}`;
		if (isCredentialKey(key)) return credentialFindings(text, at, place, rotating);
		return /endpoint|url|^server$|^address$/i.test(key) ? urlFindings(text, at, place) : [];
	});
}

function queue({ document }: ConfigModel, { section, id, value, at }: ComponentNode): ConfigFinding[] {
	if (section !== "exporters") return [];
	const settings = nodeAt(document, value, "sending_queue");
	const off = scalarAt(document, value, "sending_queue", "enabled") === false;
	const waits = scalarAt(document, value, "sending_queue", "wait_for_result") === true;
	const place = isMap(settings) ? (settings.range?.[0] ?? at) : at;
	const found: ConfigFinding[] = [];
	if (off) found.push({ rule: "queue-off", at: place, what: `the sending queue of ${shown(id)} is off` });
	if (waits)
		found.push({ rule: "queue-off", at: place, what: `the sending queue of ${shown(id)} has wait_for_result on` });
	const endless = /^0(s|m|h|ms)?$/.test(
		String(scalarAt(document, value, "retry_on_failure", "max_elapsed_time") ?? ""),
	);
	const bounded = scalarAt(document, value, "sending_queue", "queue_size") !== undefined;
	if (endless && (off || !bounded)) {
		found.push({ rule: "unbounded-retry", at: place, what: `${shown(id)} retries forever without a queue_size` });
	}
	return found;
}

function metadataInQueues({ document, components, pipelines }: ConfigModel): ConfigFinding[] {
	const named = (section: string, id: string) => components.find((each) => each.section === section && each.id === id);
	const withMetadata = (id: string) => {
		const protocols = nodeAt(document, named("receivers", id)?.value, "protocols");
		return ["http", "grpc"].some((protocol) => scalarAt(document, protocols, protocol, "include_metadata") === true);
	};
	return pipelines.flatMap(({ id, receivers, processors, exporters }) => {
		if (!receivers?.some((each) => withMetadata(each.id))) return [];
		const batches = (processors ?? []).filter((each) => each.id.split("/", 1)[0] === "batch");
		const shielded = batches.some((each) => !nodeAt(document, named("processors", each.id)?.value, "metadata_keys"));
		if (shielded) return [];
		return (exporters ?? []).flatMap(({ id: exporter, at }): ConfigFinding[] => {
			const storage = scalarAt(document, named("exporters", exporter)?.value, "sending_queue", "storage");
			if (typeof storage !== "string") return [];
			return [
				{
					rule: "metadata-in-queue",
					at,
					what: `in the pipeline ${shown(id)}, client headers reach the queue of ${shown(exporter)}`,
				},
			];
		});
	});
}
