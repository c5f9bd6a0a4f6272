import type { MdmSpec } from "../../../spec/mdm.ts";
import type { Wrong } from "./finding.ts";

/** Compares the size of a script with what its vendor takes; `path` is its name in the kit, also for a copy with the token. */
export function limitProblems({ vehicle }: MdmSpec, path: string, text: string, wrong: Wrong): void {
	const script = vehicle.kit.scripts.find((each) => each.path === path);
	for (const { max, unit, source } of script?.limits ?? []) {
		const size = unit === "bytes" ? Buffer.byteLength(text) : text.length;
		if (size <= max) continue;
		const what = `it has ${size} ${unit}; ${vehicle.title} accepts at most ${max} (${source})`;
		wrong("limit", what, "select fewer CLIs with --cli");
	}
}
