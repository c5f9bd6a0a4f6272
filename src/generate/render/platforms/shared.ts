import { sh } from "../../../base/quote.ts";
import { isAtLeast } from "../../../base/versions.ts";
import { ATTRIBUTION_PORT } from "../../plan/attribution.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { Step } from "../artefact.ts";

export function rotateScriptName({ name }: Pick<CollectorPlan, "name">): string {
	return `rotate-${name}.sh`;
}

export function folderOf(path: string): string {
	return path.slice(0, path.lastIndexOf("/"));
}

export function fileOf(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}

/** The line that marks our exporter in the collector's own metrics. */
export function exporterLabel({ distribution, ids, name }: CollectorPlan): string {
	return distribution.metrics.label(ids.exporter, name);
}

/** The command by which this release checks a config, without the folder of its program; undefined where it has none. */
export function validateCommand({ distribution, release }: CollectorPlan, config: string): string | undefined {
	const { validate } = distribution;
	if (!validate || (validate.since && !isAtLeast(release.own, validate.since))) return undefined;
	const last = validate.args.at(-1) ?? "";
	const joined = last.endsWith("=")
		? `${validate.args.join(" ")}${sh(config)}`
		: `${validate.args.join(" ")} ${sh(config)}`;
	return `${validate.programs[0]} ${joined}`;
}

/** The ports that attribution adds: that of the page with the counters by sender, or those of every token but the first. */
export function attributionPorts({ attribution }: CollectorPlan): readonly number[] {
	if (attribution?.way === "ports")
		return attribution.tokens.slice(1).flatMap((_, nth) => [4327 + 10 * nth, 4328 + 10 * nth]);
	return attribution?.way === "senders" && !attribution.pushed ? [ATTRIBUTION_PORT] : [];
}

/** Looking at the two families of counters that tell whether exports succeed. */
export function metricsProof(plan: CollectorPlan, prepare: readonly string[] = []): Step {
	return {
		text: "Run this twice, some seconds apart. The sent counters must rise and the send_failed counters must not.",
		commands: [
			...prepare,
			`curl -s ${plan.distribution.metrics.url} | grep -E 'otelcol_exporter_(sent|send_failed)_' | grep -F ${sh(exporterLabel(plan))}`,
		],
	};
}

/** The arguments of a container, with the stability its components need behind the verb. */
export function containerArguments(
	{ distribution, stability }: CollectorPlan,
	args: readonly string[],
): readonly string[] {
	const [verb, ...rest] = args;
	if (!stability || !distribution.stabilityArgument || verb === undefined) return args;
	return [verb, distribution.stabilityArgument + stability, ...rest];
}

/** What the rotation script does, for those who would rather do it themselves. */
export function byHand(plan: CollectorPlan): Step {
	const folder = folderOf(plan.tokenFile);
	const fresh = sh(`${folder}/.${plan.name}.new`);
	const { delivery, host } = plan;
	const validate = delivery.apply === "reload" ? validateCommand(plan, host.config) : undefined;
	const apply = { nothing: [], reload: [`sudo ${host.reload}`], restart: [`sudo ${host.restart}`] }[delivery.apply];
	return {
		text: "The same by hand: a new file beside the old one, renamed over it, then the proof below.",
		commands: [
			`${ASK_TOKEN} | sudo sh -c ${sh(`umask 077 && cat > ${fresh}`)}`,
			`sudo chown ${sh(host.owner)} ${fresh} && sudo chmod 0400 ${fresh} && sudo mv -f ${fresh} ${sh(plan.tokenFile)}`,
			...(validate && plan.platform === "systemd"
				? [`sudo -u ${sh(host.owner.split(":")[0] ?? "root")} ${validate}`]
				: []),
			...apply,
		],
	};
}

/** Reads a token without showing it and hands it to the next command on standard input, where no process list shows it. */
export const ASK_TOKEN = `( printf 'Token (not shown): ' >&2; stty -echo; IFS= read -r t; stty echo; printf %s "$t" )`;
