import edit from "../../../templates/awk/edit.awk";
import entry from "../../../templates/awk/entry.awk";
import get from "../../../templates/awk/get.awk";
import head from "../../../templates/awk/head.awk";
import json from "../../../templates/awk/json.awk";
import parse from "../../../templates/awk/parse.awk";
import place from "../../../templates/awk/place.awk";
import plan from "../../../templates/awk/plan.awk";
import run from "../../../templates/awk/run.awk";
import same from "../../../templates/awk/same.awk";
import set from "../../../templates/awk/set.awk";
import text from "../../../templates/awk/text.awk";
import toml from "../../../templates/awk/toml.awk";
import undo from "../../../templates/awk/undo.awk";
import value from "../../../templates/awk/value.awk";

/** What the editor can be asked to do: read values, compare with a plan, set what a plan says, take that back. */
export type EditorMode = "get" | "same" | "set" | "undo";

/** Every part in the order of the program, and the modes that need it; none listed means all. */
const parts: readonly { readonly program: string; readonly modes?: readonly EditorMode[] }[] = [
	{ program: head },
	{ program: text },
	{ program: parse },
	{ program: json },
	{ program: toml },
	{ program: value },
	{ program: plan, modes: ["get", "same", "set"] },
	{ program: get, modes: ["get"] },
	{ program: same, modes: ["same"] },
	{ program: edit, modes: ["set", "undo"] },
	{ program: set, modes: ["set"] },
	{ program: place, modes: ["set"] },
	{ program: undo, modes: ["undo"] },
];

/** The functions that read the plan of a mode and do its work. */
const calls: Readonly<Record<EditorMode, { readonly plan: string; readonly work: string }>> = {
	get: { plan: "read_questions()", work: "answer()" },
	same: { plan: "read_rows()", work: "compare()" },
	set: { plan: "read_settings()", work: "set_all()" },
	undo: { plan: "read_records()", work: "undo_all()" },
};

/** The awk program with what these modes need and nothing else; without its entry, functions alone that a test can call. */
export function editorProgram(modes: readonly EditorMode[], options: { readonly entry?: boolean } = {}): string {
	const used = parts.filter((part) => !part.modes || part.modes.some((mode) => modes.includes(mode)));
	const choice = (what: "plan" | "work") =>
		modes.map((mode) => `  if (mode == "${mode}") return ${calls[mode][what]}\n`).join("");
	const dispatch = [
		`function knows_mode() { return mode ~ /^(${modes.join("|")})$/ }\n`,
		`function read_plan() {\n${choice("plan")}}\n`,
		`function work() {\n${choice("work")}}\n`,
	];
	const program = [...used.map((part) => part.program), run, ...dispatch];
	return [...program, ...(options.entry === false ? [] : [entry])].join("\n");
}
