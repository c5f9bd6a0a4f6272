import { isAbsolute } from "node:path";
import { type FoundInFile, planForFile, spliceText } from "../api/splice-text.ts";
import type { ExitName } from "../base/errors.ts";
import { versionText } from "../base/versions.ts";
import type { Effects } from "../effects/effects.ts";
import type { CollectorPlan } from "../generate/plan/collector.ts";
import { planSummary } from "../generate/plan/summary.ts";
import { decodeText } from "../generate/splice/encoding.ts";
import type { SpliceResult } from "../generate/splice/request.ts";
import { shapeOf } from "../generate/splice/shape.ts";
import type { Invocation } from "./command.ts";

/** No collector config is larger; anything beyond is the wrong file. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

type Options = Invocation["options"];

/** `--into`: adds our entries to a file, or removes them, and prints, compares or writes the result. `usual` is the plan by the flags alone. */
export async function spliceInto(
	fx: Effects,
	usual: CollectorPlan,
	replan: (found: FoundInFile) => CollectorPlan,
	options: Options,
): Promise<ExitName> {
	const path = String(options["into"]);
	const file = path === "-" ? "<stdin>" : path;
	const before = await fx.files.read(path, { maxBytes: MAX_CONFIG_BYTES });
	const { text, encode } = decodeText(before, file);
	const list = options["pipelines"];
	const at = typeof options["at"] === "string" ? options["at"] : undefined;
	const { targetVersion, platform } = options;
	const { plan, isReleaseFound } = await planForFile(text, file, usual, { targetVersion, platform, at }, replan);
	const release = targetVersion === undefined ? releaseNote(plan, isReleaseFound) : undefined;
	for (const warning of plan.warnings) fx.terminal.warn(warning);
	const outcome = await spliceText(text, file, plan, {
		remove: options["remove"] === true,
		force: options["force"] === true,
		pipelines: typeof list === "string" ? list.split(",").map((word) => word.trim()) : undefined,
		at,
	});
	const changed = outcome.text !== text;
	const files =
		options["out"] === undefined
			? undefined
			: await writeRunbook(fx, options, plan, { path, text, at, needs: outcome.before });
	const after = encode(outcome.text);
	const summary = {
		...planSummary(plan),
		file,
		changed,
		wired: outcome.wired,
		notes: outcome.notes,
		before: outcome.before,
		...(files && { files }),
	};
	const told = { ...outcome, release, runbook: files?.at(-1) };
	if (options["write"]) {
		const backup = changed
			? await fx.files.replace(path, after, { expected: before, backupSuffix: backupSuffix(fx) })
			: undefined;
		if (options["json"]) fx.terminal.print(`${JSON.stringify({ ...summary, backup }, undefined, 2)}\n`);
		else tell(fx, plan, told, changed ? `${file} changed; backup: ${backup}` : `${file} is already up to date`);
	} else if (options["json"]) {
		fx.terminal.print(`${JSON.stringify({ ...summary, text: outcome.text }, undefined, 2)}\n`);
	} else if (options["diff"]) {
		const { renderDiff } = await import("../generate/render/diff.ts");
		const { protectLiterals } = await import("../generate/check/literals.ts");
		protectLiterals(text, file, plan.distribution.dialect);
		fx.terminal.print(changed ? renderDiff(file, text, outcome.text, fx.terminal.color) : "");
		tell(fx, plan, told, changed ? "nothing was changed: add --write to apply this" : "no difference");
	} else {
		fx.terminal.printBytes(after);
		tell(fx, plan, told, changed ? "" : "no difference");
	}
	return "ok";
}

interface Spliced {
	readonly path: string;
	readonly text: string;
	readonly at: string | undefined;
	readonly needs: readonly string[];
}

/** `--out`: the runbook of this file, and what goes with it. Returns the paths, the runbook's last. */
async function writeRunbook(
	fx: Effects,
	options: Options,
	plan: CollectorPlan,
	{ path, text, at, needs }: Spliced,
): Promise<readonly string[]> {
	const { renderBundleFor } = await import("../generate/render/bundle.ts");
	const { kind, page } = shapeOf(text, path, plan.distribution, at);
	const isPlain = kind === "plain";
	const { metrics } = plan.distribution;
	const distribution = { ...plan.distribution, metrics: { ...metrics, url: page?.url ?? metrics.url } };
	// The runbook's commands name the file on the collector's host; a relative name is that of a copy.
	const host = isPlain && isAbsolute(path) ? { ...plan.host, config: path } : plan.host;
	const flags = (["targetVersion", "at", "pipelines"] as const).flatMap((name) => {
		const value = options[name];
		return typeof value === "string" ? [FLAGS[name], value] : [];
	});
	const artefacts = renderBundleFor(
		{ ...plan, host, distribution },
		{ file: path, flags, isPlain, needs, unseen: page?.obstacle },
	);
	return fx.files.writeAll(String(options["out"]), artefacts, { force: options["force"] === true });
}

const FLAGS = { targetVersion: "--target-version", at: "--at", pipelines: "--pipelines" } as const;

/** From where the release is known that the user did not say. */
function releaseNote({ release }: CollectorPlan, isFound: boolean): string {
	const own = versionText(release.own);
	return isFound
		? `${own}, by the image in this file`
		: `${own}, the newest known: if yours is older, add --target-version`;
}

type Told = SpliceResult & { readonly release: string | undefined; readonly runbook: string | undefined };

function tell(fx: Effects, plan: CollectorPlan, { wired, notes, before, release, runbook }: Told, last: string): void {
	if (wired.length > 0) fx.terminal.note(`wired     ${wired.join(", ")} -> ${plan.ids.exporter}`);
	if (wired.length > 0 && release !== undefined) fx.terminal.note(`release   ${release}`);
	for (const note of notes) fx.terminal.note(`note      ${note}`);
	for (const need of before) fx.terminal.note(`start     ${need}`);
	if (runbook !== undefined) fx.terminal.note(`next      read ${runbook}`);
	else if (before.length > 0) fx.terminal.note("token     for the steps to store and rotate it, add --out <folder>");
	if (last !== "") fx.terminal.note(last);
}

/** `.crossfade-backup-YYYYMMDD-HHMMSS`, in UTC. */
function backupSuffix(fx: Effects): string {
	const digits = new Date(fx.clock.now()).toISOString().replace(/\D/g, "");
	return `.crossfade-backup-${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
}
