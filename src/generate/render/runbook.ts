import template from "../../../templates/md/runbook.md.hbs";
import type { Platform } from "../../adapters/collectors/distribution.ts";
import { UNTRIED_WINDOWS } from "../../adapters/collectors/hosts.ts";
import { ps, sh } from "../../base/quote.ts";
import { version } from "../../base/version.ts";
import { versionText } from "../../base/versions.ts";
import { type CollectorPlan, keepsQueue } from "../plan/collector.ts";
import type { Artefact, PlatformPieces, RunbookStep } from "./artefact.ts";
import { acceptedSteps, attributionSection } from "./attribution-runbook.ts";
import { backlogRows, backlogSource, queueLoss, unseenRetries } from "./backlog.ts";
import { podPages } from "./platforms/kubernetes.ts";
import { addToConfig, exporterLabel, queueCommand } from "./platforms/shared.ts";
import { hasRotateScript } from "./rotate-script.ts";
import { renderTemplate } from "./template.ts";

/** A config with work of its own, which the backend is added to. */
export interface ExistingConfig {
	/** As it was named. */
	readonly file: string;
	/** Flags that say where in the file. */
	readonly flags: readonly string[];
	/** Whether it is the config alone, and not a manifest, values or a resource with one in it. */
	readonly isPlain: boolean;
	/** What has to exist before the next start: sentences, or a sentence with lines to add. */
	readonly needs: readonly string[];
	/** Why the page of its own metrics cannot be read, or is not known; undefined if it is as the commands have it. */
	readonly unseen: string | undefined;
}

/** RUNBOOK.md: how to rotate this token on this distribution, release and platform. */
export function renderRunbook(
	plan: CollectorPlan,
	pieces: PlatformPieces,
	artefacts: readonly Artefact[],
	existing?: ExistingConfig,
): string {
	const { distribution, release, provider, host, delivery, platform } = plan;
	const isEnv = delivery.way === "env";
	const text = renderTemplate(template, {
		provider: provider.title,
		distribution: distribution.title,
		version: versionText(release.own),
		tool: version,
		platform,
		config: existing?.file ?? host.config,
		tokenSource: isEnv ? `environment variable ${provider.variable}` : plan.tokenFile,
		owner: host.owner,
		reason: delivery.reason,
		applied: appliedOf(plan),
		backlog: {
			rows: backlogRows(plan),
			source: backlogSource(plan),
			loss: queueLoss(plan),
			unseen: unseenRetries(plan),
			canKeep: keepsQueue(platform),
			others: otherQueues(plan),
			command: queueLoss(plan) === undefined && plan.delivery.apply === "nothing" ? undefined : queueText(plan),
		},
		overlap: provider.overlap,
		rotation: provider.rotation,
		exporterLabel: exporterLabel(plan),
		metricsUrl: distribution.metrics.url,
		files: artefacts.map(({ path, purpose }) => ({ path, purpose })),
		notes: [
			...(existing ? [...pageNotes(plan, existing), ...placeNotes(plan, existing)] : []),
			...(host.notes ?? []),
			...stabilityNote(plan),
			...(platform === "windows" ? [UNTRIED_WINDOWS] : []),
		],
		agentSetup: distribution.agent ? `Behind it: ${distribution.agent.title}. ${distribution.agent.setup}` : "",
		install: numbered(existing ? addingSteps(plan, pieces, existing) : withAccepted(plan, pieces.install), 1),
		rotate: numbered(pieces.rotate, 2),
		rollBack: numbered(pieces.rollBack, 1),
		proof: { ...pieces.proof, shell: shellOf(pieces.proof) },
		stillOld: isEnv
			? "the process was not restarted"
			: "the collector's account cannot read the new file, another file was changed, or it is a single mounted file, which never updates",
		stillOldFix: isEnv ? "restart it" : "compare the path above with what the collector reads",
		rotateScript: hasRotateScript(plan),
		counts: plan.attribution && attributionSection(plan, plan.attribution),
		never: neverOf(plan),
	});
	return text.replace(/\n{3,}/g, "\n\n");
}

/** The setup with the tokens that clients use stored before the first step of the config that reads them. */
function withAccepted(plan: CollectorPlan, install: readonly RunbookStep[]): RunbookStep[] {
	const at = install.findIndex(({ isForOurConfig }) => isForOurConfig);
	return [...install.slice(0, at), ...acceptedSteps(plan), ...install.slice(at)];
}

/** Collectors whose config is a file on their host, which the platform's own steps validate and restart. */
const ON_HOST: readonly Platform[] = ["systemd", "windows"];

/** The setup of a collector that keeps its config: the token, our entries, what they need, and the next start. */
function addingSteps(plan: CollectorPlan, { install }: PlatformPieces, existing: ExistingConfig): RunbookStep[] {
	const { platform } = plan;
	const isOnHost = existing.isPlain && ON_HOST.includes(platform);
	const isWindows = platform === "windows";
	const shell = isWindows ? ({ shell: "powershell" } as const) : {};
	const command = addToConfig(plan, isWindows ? ps : sh, { file: existing.file, more: existing.flags }) ?? "";
	const at = install.findIndex(({ isForOurConfig }) => isForOurConfig);
	const apply = {
		text: "Apply the changed file the way you usually do, restart the collector if that does not, and check its log.",
	};
	return [
		...install.slice(0, at),
		{
			...shell,
			text: "Add the backend to your config: everything else in it stays as it is, and a backup is kept. To see the change first, use --diff instead of --write.",
			commands: [isOnHost && !isWindows ? `sudo ${command}` : command],
		},
		...existing.needs.map(needStep),
		...(isOnHost ? install.slice(at).filter(({ isForOurConfig }) => !isForOurConfig) : [apply]),
	];
}

/** The checks read a page that this config does not serve, or serves where only a look at the collector tells. */
function pageNotes({ distribution }: CollectorPlan, { unseen }: ExistingConfig): string[] {
	if (unseen === undefined) return [];
	return [
		`The collector's own metrics, which the checks and the script read at ${distribution.metrics.url}, are not there or elsewhere: ${unseen}. Serve them under service.telemetry.metrics, or put their address into the commands, and into the script with --metrics. Until then nothing here shows whether exports succeed or how much waits.`,
	];
}

/** What the commands take for granted of a collector that we did not set up. */
function placeNotes({ platform, host, distribution }: CollectorPlan, { isPlain, file }: ExistingConfig): string[] {
	if (!isPlain || !ON_HOST.includes(platform) || distribution.hosts.systemd?.ownUnit !== undefined) {
		return [
			"Commands that name pods by their labels, a service or a task name those that crossfade sets up: put the names of your collector in their place.",
		];
	}
	if (file === host.config) return [];
	return [
		`The config was given by a relative path: the commands that validate take it for ${host.config}. Run crossfade with its full path on the collector's host, and all commands name it.`,
	];
}

/** What has to exist as a step; the lines to add come below it. A name in it comes from the file. */
function needStep(need: string): RunbookStep {
	const [first = "", ...lines] = need.replaceAll(/[<>]/g, "?").split("\n");
	const text = `${first.charAt(0).toUpperCase()}${first.slice(1)}${lines.length > 0 ? "" : "."}`;
	return lines.length > 0 ? { text, commands: lines.map((line) => line.slice(4)), shell: "yaml" } : { text };
}

/** What must not be done, by how the token is delivered. */
function neverOf({ delivery, distribution }: CollectorPlan): string[] {
	const kept =
		delivery.way === "env"
			? [
					"Put the token on a command line or in the config.",
					"Expect a reload to bring a new token: a running process never sees new values of its environment, whatever signal it gets.",
				]
			: [
					"Put the token on a command line, in an environment file or in the config: a running process never sees new values of its environment, whatever signal it gets.",
					"Edit the token file in place, or delete and rewrite it: write a new file next to it and rename it.",
				];
	return [...kept, ...(distribution.stopsOnHangup ? ["Send SIGHUP to this collector: it exits."] : [])];
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

/** What a reload or restart does to the exporters beside ours; measured on otelcol 0.155.0. */
function otherQueues({ delivery }: CollectorPlan): string | undefined {
	if (delivery.apply === "nothing") return undefined;
	return `A ${delivery.apply} ends every exporter of the collector: what others have waiting in a queue in memory is tried once more and then dropped, and while a queue is full (block_on_overflow) the ${delivery.apply} may not end before its backend takes data again. The command shows the queues of all of them.`;
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
