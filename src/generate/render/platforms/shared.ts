import type { Host, Uptake } from "../../../adapters/collectors/distribution.ts";
import { defaultProvider } from "../../../adapters/providers/registry.ts";
import { ps, sh } from "../../../base/quote.ts";
import { isAtLeast, versionText } from "../../../base/versions.ts";
import { ATTRIBUTION_PORT } from "../../plan/attribution.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { RunbookStep } from "../artefact.ts";

export function rotateScriptName({ name, platform }: Pick<CollectorPlan, "name" | "platform">): string {
	return `rotate-${name}.${platform === "windows" ? "ps1" : "sh"}`;
}

export function folderOf(path: string): string {
	return path.slice(0, path.lastIndexOf("/"));
}

export function fileOf(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}

/** Prints the SHA-256 of its input, on the computer of the person: the program of Linux, or that of a Mac. */
export const SHA256 = "{ sha256sum || shasum -a 256; } 2>/dev/null";

/** The line that marks our exporter in the collector's own metrics. */
export function exporterLabel({ distribution, ids, name }: CollectorPlan): string {
	return distribution.metrics.label(ids.exporter, name);
}

/** The command with which this release validates a config, without the program's folder; undefined if it has none. */
export function validateCommand(
	{ distribution, release, stability }: CollectorPlan,
	config: string,
): string | undefined {
	const { validate, stabilityArgument } = distribution;
	if (!validate || (validate.since && !isAtLeast(release.own, validate.since))) return undefined;
	const args = [...validate.args, ...(stability && stabilityArgument ? [stabilityArgument + stability] : [])];
	const isOpen = validate.args.at(-1)?.endsWith("=");
	const joined = `${args.join(" ")}${isOpen ? "" : " "}${sh(config)}`;
	return `${validate.programs[0]} ${joined}`;
}

/** The flags of `crossfade collector` that give this plan for another config of the same collector, each with its value. */
function planFlags(plan: CollectorPlan): (readonly string[])[] {
	const { distribution, release, platform, provider, endpoint, signals, tokenFile, delivery, queue, name } = plan;
	const flags: readonly (readonly [flag: string, value: string, isNeeded: boolean])[] = [
		["-d", distribution.id, true],
		["--target-version", versionText(release.own), true],
		["--platform", platform, platform !== distribution.defaultPlatform],
		["--provider", provider.id, provider !== defaultProvider],
		["--endpoint", endpoint, endpoint !== provider.endpoint],
		["--signals", signals.join(","), signals.join() !== provider.takes.join()],
		["--token-file", tokenFile, delivery.way !== "env"],
		["--delivery", "env", delivery.way === "env"],
		["--delivery", "reload", delivery.way === "file" && distribution.dialect === "otelcol"],
		["--auth-header", plan.header, plan.header !== provider.header],
		["--auth-scheme", plan.scheme, plan.header !== provider.header || plan.scheme !== provider.scheme],
		["--queue", queue, queue !== "memory"],
		["--name", name, name !== provider.id],
	];
	const plaintext = endpoint.startsWith("http:") ? [["--allow-plaintext"]] : [];
	return [...flags.flatMap(([flag, value, isNeeded]) => (isNeeded ? [[flag, value]] : [])), ...plaintext];
}

/**
 * The command that adds the backend to the config in use; undefined if the backend needs a config of its own: a gateway that counts by
 * token keeps the headers of its requests. `more` are flags about one file, which itself may tell its release.
 */
export function addToConfig(
	plan: CollectorPlan,
	quote: (word: string) => string,
	{ file = plan.host.config, more }: { readonly file?: string; readonly more?: readonly string[] } = {},
): string | undefined {
	if (plan.attribution) return undefined;
	const flags = planFlags(plan).filter(([flag]) => more === undefined || flag !== "--target-version");
	const words = [...flags.flat(), "--into", file, ...(more ?? []), "--write"];
	return `crossfade collector ${words.map((word) => (/^[\w./:=,@-]+$/.test(word) ? word : quote(word))).join(" ")}`;
}

/** Before a step that replaces a config as a whole. */
export const REPLACES =
	"Use a collector that has no other work: this config replaces the present one, with everything that it receives and exports. ";

/** What `addToConfig` does, and what to do where nothing has to be kept. */
export function addText({ distribution, host }: CollectorPlan): string {
	return `Add the backend to the config: everything else in it stays as it is, and a backup is kept. To see the change first, use --diff instead of --write. Only if this collector has no other work, install \`${distribution.configFile}\` as \`${host.config}\` instead.`;
}

/** The ports that attribution adds: that of the sender metrics page, or those of every token but the first. */
export function attributionPorts({ attribution }: CollectorPlan): readonly number[] {
	if (attribution?.way === "ports")
		return attribution.tokens.slice(1).flatMap((_, nth) => [4327 + 10 * nth, 4328 + 10 * nth]);
	return attribution?.way === "senders" && !attribution.pushed ? [ATTRIBUTION_PORT] : [];
}

/** What shows that the collector has read the new token, as the end of a sentence. */
export function takenUp(plan: CollectorPlan): string {
	return takenBy(uptakeOf(plan));
}

/** The same of one fact. */
export function takenBy(uptake: Uptake): string {
	return "metric" in uptake ? `its metric ${uptake.metric} has a time` : `it logged '${uptake.log}'`;
}

/** The commands that print the collector's pid and its log since `$SINCE`, if it runs on this host. */
export function inspection({ host, platform, distribution }: CollectorPlan): Host["inspect"] {
	if (host.inspect) return host.inspect;
	const unit = platform === "systemd" ? distribution.hosts.systemd?.unit : undefined;
	if (unit === undefined) return undefined;
	return {
		pid: `systemctl show -p MainPID --value ${unit}`,
		logs: host.logFile ? `cat ${sh(host.logFile)}` : `journalctl -q --no-pager -o cat -u ${unit} --since "@$SINCE"`,
	};
}

/** The proof by hand on the collector's own host: the file as the collector sees it, in its own container, and its log. */
export function proofOnHost(plan: CollectorPlan): RunbookStep {
	const { delivery, tokenFile, host } = plan;
	const found = inspection(plan);
	const uptake = uptakeOf(plan);
	const file =
		found && delivery.way !== "env" ? [`sudo sha256sum "/proc/$(${found.pid})/root"${sh(tokenFile)} | cut -c1-12`] : [];
	const log = "log" in uptake ? [`sudo ${host.logs} | grep -F ${sh(uptake.log)} | tail -n 3`] : [];
	return proofByHand(plan, [...(delivery.way === "env" ? variableProof(plan) : file), ...log]);
}

/** The fingerprint of what the collector's own process has in its environment. */
function variableProof(plan: CollectorPlan): string[] {
	const found = inspection(plan);
	if (!found) return [];
	const only = `sed -n ${sh(`s/^${plan.provider.variable}=//p`)}`;
	return [`sudo cat "/proc/$(${found.pid})/environ" | tr '\\0' '\\n' | ${only} | tr -d '\\n' | sha256sum | cut -c1-12`];
}

/** The fact used, by how the collector gets a new token. */
export function uptakeOf({ distribution, delivery }: CollectorPlan): Uptake {
	return distribution.uptake[delivery.apply === "nothing" ? "watched" : "started"];
}

/**
 * The proof by hand. Successful exports prove nothing while both tokens are accepted, so evidence specific to the new token comes
 * first; `see` are the commands that show it, and `read` filters the collector's own metrics.
 */
export function proofByHand(
	plan: CollectorPlan,
	see: readonly string[],
	read: (filter: string) => string = (filter) => `curl -s ${plan.distribution.metrics.url} | ${filter}`,
): RunbookStep {
	const uptake = uptakeOf(plan);
	const counters = read(`grep -E 'otelcol_exporter_(sent|send_failed)_' | grep -F ${sh(exporterLabel(plan))}`);
	const metric = "metric" in uptake ? [read(`grep -F ${sh(uptake.metric)}`)] : [];
	return { text: proofText(plan), commands: [...see, ...metric, counters] };
}

/** The command that shows how much waits in our exporter's queue, or in those of all exporters, where they end with ours. */
export function queueCommand(plan: CollectorPlan): string {
	const { url } = plan.distribution.metrics;
	const label = plan.delivery.apply === "nothing" ? exporterLabel(plan) : undefined;
	if (plan.platform === "windows") return windowsPage(url, "exporter_queue_size", label);
	return `curl -s ${url} | grep -F exporter_queue_size${label === undefined ? "" : ` | grep -F ${sh(label)}`}`;
}

/** The lines of a page of metrics that match a pattern and have a label, in PowerShell. */
export function windowsPage(url: string, pattern: string, label = ""): string {
	const labelled = label === "" ? "" : ` -and $_.Contains(${ps(label)})`;
	return `(Invoke-WebRequest -UseBasicParsing ${url}).Content -split "\`n" | Where-Object { $_ -match ${ps(pattern)}${labelled} }`;
}

/** What must be seen before a new token counts as proven. */
export function proofText(plan: CollectorPlan): string {
	const holds =
		plan.delivery.way === "env" ? "the collector's process has" : "the file that the collector reads contains";
	return `Both tokens are accepted during the overlap, so successful exports alone prove nothing. It is proven if ${holds} the new token (the first command shows its fingerprint), ${takenUp(plan)} after the change, and after that the sent counters rise between two checks while the send_failed counters do not. If one of these cannot be seen, the token is replaced but not proven: check at the provider which token it receives data with, or restart the collector: a new process has no other token.`;
}

/** A container's arguments, with the required stability level after the verb. */
export function containerArguments(
	{ distribution, stability }: CollectorPlan,
	args: readonly string[],
): readonly string[] {
	const [verb, ...rest] = args;
	if (!stability || !distribution.stabilityArgument || verb === undefined) return args;
	return [verb, distribution.stabilityArgument + stability, ...rest];
}

/** The rotation script's steps, to run by hand. */
export function rotateByHand(plan: CollectorPlan): RunbookStep[] {
	const { delivery, host } = plan;
	const validate = delivery.apply === "reload" ? validateCommand(plan, host.config) : undefined;
	const apply = { nothing: [], reload: [`sudo ${host.reload}`], restart: [`sudo ${host.restart}`] }[delivery.apply];
	const use = [
		...(validate && plan.platform === "systemd"
			? [`sudo -u ${sh(host.owner.split(":")[0] ?? "root")} ${validate}`]
			: []),
		...apply,
	];
	return [
		{
			text: `Or by hand: write a new file next to the old one, with the same owner and mode, and rename it over the old one.${use.length > 0 ? "" : " Then run the check below."}`,
			commands: [writeBeside(plan.tokenFile, plan.tokenFile)],
		},
		...(use.length > 0
			? [{ text: "Then, by hand, make the collector read it, and run the check below.", commands: use }]
			: []),
	];
}

/** Asks for a token and writes it to a file, with the owner and mode of another one, by a rename. */
export function writeBeside(file: string, like: string): string {
	const [fresh, target, model] = [sh(`${folderOf(file)}/.${fileOf(file)}.new`), sh(file), sh(like)];
	const ask = askInto(`sudo sh -c ${sh(`umask 077 && cat > ${fresh}`)}`);
	return `${ask} && sudo test -s ${fresh} && sudo chown --reference=${model} ${fresh} && sudo chmod --reference=${model} ${fresh} && sudo mv -f ${fresh} ${target}`;
}

/** The rotation by the script of the folder, which does all of it. */
export function rotateByScript(plan: CollectorPlan, first: string): RunbookStep {
	const script = rotateScriptName(plan);
	return {
		text: `${first} and enter the new token; for one that is in a file, add \`--from new.token\`. It checks the token with the provider, replaces the file atomically, makes the collector use it, waits for proof that exports succeed with the new token and not the old one, and restores the old token if they fail. Exit code 14 means replaced but not proven: the output says what to check and where the old token is kept.`,
		commands: [`sudo sh ${script}`],
	};
}

/**
 * Makes a folder for the token; one that is there keeps its owner and mode, which another collector may need, and is shown. Only `mode`
 * and `group` as asked for make it readable for this one.
 */
export function makeFolder(folder: string, group: string): { readonly note: string; readonly command: string } {
	const path = sh(folder);
	return {
		note: `If it is there already, nothing is changed and it is shown: it must be "root:${group} 750". If it belongs to another collector, generate this folder again with --token-file in a folder of its own.`,
		command: `if sudo test -e ${path}; then sudo stat -c '%n is there: %U:%G %a' ${path}; else sudo install -d -m 0750 -o root -g ${sh(group)} ${path}; fi`,
	};
}

/**
 * Reads a token without showing it and pipes it to a command, so that it is in no process list; not if nothing was entered. An
 * interrupt leaves the terminal as it was. It has to be the last line of its block: of a block that is pasted it would read the next one.
 */
export function askInto(command: string): string {
	return `( trap 'stty echo; exit 130' INT QUIT TERM HUP; stty -echo; printf 'Token (not shown): ' >&2; IFS= read -r t; stty echo; if [ -n "$t" ]; then printf %s "$t" | ${command}; else echo 'nothing was entered, nothing was changed' >&2; exit 1; fi )`;
}
