import template from "../../templates/sh/rotate.sh.hbs";
import fingerprint from "../../templates/sh/shared/fingerprint.sh";
import lock from "../../templates/sh/shared/lock.sh";
import put from "../../templates/sh/shared/put.sh";
import tokenRules from "../../templates/sh/shared/token.sh";
import { CrossfadeError } from "../errors.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { version } from "../version.ts";
import { versionText } from "../versions.ts";
import { exporterLabel, rotateScriptName, validateCommand } from "./platforms/shared.ts";
import { renderTemplate } from "./template.ts";

/** Whether a script on the collector's own host can rotate its token. */
export function hasRotateScript({ platform, delivery }: CollectorPlan): boolean {
	return (platform === "systemd" || platform === "docker") && delivery.way !== "env";
}

/** The POSIX script that puts a new token in place, has it used, proves it, and restores the old one when it fails. */
export function renderRotateScript(plan: CollectorPlan): string {
	if (!hasRotateScript(plan)) {
		const what = plan.delivery.way === "env" ? "an environment variable" : `a token on ${plan.platform}`;
		throw new CrossfadeError("usage", {
			what: `no script on a host can rotate ${what}`,
			expected: "--platform systemd or docker, and a token file",
			where: { file: "--rotate-script" },
			fix: "follow the RUNBOOK.md that --out writes",
		});
	}
	const { distribution, release, provider, host, endpoint, signals, delivery } = plan;
	return renderTemplate(template, {
		provider: provider.title,
		distribution: `${distribution.title} ${versionText(release.own)}`,
		version,
		script: rotateScriptName(plan),
		tokenFile: plan.tokenFile,
		owner: host.owner,
		metricsUrl: distribution.metrics.url,
		exporterLabel: exporterLabel(plan),
		probeUrl: `${endpoint}/v1/${signals[0] ?? "logs"}`,
		header: plan.header,
		scheme: plan.scheme,
		validate: delivery.apply === "reload" ? validation(plan) : "",
		apply: applyCommand(plan),
		put,
		fingerprint,
		tokenRules,
		lock,
	});
}

/** What has to be run after the file changed; empty where the collector follows it. */
function applyCommand({ delivery, host }: CollectorPlan): string {
	if (delivery.apply === "nothing") return "";
	return delivery.apply === "reload" ? (host.reload ?? host.restart) : host.restart;
}

/** The collector's own check, in its own surroundings: as its account, or in its container. */
function validation(plan: CollectorPlan): string {
	const { docker } = plan.distribution.hosts;
	const command = validateCommand(plan, plan.host.config);
	if (!command) return "";
	if (plan.platform === "docker" && docker) {
		return `docker compose exec -T otelcol ${docker.program} ${command.slice(command.indexOf(" ") + 1)}`;
	}
	return `runuser -u ${plan.host.owner.split(":")[0]} -- ${command}`;
}
