import schema from "../../adapters/collectors/alloy.schema.json" with { type: "json" };
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import type { AlloyAttribute, AlloyBlockNode, AlloyStatement } from "../splice/alloy-syntax.ts";
import type { ConfigFinding } from "./rules.ts";

/** What a block may hold. */
interface Settings {
	readonly attributes: readonly string[];
	readonly required?: readonly string[];
	readonly blocks?: Readonly<Record<string, Settings>>;
	readonly isRequired?: boolean;
	readonly isRepeated?: boolean;
	/** What other components can refer to. */
	readonly exports?: readonly string[];
}

const components: Readonly<Record<string, Settings>> = schema.components;

/** The release that the tables of settings are of. */
export const settingsRelease: string = schema.release;

/** Whether the settings of a component are in our tables. */
export function hasSettings(name: string): boolean {
	return ownEntry(components, name) !== undefined;
}

/** What a component exports; undefined if that is not in our tables. */
export function exportsOf(name: string): readonly string[] | undefined {
	return ownEntry(components, name)?.exports;
}

/** Settings of the components around our exporter that Alloy refuses. What others accept is not known here. */
export function settingFindings(block: AlloyBlockNode): ConfigFinding[] {
	const settings = ownEntry(components, block.name);
	return settings ? inside(block, settings, alloyId(block)) : [];
}

function inside({ body, from }: AlloyBlockNode, settings: Settings, place: string): ConfigFinding[] {
	const { attributes, required = [], blocks = {} } = settings;
	const names = [...attributes, ...Object.keys(blocks)];
	const known = body.flatMap((each): ConfigFinding[] => {
		const inner = each.kind === "block" ? ownEntry(blocks, each.name) : undefined;
		if (each.kind === "block" && inner) return inside(each, inner, `${each.name} of ${place}`);
		// Which blocks there will be, only the running program knows.
		if (each.kind === "block" && each.name.startsWith("dynamic")) return [];
		if (each.kind === "attribute" && attributes.includes(each.name)) return [];
		const meant = nearest(each.name, names);
		const fix = meant && `Did you mean ${meant}?`;
		const kind = each.kind === "block" ? "block" : "setting";
		return [{ rule: "unknown-field", at: each.from, what: `${place} has no ${kind} ${shown(each.name)}`, fix }];
	});
	const has = (name: string) => body.some((each) => each.name === name);
	const needed = [...required, ...Object.keys(blocks).filter((name) => ownEntry(blocks, name)?.isRequired)];
	const missing = needed
		.filter((name) => !has(name))
		.map((name): ConfigFinding => ({ rule: "missing-setting", at: from, what: `${place} has no ${name}` }));
	const repeated = (name: string) => ownEntry(blocks, name)?.isRepeated === true;
	return [...known, ...missing, ...twice(body.filter((each) => each.kind === "block" && !repeated(each.name)))];
}

/** Names that stand twice where each may stand once. */
function twice(statements: readonly AlloyStatement[]): ConfigFinding[] {
	return statements
		.filter((each, index) => statements.findIndex(({ name }) => name === each.name) < index)
		.map(({ name, from }) => ({ rule: "duplicate-block", at: from, what: `${shown(name)} is there twice` }));
}

/** Blocks that a file may have once. */
const SINGLE = ["logging", "tracing", "http", "remotecfg", "livedebugging"];

/** What no module may hold: a component without a label or with one that is taken, a setting outside blocks, a setting twice. */
export function moduleShape(
	statements: readonly AlloyStatement[],
	isComponent: (name: string) => boolean,
): ConfigFinding[] {
	const blocks = statements.filter((each) => each.kind === "block");
	const ids = blocks.map(alloyId);
	return [
		...statements.flatMap((each): ConfigFinding[] =>
			each.kind === "attribute"
				? [{ rule: "unknown-field", at: each.from, what: `the setting ${shown(each.name)} is in no block` }]
				: repeatedSettings(each),
		),
		...blocks.flatMap((block, index): ConfigFinding[] => {
			const id = shown(alloyId(block));
			if (isComponent(block.name) && block.label === undefined)
				return [{ rule: "missing-setting", at: block.from, what: `the component ${id} has no label` }];
			const isTaken = ids.indexOf(alloyId(block)) < index && (isComponent(block.name) || SINGLE.includes(block.name));
			return isTaken ? [{ rule: "duplicate-block", at: block.from, what: `${id} is defined twice` }] : [];
		}),
	];
}

/** Settings that stand twice in a block or in one inside it. */
function repeatedSettings({ body }: AlloyBlockNode): ConfigFinding[] {
	return [
		...twice(body.filter((each): each is AlloyAttribute => each.kind === "attribute")),
		...body.flatMap((each) => (each.kind === "block" ? repeatedSettings(each) : [])),
	];
}

export function alloyId({ name, label }: Pick<AlloyBlockNode, "name" | "label">): string {
	return label === undefined ? name : `${name}.${label}`;
}
