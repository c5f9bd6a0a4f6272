import { isMap, type Scalar } from "yaml";
import { CrossfadeError } from "../../base/errors.ts";
import { blockText, inFile } from "./block-text.ts";
import { applyEdits, positionOf } from "./edit.ts";
import { type ConfigPlace, locateConfig } from "./locate.ts";
import { addMissing, chooseWanted } from "./otelcol-add.ts";
import { dropStale } from "./otelcol-remove.ts";
import { type ParsedConfig, parsedConfig } from "./parsed-config.ts";
import { manualEdit, type OtelcolRequest, type SpliceOutcome } from "./request.ts";
import { verifySplice } from "./verify.ts";
import { isCompose, parseYaml, templateMark, type YamlText } from "./yaml-document.ts";

/**
 * Updates our part of the collector config in a YAML text and changes no other byte. Throws (refused) with the reason,
 * and with what to write by hand, if this cannot be done safely.
 */
export function spliceOtelcol(text: string, file: string, request: OtelcolRequest): SpliceOutcome {
	const { yaml, place } = find(text, file, request);
	if (!isMap(place.node)) return spliceBlock(text, file, request, { ...place, node: place.node });
	const before = parsedConfig(yaml, { ...place, node: place.node }, request);
	const cleaned = applyEdits(text, dropStale(before));
	if (request.remove) return finish(before, cleaned, [], []);
	const middle = cleaned === text ? before : lookAgain(cleaned, before);
	const { chosen, notes } = chooseWanted(middle);
	const wired = chosen.map(({ id }) => id);
	return finish(before, applyEdits(cleaned, addMissing(middle, chosen)), wired, notes);
}

function finish(before: ParsedConfig, text: string, wired: readonly string[], notes: readonly string[]): SpliceOutcome {
	if (text !== before.source.text) verifySplice(before, lookAgain(text, before));
	return { text, wired, notes };
}

function find(text: string, file: string, request: OtelcolRequest): { yaml: YamlText; place: ConfigPlace } {
	const yaml = parseYaml(text, file);
	const place = locateConfig(yaml, request.at, manualEdit(request));
	const mark = templateMark(yaml);
	if (mark === undefined) return { yaml, place };
	throw new CrossfadeError("refused", {
		what: "this is a template: it is rendered before a collector reads it",
		where: { file, ...positionOf(text, mark) },
		fix: manualEdit(request),
	});
}

/** Re-reads the text produced by our edits. */
function lookAgain(text: string, { file, request }: ParsedConfig): ParsedConfig {
	const { yaml, place } = find(text, file, request);
	if (!isMap(place.node)) throw new TypeError("a map became a block of text");
	return parsedConfig(yaml, { ...place, node: place.node }, request);
}

/**
 * What replaces variables in a text before a collector gets it, as a sentence; undefined if nothing is known to.
 * https://docs.docker.com/reference/compose-file/interpolation/
 */
function replacerOf({ node, document }: ConfigPlace): string | undefined {
	if (node.tag === "!Sub") return "CloudFormation would replace what our entries refer to";
	return isCompose(document) ? "Compose replaces variables in it, and ours need each $ twice there" : undefined;
}

/** A config inside a block of text: the same, one level deeper. */
function spliceBlock(
	text: string,
	file: string,
	request: OtelcolRequest,
	place: ConfigPlace & { node: Scalar },
): SpliceOutcome {
	const block = blockText(text, place.node);
	if (!block) {
		const what = `the block of text at ${place.label} could not be restored byte for byte`;
		throw new CrossfadeError("refused", { what, where: { file }, fix: manualEdit(request) });
	}
	const replacer = request.remove || !JSON.stringify(request.entries).includes("$") ? undefined : replacerOf(place);
	if (replacer !== undefined) {
		const what = `the text at ${place.label} is a template: ${replacer}`;
		throw new CrossfadeError("refused", { what, where: { file }, fix: manualEdit(request) });
	}
	try {
		const inner = spliceOtelcol(block.text, file, { ...request, at: undefined });
		return { ...inner, text: block.put(inner.text) };
	} catch (error) {
		throw error instanceof CrossfadeError ? inFile(error, block) : error;
	}
}
