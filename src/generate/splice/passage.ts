import { type Document, isMap, type Node, type YAMLMap } from "yaml";
import { shown } from "../../base/mask.ts";
import type { Effect, ProcessorSettings } from "./effect.ts";
import { SENDER } from "./identity.ts";
import type { PipelineEntry } from "./pipelines.ts";
import { effectsOf } from "./processor-effects.ts";
import { typeOf } from "./processors.ts";
import { mergedEntry, resolvedValue } from "./yaml-document.ts";

/** What a processor does in a pipeline. */
export interface PassageNote {
	/** A sentence. */
	readonly what: string;
	/** Whether the backend cannot tell any more who sent a record. */
	readonly isLoss: boolean;
}

/**
 * What stands between the receivers and our exporter, one sentence for each: processors that drop, delete, overwrite or merge, or that
 * were not looked at, and receivers whose data is sent along.
 */
export function passageNotes(
	document: Document,
	root: YAMLMap,
	chosen: readonly PipelineEntry[],
	exporter: string,
	connectors: ReadonlySet<string>,
): string[] {
	const section = resolvedValue(document, mergedEntry(document, root, "processors"));
	const settings = (id: string) =>
		isMap(section) && mergedEntry(document, section, id)
			? settingsOf(document, resolvedValue(document, mergedEntry(document, section, id)))
			: undefined;
	return chosen
		.flatMap(({ id: pipeline, signal, receivers, processors }) => [
			...(processors ?? []).flatMap((id) => processorNotes(id, typeOf(id), pipeline, signal, settings(id))),
			...(receivers ?? [])
				.filter((id) => typeOf(id) !== "otlp")
				.map((id) => (connectors.has(id) ? connectorNote(id, pipeline) : foreignNote(id, pipeline, exporter))),
		])
		.map((each) => (typeof each === "string" ? each : each.what));
}

/** The settings of a processor in YAML; those of one without any are empty. */
export function settingsOf(document: Document, node: Node | undefined): ProcessorSettings {
	const value: unknown = node?.toJS(document, { mapAsMap: true });
	return value instanceof Map ? value : new Map();
}

export function foreignNote(id: string, pipeline: string, exporter: string): string {
	return `${shown(id)} also feeds ${shown(pipeline)}, so ${exporter} gets its data, too: to send OTLP alone, give it a pipeline of its own`;
}

function connectorNote(id: string, pipeline: string): string {
	return `${shown(id)} brings data of other pipelines into ${shown(pipeline)}: what their processors do to it was not looked at`;
}

const UNTOLD = "this backend cannot tell who sent a record";

/** The sentences about one processor. */
export function processorNotes(
	id: string,
	type: string,
	pipeline: string,
	signal: string,
	settings: ProcessorSettings | undefined,
): PassageNote[] {
	const notes = joined(effectsOf(type, signal, settings)).map((effect) => {
		const [does, isLoss] = said(effect);
		return {
			what: effect.kind === "unread" ? unread(id, pipeline, effect.why) : `${shown(id)} in ${shown(pipeline)} ${does}`,
			isLoss,
		};
	});
	return notes.filter(({ what }, index) => notes.findIndex((each) => each.what === what) === index);
}

function unread(id: string, pipeline: string, why: string | undefined): string {
	return why === undefined
		? `what ${shown(id)} in ${shown(pipeline)} does to records was not looked at`
		: `of ${shown(id)} in ${shown(pipeline)} was not looked at: ${shown(why)}`;
}

/** Effects on single attributes are one sentence for each kind. */
function joined(effects: readonly Effect[]): Effect[] {
	const found: Effect[] = [];
	for (const effect of effects) {
		const index = found.findIndex(
			(each) =>
				(each.kind === "identity" && effect.kind === "identity" && each.how === effect.how) ||
				(each.kind === "host" && effect.kind === "host"),
		);
		const same = found[index];
		if (!same || !("keys" in same) || !("keys" in effect)) found.push(effect);
		else found[index] = { ...same, keys: [...new Set([...same.keys, ...effect.keys])] };
	}
	return found;
}

/** What follows the processor's name, and whether the sender is lost by it. */
function said(effect: Effect): readonly [does: string, isLoss: boolean] {
	const list = (keys: readonly string[]) => keys.map((key) => shown(key)).join(", ");
	switch (effect.kind) {
		case "drops":
			return [
				`drops records ${shown(effect.which, 400)}: check that it lets through what you want to see there`,
				false,
			];
		case "identity":
			return effect.how === "moves"
				? [`moves ${list(effect.keys)} from records to their resource`, false]
				: [`${effect.how} ${list(effect.keys)}: ${UNTOLD}`, true];
		case "host":
			return [
				`overwrites ${list(effect.keys)} with those of the machine it runs on, because override is not false: on a gateway, ${UNTOLD}`,
				true,
			];
		case "keeps": {
			const whose = effect.ofResource ? "all attributes of records and resources" : "all attributes";
			const lost = effect.ofResource ? SENDER.filter((key) => !effect.keys.includes(key)) : [];
			const left = effect.keys.length > 0 ? ` but ${list(effect.keys)}` : "";
			const check = "check that it keeps those that tell who sent a record";
			return [
				`removes ${whose}${left}: ${lost.length > 0 ? `without ${list(lost)} ${UNTOLD}` : check}`,
				lost.length > 0,
			];
		}
		case "masks":
			return ["removes or masks attributes: check that it keeps those that tell who sent a record", false];
		case "merges":
			return ["merges records: counts at this backend differ from what was sent", false];
		case "unread":
			return ["", false];
	}
}
