import type { Platform } from "../adapters/collectors/distribution.ts";
import { signals } from "../adapters/providers/provider.ts";
import { CrossfadeError } from "../base/errors.ts";
import { foreignFormat } from "../generate/check/foreign.ts";
import { isDockerfile, isUnitOrScript } from "../generate/check/scripts.ts";
import type { CollectorPlan } from "../generate/plan/collector.ts";
import { hasComponent } from "../generate/plan/release.ts";
import { alloyFragment, alloyInput } from "../generate/render/alloy.ts";
import { alloyLabel, alloyText } from "../generate/render/alloy-text.ts";
import { beforeNextStart } from "../generate/render/next-start.ts";
import { otelcolFragment } from "../generate/render/otelcol.ts";
import { type AlloyRequest, manualAlloy, spliceAlloy } from "../generate/splice/alloy.ts";
import { spliceAlloyInYaml } from "../generate/splice/alloy-embedded.ts";
import { spliceOtelcol } from "../generate/splice/otelcol.ts";
import {
	manualEdit,
	type OtelcolRequest,
	type SpliceOutcome,
	type SpliceResult,
	type WantedEntry,
} from "../generate/splice/request.ts";
import { shapeOf } from "../generate/splice/shape.ts";
import { parseYaml } from "../generate/splice/yaml-document.ts";

/** How ours goes into a text. */
export interface SpliceWish {
	/** Take ours out. */
	readonly remove: boolean;
	/** Replace what was edited by hand. */
	readonly force: boolean;
	readonly pipelines: readonly string[] | undefined;
	readonly at: string | undefined;
}

/** The flags that were given; the file decides the rest. */
interface SpliceFlags {
	readonly targetVersion: unknown;
	readonly platform: unknown;
	readonly at: string | undefined;
}

/** What a file adds to a plan: the release of its image, and the platform it is for. */
export interface FoundInFile {
	readonly targetVersion?: string;
	readonly platform?: Platform;
}

/** The plan for a file: `usual` is the one without it, `replan` makes another. Also whether the release is known from the file. */
export async function planForFile(
	text: string,
	file: string,
	usual: CollectorPlan,
	given: SpliceFlags,
	replan: (found: FoundInFile) => CollectorPlan | Promise<CollectorPlan>,
): Promise<{ readonly plan: CollectorPlan; readonly isReleaseFound: boolean }> {
	const { distribution } = usual;
	const { release, platform, usesOldName } = shapeOf(text, file, distribution, given.at);
	const isUnknown = given.targetVersion === undefined && release === undefined;
	const plan = await replan({
		...(given.targetVersion === undefined && release !== undefined ? { targetVersion: release } : {}),
		...(given.platform === undefined && platform && distribution.hosts[platform] ? { platform } : {}),
	});
	// The release is unknown: the old name starts in all of them.
	const staysOld = isUnknown && usesOldName && hasComponent(distribution, plan.release.own, "exporters", "otlphttp");
	return {
		plan: staysOld ? { ...plan, ids: { ...plan.ids, exporter: `otlphttp/${plan.name}` } } : plan,
		isReleaseFound: given.targetVersion === undefined && !isUnknown,
	};
}

/** Puts what a plan wants into the text of a file, or takes it out. Throws `CrossfadeError` (refused) where that is not safe. */
export async function spliceText(
	text: string,
	file: string,
	plan: CollectorPlan,
	wish: SpliceWish,
): Promise<SpliceResult> {
	const outcome = spliceOf(plan, text, file)(text, file, wish);
	if (wish.remove) return { ...outcome, before: [] };
	const before = beforeNextStart(plan, shapeOf(text, file, plan.distribution, wish.at));
	const { distribution, release } = plan;
	const { startedInstead, whyNotStarting } = await import("../generate/check/not-starting.ts");
	const refused = whyNotStarting(outcome.text, text, file, { distribution, own: release.own });
	const others = distribution.dialect === "alloy" ? [] : startedInstead(parseYaml(text, file));
	const notes = [...outcome.notes, ...notTaken(plan), ...others];
	return { ...outcome, notes: refused === undefined ? notes : [refused, ...notes], before };
}

/** What the provider does not take stays with the file's own exporters; that it does not get it has to be said. */
function notTaken({ provider, signals: sent }: CollectorPlan): string[] {
	const missing = signals.filter((signal) => !provider.takes.includes(signal) && !sent.includes(signal));
	if (missing.length === 0) return [];
	return [`${provider.title} takes ${provider.takes.join(" and ")}, so no ${missing.join(" or ")} are sent to it`];
}

type Splice = (text: string, file: string, wish: SpliceWish) => SpliceOutcome;

/** A script is changed by hand, as a template is. */
const SCRIPT = {
	what: "this is a script or a unit, and no config",
	fix: "change the config that it writes or names",
};

function spliceOf(plan: CollectorPlan, whole: string, file: string): Splice {
	const isAlloy = plan.distribution.dialect === "alloy";
	const foreign =
		foreignFormat(file) ?? (isDockerfile(whole, file) || isUnitOrScript(whole, file) ? SCRIPT : undefined);
	if (foreign) {
		return (_text, _file, wish) => {
			const byHand = isAlloy ? manualAlloy(alloyRequest(plan, wish)) : manualEdit(otelcolRequest(plan, wish));
			const fix = `${foreign.fix}; or ${byHand}`;
			throw new CrossfadeError("refused", { what: foreign.what.replace(/: .*/, ""), where: { file }, fix });
		};
	}
	if (!isAlloy) return (text, name, wish) => spliceOtelcol(text, name, otelcolRequest(plan, wish));
	const spliceHere = /\.ya?ml$/.test(file) ? spliceAlloyInYaml : spliceAlloy;
	return (text, name, wish) => spliceHere(text, name, alloyRequest(plan, wish));
}

function alloyRequest(plan: CollectorPlan, { remove, force }: SpliceWish): AlloyRequest {
	const blocks = alloyFragment(plan).map(
		(block) => [`${block.name} "${block.label}"`, alloyText([block]).trimEnd()] as const,
	);
	const common = { name: plan.name, signals: plan.signals, remove, force };
	return { ...common, label: alloyLabel(plan.name), input: alloyInput(plan), blocks: Object.fromEntries(blocks) };
}

function otelcolRequest(plan: CollectorPlan, { remove, force, pipelines, at }: SpliceWish): OtelcolRequest {
	const { extensions, exporters } = otelcolFragment(plan);
	const entries = Object.entries({ extensions, exporters }).flatMap(([section, map]) =>
		Object.entries(map).map(([id, value]): WantedEntry => ({ section, id, value: value as WantedEntry["value"] })),
	);
	const common = { name: plan.name, signals: plan.signals, remove, force };
	return { ...common, entries, exporter: plan.ids.exporter, pipelines, at };
}
