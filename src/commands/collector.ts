import { join } from "node:path";
import { platforms } from "../adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../adapters/collectors/registry.ts";
import { defaultProvider } from "../adapters/providers/registry.ts";
import type { FoundInFile } from "../api/splice-text.ts";
import { CrossfadeError, type ExitName, type Problem } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import { type CollectorPlan, planCollector } from "../generate/plan/collector.ts";
import { CANNOT_TELL, planSummary } from "../generate/plan/summary.ts";
import { renderConfig } from "../generate/render/collector.ts";
import { attributionWays } from "../spec/attribution.ts";
import { deliveries, parseCollectorFlags, queues } from "../spec/collector.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command, Invocation } from "./command.ts";

export const collectorCommand: Command = {
	name: "collector",
	description: `Generates a collector config with a second backend whose ingest token can be rotated without losing an event, or adds
that backend to your config (--into) without changing any other byte of it.

It never needs the token: the config names the file from which the collector reads it.`,
	options: [
		{ flags: "-d, --distribution <id>", description: "the collector you run", choices: distributionIds },
		{ flags: "--target-version <version>", description: "its version (default: the newest known)" },
		{ flags: "--platform <name>", description: "how you run it", choices: platforms },
		backendOptions.provider,
		backendOptions.endpoint,
		backendOptions.allowPlaintext,
		backendOptions.signals,
		{ flags: "--token-file <path>", description: "path of the token on the collector's host" },
		{ flags: "--delivery <way>", description: "how it gets a new token (default: auto)", choices: deliveries },
		backendOptions.authHeader,
		backendOptions.authScheme,
		{ flags: "--queue <kind>", description: "where to keep unsent data (default: memory)", choices: queues },
		{ flags: "--name <word>", description: "suffix of the added component ids (default: the provider's id)" },
		{ flags: "--agent-endpoint <url>", description: "OTLP URL of the agent behind the gateway" },
		{
			flags: "--attribute [way]",
			description:
				"also count who sends with which token: senders (by token, host and CLI), tokens (by token, data unchanged; default with --token), ports (one port per token; cheapest)",
			choices: attributionWays,
		},
		{
			flags: "--token <name=fp>",
			description: "with --attribute: a token by its fingerprint, old=fp:<12 hex digits>",
			repeatable: true,
		},
		{
			flags: "--strip-fingerprint",
			description: "with --attribute senders: remove the fingerprint before forwarding the data, at the cost of a copy",
		},
		{ flags: "--metrics-to <url>", description: "with --attribute on Alloy: remote-write URL for the counters" },
		{
			flags: "--out <folder>",
			description: "write the config, RUNBOOK.md and companion files there; with --into: the runbook of that file",
			files: true,
		},
		{
			flags: "--rotate-script",
			description: "print the script that rotates the token on the collector's host: sh, or PowerShell for windows",
		},
		{
			flags: "--into <file>",
			description: "add the backend to this config (- for standard input) and print it",
			files: true,
		},
		{ flags: "--diff", description: "with --into: show what would change" },
		{ flags: "--write", description: "with --into: back up the file, then change it" },
		{ flags: "--remove", description: "with --into: remove what crossfade added" },
		{ flags: "--pipelines <list>", description: "with --into: use these pipelines, not those that receive OTLP" },
		{ flags: "--at <path>", description: "with --into: which config in the file, e.g. spec.config" },
		{ flags: "--force", description: "overwrite existing files, or added entries that were edited by hand" },
		{ flags: "--json", description: "print the plan and the result as JSON" },
	],
	examples: [
		["crossfade collector -d contrib", `print a config for ${defaultProvider.title}`],
		["crossfade collector -d contrib --out ./gateway", "with runbook, systemd drop-in and rotation script"],
		["crossfade collector -d contrib --attribute", "a gateway that counts by token, host and CLI"],
		[
			"crossfade collector -d k8s --attribute --token old=fp:4c1f0e6a9b3d --token new=fp:e07d5b21c8aa",
			"the same by token only, which costs less",
		],
		["crossfade collector -d contrib --into config.yaml --diff", "show what would be added to your config"],
		["crossfade collector -d contrib --into config.yaml --write", "add it, keeping a backup"],
		["crossfade collector -d contrib --platform windows --out ./gateway", "the same for a Windows service"],
		[
			"crossfade collector -d contrib --into /etc/otelcol-contrib/config.yaml --diff --out ./gateway",
			"the same with runbook and rotation script",
		],
	],
	run,
};

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const id = options["distribution"];
	const distribution = typeof id === "string" ? await loadDistribution(id) : undefined;
	const contradictions = modeProblems(options);
	if (contradictions.length > 0) throw new CrossfadeError("usage", contradictions);
	const planWith = (more: FoundInFile) => planCollector(parseCollectorFlags({ ...options, ...more }, distribution));
	const plan = planWith({});
	if (options["into"] !== undefined) {
		const { spliceInto } = await import("./collector-into.ts");
		return spliceInto(fx, plan, planWith, options);
	}
	for (const warning of plan.warnings) fx.terminal.warn(warning);
	if (options["out"] !== undefined) return writeBundle(fx, plan, String(options["out"]), options);
	if (options["rotateScript"]) {
		const { renderRotateScript } = await import("../generate/render/rotate-script.ts");
		fx.terminal.print(renderRotateScript(plan));
		return "ok";
	}
	const config = renderConfig(plan);
	fx.terminal.print(options["json"] ? `${JSON.stringify({ ...planSummary(plan), config }, undefined, 2)}\n` : config);
	if (options["json"]) return "ok";
	fx.terminal.detail(`delivery  ${plan.delivery.reason}`);
	tellAttribution(fx, plan);
	return "ok";
}

/** Options that cannot be combined, by name, and what to do instead. */
const apart: readonly (readonly [one: string, other: string, fix: string])[] = [
	["into", "rotateScript", "add --out <folder> to --into: the script is written there"],
	["out", "rotateScript", "omit --rotate-script: the script is among the files"],
	["diff", "write", "first use --diff, then --write"],
	["remove", "out", "omit --out: after --remove there is no token to rotate"],
];

/** Options that need the config's name, and so not standard input. */
const needsAName: readonly (readonly [name: string, what: string, fix: string])[] = [
	["write", "--write cannot write to standard input", "name the file, or omit --write and redirect the output"],
	["out", "--out needs the name of the config", "name the file: the commands of the runbook contain it"],
];

const optionText = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Flags that require others, or cannot be combined. */
function modeProblems(options: Invocation["options"]): Problem[] {
	const problems: Problem[] = [];
	const flags = { diff: "--diff", write: "--write", remove: "--remove", pipelines: "--pipelines", at: "--at" };
	for (const [name, flag] of Object.entries(flags)) {
		if (options[name] === undefined || options["into"] !== undefined) continue;
		problems.push({ what: "requires --into", where: { file: flag }, fix: "add --into FILE" });
	}
	if (options["attribute"] !== undefined && options["into"] !== undefined) {
		problems.push({
			what: "--attribute cannot change an existing config: it makes the receiver keep request headers, so it needs a gateway of its own",
			where: { file: "--attribute" },
			fix: "use --out and put the new gateway in front of your collector",
		});
	}
	for (const [one, other, fix] of apart) {
		if (options[one] === undefined || options[other] === undefined) continue;
		const [first, second] = [optionText(one), optionText(other)];
		problems.push({ what: `${first} and ${second} cannot be combined`, where: { file: first }, fix });
	}
	if (options["out"] !== undefined && /[\r\n]|```/.test(String(options["into"] ?? ""))) {
		const what = "the name of the config has a line break or three backticks, which no command of a runbook can have";
		problems.push({ what, where: { file: "--into" }, fix: "rename the file, or omit --out" });
	}
	if (options["into"] !== "-") return problems;
	for (const [name, what, fix] of needsAName) {
		if (options[name] !== undefined) problems.push({ what, where: { file: optionText(name) }, fix });
	}
	return problems;
}

async function writeBundle(
	fx: Effects,
	plan: CollectorPlan,
	folder: string,
	options: Invocation["options"],
): Promise<ExitName> {
	const { renderBundle } = await import("../generate/render/bundle.ts");
	const artefacts = renderBundle(plan);
	const paths = await fx.files.writeAll(folder, artefacts, { force: options["force"] === true });
	if (options["json"]) {
		const files = artefacts.map(({ purpose }, index) => ({ path: paths[index], purpose }));
		fx.terminal.print(`${JSON.stringify({ ...planSummary(plan), files }, undefined, 2)}\n`);
		return "ok";
	}
	for (const path of paths) fx.terminal.print(`${path}\n`);
	fx.terminal.note(`delivery  ${plan.delivery.reason}`);
	tellAttribution(fx, plan);
	fx.terminal.note(`next      read ${join(folder, "RUNBOOK.md")}`);
	return "ok";
}

function tellAttribution(fx: Effects, { attribution }: CollectorPlan): void {
	if (!attribution) return;
	const { way, metricsUrl, pushed } = attribution;
	fx.terminal.note(`counts    ${way}, ${pushed ? "written to" : "served at"} ${metricsUrl}`);
	for (const sentence of CANNOT_TELL[way]) fx.terminal.note(`note      ${sentence}`);
}
