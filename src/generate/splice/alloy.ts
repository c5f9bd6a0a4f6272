import { CrossfadeError } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import {
	type AlloyAttribute,
	type AlloyBlockNode,
	type AlloyToken,
	listItems,
	parseAlloy,
	reference,
} from "./alloy-syntax.ts";
import { alloySettings } from "./alloy-values.ts";
import { applyEdits, type Edit, lineBreak, lineEnd, lineStart, positionOf } from "./edit.ts";
import { digest, entryMarker, readEntryMarker } from "./marker.ts";
import { foreignNote, processorNotes } from "./passage.ts";
import type { SpliceOutcome } from "./request.ts";

/** What to add to an Alloy config, or to remove. */
export interface AlloyRequest {
	readonly name: string;
	/** Our blocks as text without a trailing line break, by `name "label"`. */
	readonly blocks: Readonly<Record<string, string>>;
	/** The input that other components send to. */
	readonly input: string;
	/** Prefix of all our blocks' labels. */
	readonly label: string;
	readonly signals: readonly string[];
	readonly remove: boolean;
	readonly force: boolean;
}

/** Names of blocks that, with our label, are ours. */
const OWN_BLOCKS = ["local.file", "otelcol.auth.bearer", "otelcol.storage.file", "otelcol.exporter.otlphttp"];

/**
 * Updates our part of an Alloy config and changes no other byte: our blocks at the end of the file, our exporter after
 * the processors that follow each OTLP receiver. Throws (refused) if this cannot be done safely.
 */
export function spliceAlloy(text: string, file: string, request: AlloyRequest): SpliceOutcome {
	const cleaned = dropStale(text, file, request);
	if (request.remove) return { text: cleaned, wired: [], notes: [] };
	const blocks = topBlocks(cleaned, file);
	if (blocks.length === 0) throw noConfig(file, request);
	refuseSharing(cleaned, file, request, blocks);
	const lists = outputLists(cleaned, file, request, blocks);
	const edits = [...lists.map((list) => addToList(cleaned, list, request)), ...addBlocks(cleaned, blocks, request)];
	const result = applyEdits(
		cleaned,
		edits.filter((edit) => edit !== undefined),
	);
	if (dropStale(result, file, { ...request, remove: true }) !== dropStale(text, file, { ...request, remove: true })) {
		throw new Error("the change could not be reversed exactly; nothing was changed");
	}
	const notes = [...new Set(lists.flatMap((list) => passageOf(list, blocks, request)))];
	return { text: result, wired: lists.map(({ owner, signal }) => `${idOf(owner)} (${signal})`), notes };
}

function topBlocks(text: string, file: string): AlloyBlockNode[] {
	return parseAlloy(text, file).filter((statement) => statement.kind === "block");
}

function idOf({ name, label }: AlloyBlockNode): string {
	return label === undefined ? name : `${name}.${label}`;
}

/** Removes our outdated blocks and, with `remove`, our name from every list. */
function dropStale(text: string, file: string, request: AlloyRequest): string {
	const eol = lineBreak(text);
	const blocks = topBlocks(text, file);
	const edits: Edit[] = [];
	for (const block of blocks.filter((each) => isOwn(each, request))) {
		const from = lineStart(text, block.from);
		const marker = readEntryMarker(text.slice(lineStart(text, from - 1), from));
		const lines = text.slice(from, block.to).split(/\r?\n/);
		const asWritten = marker?.digest === digest(lines);
		if (!asWritten && !request.force) throw editedByHand(text, file, block);
		const wanted = ownEntry(request.blocks, `${block.name} "${block.label}"`);
		if (!request.remove && asWritten && wanted !== undefined && digest(wanted.split("\n")) === digest(lines)) continue;
		const start = marker ? lineStart(text, from - 1) : from;
		const gap = text.slice(0, start).endsWith(eol + eol) ? 2 * eol.length : 0;
		edits.push({ at: start - gap, remove: block.to - start + gap, insert: "" });
	}
	const lists = request.remove ? allLists(blocks) : [];
	return applyEdits(text, [...edits, ...lists.flatMap((items) => dropFromList(items, request.input))]);
}

function isOwn({ name, label }: AlloyBlockNode, request: AlloyRequest): boolean {
	return OWN_BLOCKS.includes(name) && (label === request.label || label === `${request.label}_token`);
}

/** Refuses where another component uses our authenticator or our token. */
function refuseSharing(text: string, file: string, request: AlloyRequest, blocks: readonly AlloyBlockNode[]): void {
	const { label } = request;
	const ours = [`otelcol.auth.bearer.${label}.`, `local.file.${label}_token.`, `local.file.${label}.`];
	const uses = ({ body }: AlloyBlockNode): boolean =>
		body.some((each) => {
			if (each.kind === "block") return uses(each);
			const value = each.value.map((token) => token.text).join("");
			return ours.some((id) => value.includes(id));
		});
	const other = blocks.find((block) => !isOwn(block, request) && uses(block));
	if (!other) return;
	throw new CrossfadeError("refused", {
		what: `${shown(idOf(other))} also uses the token of ${label}: it would get the new one, too`,
		where: { file, ...positionOf(text, other.from) },
		fix: `give ${shown(idOf(other))} an authenticator of its own, or choose another --name`,
	});
}

function editedByHand(text: string, file: string, block: AlloyBlockNode): CrossfadeError {
	return new CrossfadeError("refused", {
		what: `${idOf(block)} already exists, and is not as crossfade wrote it`,
		expected: "no such block, or one written by crossfade and not edited",
		where: { file, ...positionOf(text, block.from) },
		fix: "rename it, choose another --name, or add --force to replace or remove it",
	});
}

function noConfig(file: string, request: AlloyRequest): CrossfadeError {
	const what = "no Alloy component found in this file";
	return new CrossfadeError("refused", {
		what,
		expected: "otelcol.receiver.otlp or another receiver",
		where: { file },
		fix: `name the file that contains it; or ${manualAlloy(request)}`,
	});
}

/** What to write by hand where we cannot do it safely: our blocks, and where their input goes. */
export function manualAlloy({ blocks, input, signals, remove }: AlloyRequest): string {
	if (remove) return "remove our blocks by hand";
	const lines = Object.values(blocks).join("\n\n").split("\n");
	return [
		"add by hand:",
		...lines.map((line) => (line === "" ? "" : `    ${line}`)),
		`    to the output lists for ${signals.join(" and ")} of the last processor, or of the receiver: ${input}`,
	].join("\n");
}

/** An attribute such as `logs = [a.input]` in the `output` block of a component. */
interface OutputList {
	readonly owner: AlloyBlockNode;
	readonly signal: string;
	readonly attribute: AlloyAttribute;
	readonly items: readonly AlloyToken[][];
	/** The receiver, and what follows it up to this list. */
	readonly chain: readonly AlloyBlockNode[];
}

/** Where our exporter goes for each signal: from each receiver, past a chain of processors, to the first list that fans out or ends. */
function outputLists(
	text: string,
	file: string,
	request: AlloyRequest,
	blocks: readonly AlloyBlockNode[],
): OutputList[] {
	const receivers = blocks.filter(({ name }) => name.startsWith("otelcol.receiver."));
	const otlp = receivers.filter(({ name }) => name === "otelcol.receiver.otlp");
	const roots = otlp.length > 0 ? otlp : receivers;
	const byId = new Map(blocks.map((block) => [idOf(block), block]));
	const found = new Map<AlloyAttribute, OutputList>();
	for (const signal of request.signals) {
		for (const root of roots) {
			const list = lastList(text, file, request, byId, root, signal);
			if (list) found.set(list.attribute, list);
		}
	}
	if (found.size > 0) return [...found.values()];
	const module = blocks.find((each) => ["declare", "foreach"].includes(each.name) && hasReceiver(each));
	const none = `no receiver in this file has an output for ${request.signals.join(" or ")}`;
	const why =
		module?.name === "declare"
			? "such a module sees only its own components, so ours belong there, too"
			: "its template is made once for each item, and is not changed";
	const inside = `the receivers of this file are inside ${module?.name} ${JSON.stringify(shown(module?.label ?? ""))}: ${why}`;
	throw new CrossfadeError("refused", {
		what: module ? inside : none,
		expected: "otelcol.receiver.otlp with an output block",
		where: { file, ...(module ? positionOf(text, module.from) : {}) },
		fix: module ? manualAlloy(request) : `select existing signals with --signals; or ${manualAlloy(request)}`,
	});
}

/** What stands between the receiver and a list, and which other receivers send through it. */
function passageOf({ chain, signal }: OutputList, blocks: readonly AlloyBlockNode[], request: AlloyRequest): string[] {
	const [root, ...processors] = chain;
	const inputs = processors.map((each) => `${idOf(each)}.input`);
	const others = blocks.filter(
		(each) =>
			each !== root &&
			each.name.startsWith("otelcol.receiver.") &&
			each.name !== "otelcol.receiver.otlp" &&
			allLists([each]).some((items) => items.some((item) => inputs.includes(reference(item) ?? ""))),
	);
	const name = request.input.replace(/\.input$/, "");
	return [
		...processors
			.flatMap((each) =>
				processorNotes(idOf(each), each.name.replace("otelcol.processor.", ""), signal, signal, alloySettings(each)),
			)
			.map(({ what }) => what),
		...others.map((each) => foreignNote(idOf(each), `the ${signal} of ${idOf(root ?? each)}`, name)),
	];
}

function hasReceiver({ body }: AlloyBlockNode): boolean {
	return body.some((each) => each.kind === "block" && (each.name.startsWith("otelcol.receiver.") || hasReceiver(each)));
}

function lastList(
	text: string,
	file: string,
	request: AlloyRequest,
	byId: ReadonlyMap<string, AlloyBlockNode>,
	root: AlloyBlockNode,
	signal: string,
) {
	const seen = new Set<AlloyBlockNode>();
	let owner = root;
	for (;;) {
		seen.add(owner);
		const list = outputOf(text, file, request, owner, signal, [...seen]);
		const others = list?.items.map(reference).filter((each) => each !== request.input);
		const [only] = others ?? [];
		const next = others?.length === 1 && only ? byId.get(only.replace(/\.input$/, "")) : undefined;
		if (!list || !next?.name.startsWith("otelcol.processor.") || seen.has(next)) return list;
		if (!outputOf(text, file, request, next, signal, [])) return list;
		owner = next;
	}
}

function outputOf(
	text: string,
	file: string,
	request: AlloyRequest,
	owner: AlloyBlockNode,
	signal: string,
	chain: readonly AlloyBlockNode[],
): OutputList | undefined {
	const output = owner.body.find((each): each is AlloyBlockNode => each.kind === "block" && each.name === "output");
	const attribute = output?.body.find(
		(each): each is AlloyAttribute => each.kind === "attribute" && each.name === signal,
	);
	if (!attribute) return undefined;
	const items = listItems(attribute.value);
	if (items) return { owner, signal, attribute, items, chain };
	throw new CrossfadeError("refused", {
		what: `the ${signal} output of ${idOf(owner)} is not a list in brackets`,
		where: { file, ...positionOf(text, attribute.from) },
		fix: manualAlloy(request),
	});
}

function addToList(text: string, { attribute, items }: OutputList, { input }: AlloyRequest): Edit | undefined {
	if (items.some((item) => reference(item) === input)) return undefined;
	const last = items.at(-1);
	const open = attribute.value[0];
	if (!last?.[0] || !open) return { at: open?.to ?? attribute.to, remove: 0, insert: input };
	const at = last.at(-1)?.to ?? attribute.to;
	const from = last[0].from;
	const margin = text.slice(lineStart(text, from), from);
	const ownLine = margin.trim() === "" && text.slice(at, lineEnd(text, at)).trim() === ",";
	return { at, remove: 0, insert: ownLine ? `,${lineBreak(text)}${margin}${input}` : `, ${input}` };
}

function addBlocks(text: string, blocks: readonly AlloyBlockNode[], request: AlloyRequest): Edit[] {
	const eol = lineBreak(text);
	const present = blocks.map(({ name, label }) => `${name} "${label}"`);
	const missing = Object.entries(request.blocks).filter(([id]) => !present.includes(id));
	const chunks = missing.map(([, block]) => {
		const marker = entryMarker(request.name, block.split("\n"), "//");
		return `${eol}${eol}${marker}${eol}${block.replaceAll("\n", eol)}`;
	});
	return chunks.length === 0 ? [] : [{ at: text.trimEnd().length, remove: 0, insert: chunks.join("") }];
}

/** Every list in brackets of every component, as its items. */
function allLists(blocks: readonly AlloyBlockNode[]): AlloyToken[][][] {
	return blocks.flatMap((block) =>
		block.body.flatMap((each) => {
			if (each.kind === "block") return allLists([each]);
			const items = listItems(each.value);
			return items ? [items] : [];
		}),
	);
}

function dropFromList(items: readonly AlloyToken[][], input: string): Edit[] {
	return items.flatMap((item, index) => {
		if (reference(item) !== input) return [];
		const before = items[index - 1]?.at(-1)?.to;
		const after = items[index + 1]?.[0]?.from;
		const at = before ?? item[0]?.from ?? 0;
		const end = before === undefined && after !== undefined ? after : (item.at(-1)?.to ?? at);
		return [{ at, remove: end - at, insert: "" }];
	});
}
