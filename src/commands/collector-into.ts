import { spliceText } from "../api/splice-text.ts";
import type { ExitName } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { CollectorPlan } from "../generate/plan/collector.ts";
import { planSummary } from "../generate/plan/summary.ts";
import { decodeText } from "../generate/splice/encoding.ts";
import type { SpliceOutcome } from "../generate/splice/request.ts";
import type { Invocation } from "./command.ts";

/** No collector config is larger; beyond it something else was named. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

type Options = Invocation["options"];

/** `--into`: adds ours to a file, or takes it out, and prints, compares or writes the result. */
export async function spliceInto(fx: Effects, plan: CollectorPlan, options: Options): Promise<ExitName> {
	const path = String(options["into"]);
	const file = path === "-" ? "<stdin>" : path;
	const before = await fx.files.read(path, { maxBytes: MAX_CONFIG_BYTES });
	const { text, encode } = decodeText(before, file);
	const list = options["pipelines"];
	const outcome = spliceText(text, file, plan, {
		remove: options["remove"] === true,
		force: options["force"] === true,
		pipelines: typeof list === "string" ? list.split(",").map((word) => word.trim()) : undefined,
		at: typeof options["at"] === "string" ? options["at"] : undefined,
	});
	const changed = outcome.text !== text;
	const after = encode(outcome.text);
	const summary = { ...planSummary(plan), file, changed, wired: outcome.wired, notes: outcome.notes };
	if (options["write"]) {
		const backup = changed
			? await fx.files.replace(path, after, { expected: before, backupSuffix: backupSuffix(fx) })
			: undefined;
		if (options["json"]) fx.terminal.print(`${JSON.stringify({ ...summary, backup }, undefined, 2)}\n`);
		else
			tell(
				fx,
				plan,
				outcome,
				changed ? `${file} changed; the old one is ${backup}` : `${file} is as it should be, nothing changed`,
			);
	} else if (options["json"]) {
		fx.terminal.print(`${JSON.stringify({ ...summary, text: outcome.text }, undefined, 2)}\n`);
	} else if (options["diff"]) {
		const { renderDiff } = await import("../generate/render/diff.ts");
		const { protectLiterals } = await import("../generate/check/literals.ts");
		protectLiterals(text, file, plan.distribution.dialect);
		fx.terminal.print(changed ? renderDiff(file, text, outcome.text, fx.terminal.color) : "");
		tell(fx, plan, outcome, changed ? "nothing was changed: add --write to do it" : "no difference");
	} else {
		fx.terminal.printBytes(after);
		tell(fx, plan, outcome, changed ? "" : "no difference");
	}
	return "ok";
}

function tell(fx: Effects, plan: CollectorPlan, { wired, notes }: SpliceOutcome, last: string): void {
	if (wired.length > 0) fx.terminal.note(`wired     ${wired.join(", ")} -> ${plan.ids.exporter}`);
	for (const note of notes) fx.terminal.note(`note      ${note}`);
	if (wired.length > 0 && plan.delivery.way !== "env") {
		fx.terminal.note(
			`token     the collector will read ${plan.tokenFile}; --out <folder> writes how to put it there and rotate it`,
		);
	}
	if (last !== "") fx.terminal.note(last);
}

/** `.crossfade-backup-YYYYMMDD-HHMMSS`, in UTC. */
function backupSuffix(fx: Effects): string {
	const digits = new Date(fx.clock.now()).toISOString().replace(/\D/g, "");
	return `.crossfade-backup-${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
}
