import template from "../../../templates/md/runbook.md.hbs";
import { UNTRIED_WINDOWS } from "../../adapters/collectors/hosts.ts";
import { version } from "../../base/version.ts";
import { versionText } from "../../base/versions.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import type { Artefact, PlatformPieces, RunbookStep } from "./artefact.ts";
import { attributionSection } from "./attribution-runbook.ts";
import { backlogRows, backlogSource, queueLoss } from "./backlog.ts";
import { podPages } from "./platforms/kubernetes.ts";
import { exporterLabel, queueCommand } from "./platforms/shared.ts";
import { hasRotateScript } from "./rotate-script.ts";
import { renderTemplate } from "./template.ts";

/** RUNBOOK.md: how to rotate this token on this distribution, release and platform. */
export function renderRunbook(plan: CollectorPlan, pieces: PlatformPieces, artefacts: readonly Artefact[]): string {
	const { distribution, release, provider, host, delivery, platform } = plan;
	const isEnv = delivery.way === "env";
	const text = renderTemplate(template, {
		provider: provider.title,
		distribution: distribution.title,
		version: versionText(release.own),
		tool: version,
		platform,
		config: host.config,
		tokenSource: isEnv ? `environment variable ${provider.variable}` : plan.tokenFile,
		owner: host.owner,
		reason: delivery.reason,
		applied: appliedOf(plan),
		backlog: { rows: backlogRows(plan), source: backlogSource(plan), loss: queueLoss(plan), command: queueText(plan) },
		overlap: provider.overlap,
		rotation: provider.rotation,
		exporterLabel: exporterLabel(plan),
		metricsUrl: distribution.metrics.url,
		files: artefacts.map(({ path, purpose }) => ({ path, purpose })),
		notes: [...(host.notes ?? []), ...stabilityNote(plan), ...(platform === "windows" ? [UNTRIED_WINDOWS] : [])],
		agentSetup: distribution.agent ? `Behind it: ${distribution.agent.title}. ${distribution.agent.setup}` : "",
		install: numbered(pieces.install, 1),
		rotate: numbered(pieces.rotate, 2),
		rollBack: numbered(pieces.rollBack, 1),
		proof: { ...pieces.proof, shell: shellOf(pieces.proof) },
		stillOld: isEnv
			? "the process was not restarted"
			: "the collector's account cannot read the new file, another file was changed, or it is a single mounted file, which never updates",
		stillOldFix: isEnv ? "restart it" : "compare the path above with what the collector reads",
		rotateScript: hasRotateScript(plan),
		counts: plan.attribution && attributionSection(plan, plan.attribution),
		never: distribution.stopsOnHangup ? ["Send SIGHUP to this collector: it exits."] : [],
	});
	return text.replace(/\n{3,}/g, "\n\n");
}

function stabilityNote({ stability, distribution, attribution }: CollectorPlan): string[] {
	if (!stability || !distribution.stabilityArgument) return [];
	const what = attribution ? "Counting by token" : "A queue on disk";
	return [`${what} requires starting the collector with ${distribution.stabilityArgument}${stability}.`];
}

const applied = {
	nothing: "nothing: no reload and no restart",
	reload: "a reload; it briefly refuses clients, and a broken config stops the collector",
	restart: "a restart; it refuses clients meanwhile",
} as const;

/** The command that shows how much waits. */
function queueText(plan: CollectorPlan): string {
	if (plan.platform !== "kubernetes") return queueCommand(plan);
	return podPages(plan, plan.distribution.metrics.url, "grep -F exporter_queue_size");
}

function appliedOf(plan: CollectorPlan): string {
	const loss = queueLoss(plan);
	const lost = loss === undefined ? "data that waits in the queue is kept" : `${loss}: see below`;
	return `${applied[plan.delivery.apply]}; ${lost}`;
}

function numbered(steps: readonly RunbookStep[], first: number) {
	return steps.map((step, index) => ({
		number: first + index,
		text: step.text,
		commands: step.commands ?? [],
		shell: shellOf(step),
	}));
}

function shellOf({ shell }: RunbookStep): string {
	return shell ?? "sh";
}
