import head from "../../../templates/ps1/editor/00-head.ps1";
import text from "../../../templates/ps1/editor/10-text.ps1";
import parse from "../../../templates/ps1/editor/20-parse.ps1";
import json from "../../../templates/ps1/editor/30-json.ps1";
import toml from "../../../templates/ps1/editor/35-toml.ps1";
import value from "../../../templates/ps1/editor/40-value.ps1";
import plan from "../../../templates/ps1/editor/45-plan.ps1";
import get from "../../../templates/ps1/editor/50-get.ps1";
import same from "../../../templates/ps1/editor/55-same.ps1";
import edit from "../../../templates/ps1/editor/60-edit.ps1";
import set from "../../../templates/ps1/editor/65-set.ps1";
import place from "../../../templates/ps1/editor/70-place.ps1";
import undo from "../../../templates/ps1/editor/75-undo.ps1";
import run from "../../../templates/ps1/editor/80-run.ps1";
import entry from "../../../templates/ps1/editor/90-entry.ps1";
import type { EditorMode } from "./editor.ts";

/** Every part in the order of the files' names, and the modes that need it, as in the awk editor; none listed means all. */
const parts: readonly { readonly text: string; readonly modes?: readonly EditorMode[] }[] = [
	{ text: head },
	{ text: text },
	{ text: parse },
	{ text: json },
	{ text: toml },
	{ text: value },
	{ text: plan },
	{ text: get, modes: ["get"] },
	{ text: same, modes: ["same", "set"] },
	{ text: edit, modes: ["set", "undo"] },
	{ text: set, modes: ["set"] },
	{ text: place, modes: ["set"] },
	{ text: undo, modes: ["undo"] },
	{ text: run },
	{ text: entry },
];

/** The editor of JSON and TOML files in PowerShell, functions alone, with what these modes need. */
export function powerShellEditor(modes: readonly EditorMode[]): string {
	const used = parts.filter((part) => !part.modes || part.modes.some((mode) => modes.includes(mode)));
	return used.map(({ text }) => text).join("\n");
}
