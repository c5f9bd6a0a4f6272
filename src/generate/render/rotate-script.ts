import held from "../../../templates/sh/rotate/held.sh";
import place from "../../../templates/sh/rotate/place.sh";
import proof from "../../../templates/sh/rotate/proof.sh";
import queues from "../../../templates/sh/rotate/queues.sh";
import run from "../../../templates/sh/rotate/run.sh";
import template from "../../../templates/sh/rotate.sh.hbs";
import fingerprint from "../../../templates/sh/shared/fingerprint.sh";
import hidden from "../../../templates/sh/shared/hidden.sh";
import lock from "../../../templates/sh/shared/lock.sh";
import put from "../../../templates/sh/shared/put.sh";
import tokenRules from "../../../templates/sh/shared/token.sh";
import { CrossfadeError } from "../../base/errors.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { alloyLabel } from "./alloy-text.ts";
import { fileOf, inspection, uptakeOf, validateCommand } from "./platforms/shared.ts";
import { renderRotatePowerShell } from "./rotate-ps1.ts";
import { rotateScriptFacts } from "./rotate-script-facts.ts";
import { renderTemplate } from "./template.ts";

/** Whether a script on the collector's own host can rotate its token. */
export function hasRotateScript({ platform, delivery }: CollectorPlan): boolean {
	return (platform === "systemd" || platform === "docker" || platform === "windows") && delivery.way !== "env";
}

/**
 * The script that installs a new token, makes the collector use it, verifies it, and restores the old one if it fails: in POSIX sh, or in
 * PowerShell for Windows.
 */
export function renderRotateScript(plan: CollectorPlan): string {
	if (!hasRotateScript(plan)) {
		const what = plan.delivery.way === "env" ? "an environment variable" : `a token on ${plan.platform}`;
		throw new CrossfadeError("usage", {
			what: `a script on the host cannot rotate ${what}`,
			expected: "--platform systemd, docker or windows, and a token file",
			where: { file: "--rotate-script" },
			fix: "follow the RUNBOOK.md that --out writes",
		});
	}
	const { windows } = plan.distribution.hosts;
	if (plan.platform === "windows" && windows)
		return renderRotatePowerShell(plan, { ...windows, config: plan.host.config });
	return renderRotateSh(plan);
}

function renderRotateSh(plan: CollectorPlan): string {
	const { host, delivery } = plan;
	const found = inspection(plan);
	const top = renderTemplate(template, {
		...rotateScriptFacts(plan),
		owner: host.owner,
		config: host.config,
		validate: delivery.apply === "reload" ? validation(plan) : "",
		apply: applyCommand(plan),
		findPid: found?.pid ?? "",
		logs: found?.logs ?? "",
		...taken(plan),
		put,
		fingerprint,
		tokenRules,
		hidden,
		held,
		lock,
	});
	return [top, queues, place, proof, run].join("\n");
}

/** What tells the script that the collector has read the new token, and what else the line must contain. */
function taken(plan: CollectorPlan): { taken: string; takenBy: string; takenLabel: string } {
	const { delivery, name, tokenFile } = plan;
	const uptake = uptakeOf(plan);
	if ("metric" in uptake) {
		return {
			taken: "metric",
			takenBy: uptake.metric,
			takenLabel: `component_id="local.file.${alloyLabel(name)}_token"`,
		};
	}
	return { taken: "log", takenBy: uptake.log, takenLabel: delivery.apply === "nothing" ? fileOf(tokenFile) : "" };
}

/** What to run after the file changes; empty if the collector watches it. */
function applyCommand({ delivery, host }: CollectorPlan): string {
	if (delivery.apply === "nothing") return "";
	return delivery.apply === "reload" ? (host.reload ?? host.restart) : host.restart;
}

/** The collector's own validation, run as its account or in its container. */
function validation(plan: CollectorPlan): string {
	const { docker } = plan.distribution.hosts;
	const command = validateCommand(plan, plan.host.config);
	if (!command) return "";
	if (plan.platform === "docker" && docker) {
		return `docker compose exec -T otelcol ${docker.program} ${command.slice(command.indexOf(" ") + 1)}`;
	}
	return `runuser -u ${plan.host.owner.split(":")[0]} -- ${command}`;
}
