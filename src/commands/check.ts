import type { Distribution } from "../adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../adapters/collectors/registry.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import { choiceProblem } from "../base/suggest.ts";
import { isAtLeast, parseVersion, versionText } from "../base/versions.ts";
import type { Effects } from "../effects/effects.ts";
import { neededStability } from "../generate/check/alloy.ts";
import { binaryFindings, validateArguments } from "../generate/check/binary.ts";
import { offlineFindings, placeFindings, releaseInFile, settingsNotLookedAt } from "../generate/check/check.ts";
import type { PlacedFinding } from "../generate/check/finding.ts";
import { type CheckReport, countBySeverity, findingsReport, formats, ruleText } from "../generate/check/report.ts";
import { type RuleId, rules } from "../generate/check/rules.ts";
import { readQuietly } from "../generate/check/token-files.ts";
import { resolveRelease } from "../generate/plan/release.ts";
import { parseAlloy } from "../generate/splice/alloy-syntax.ts";
import { decodeText } from "../generate/splice/encoding.ts";
import { type Flags, readFlags } from "../spec/flags.ts";
import type { Command, Invocation } from "./command.ts";

const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
const VALIDATE_TIMEOUT_MS = 60_000;

export const checkCommand: Command = {
	name: "check",
	description: `Checks a collector config and reports every problem at once, with line, column, rule and fix.

T1 checks only the file: syntax, components and settings of this distribution and release, references, and mistakes
that cost data. T2 runs the collector's own validation, if it is installed. Manifests, Helm values, compose files, unit
files and scripts around a collector are also checked, as far as they handle the token.`,
	arguments: [{ name: "[file]", description: "the config, or - for standard input" }],
	options: [
		{ flags: "-d, --distribution <id>", description: "the collector that reads it", choices: distributionIds },
		{ flags: "--target-version <version>", description: "its version (default: the newest known)" },
		{ flags: "--bin <path>", description: "the collector binary for T2 (default: from PATH)", files: true },
		{ flags: "--no-bin", description: "skip T2" },
		{ flags: "--format <name>", description: "output format (default: text)", choices: formats },
		{ flags: "--json", description: "same as --format json" },
		{ flags: "--explain <rule>", description: "explain a rule, or all of them", choices: Object.keys(rules) },
	],
	examples: [
		["crossfade check -d contrib config.yaml", "every problem in a config"],
		["crossfade check -d contrib --format sarif config.yaml", "for code scanning"],
		["crossfade check --explain token-from-env", "why a rule exists"],
	],
	run,
};

async function run(fx: Effects, { options, args }: Invocation): Promise<ExitName> {
	if (options["explain"] !== undefined) return explain(fx, String(options["explain"]));
	const { distribution, target, format, path } = await parse(options, args);
	const file = path === "-" ? "<stdin>" : path;
	const bytes = await fx.files.read(path, { maxBytes: MAX_CONFIG_BYTES });
	const { text } = decodeText(bytes, file);
	const inFile = target === undefined ? releaseInFile(text, file, distribution) : undefined;
	const { release, warnings } = resolveRelease(distribution, target ?? (inFile && versionText(inFile)));
	for (const warning of warnings) fx.terminal.warn(warning);
	const assumed = target === undefined && inFile === undefined;
	const offline = offlineFindings(text, file, { distribution, own: release.own, assumed });
	const second = await askProgram(fx, distribution, release.own, options["bin"], file, text, bytes);
	const notLookedAt = second.tier.ran ? [] : settingsNotLookedAt(text, file, distribution);
	const report: CheckReport = {
		file,
		target: `${distribution.id} ${versionText(release.own)}${inFile ? ", by the image in the file" : ""}`,
		tiers: [{ tier: "T1", ran: true, note: offlineNote(notLookedAt) }, second.tier],
		findings: [...offline, ...second.findings].sort((a, b) => a.line - b.line || a.column - b.column),
	};
	fx.terminal.print(findingsReport(report, format, fx.terminal.color));
	return countBySeverity(report.findings).errors > 0 ? "findings" : "ok";
}

/** How many components to name of those whose settings were not looked at. */
const MAX_NAMED = 8;

/** What T1 did, and the components whose settings nobody looked at, because our tables end before them and no collector was asked. */
function offlineNote(notLookedAt: readonly string[]): string {
	if (notLookedAt.length === 0) return "offline rules";
	const more = notLookedAt.length - MAX_NAMED;
	const named = notLookedAt.slice(0, MAX_NAMED).map((each) => shown(each));
	return `offline rules, which did not look at the settings of ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

async function parse(options: Invocation["options"], args: readonly string[]) {
	const reader = readFlags(options);
	const id = reader.text("distribution");
	const distribution = id === undefined ? undefined : await loadDistribution(id);
	const expected = `one of ${distributionIds.join(", ")}`;
	if (id === undefined)
		reader.wrong("--distribution", {
			what: "no distribution given",
			expected,
			fix: "add -d and the collector you run",
		});
	else if (!distribution) reader.choice(id, distributionIds, "--distribution", "distribution");
	const target = reader.text("targetVersion");
	if (target !== undefined && !parseVersion(target)) {
		const fix = distribution ? `to get it, run: ${distribution.versionCommand}` : "check the collector's version";
		reader.wrong("--target-version", {
			what: "the target version is not a version number",
			expected: "a version such as 0.158.0",
			fix,
		});
	}
	const format = reader.choice(
		reader.isSet("json") ? "json" : (reader.text("format") ?? "text"),
		formats,
		"--format",
		"format",
	);
	const [path] = args;
	if (path === undefined)
		reader.wrong("file", {
			what: "no file given",
			expected: "a file, or - for standard input",
			fix: "name the config",
		});
	if (reader.problems.length > 0 || !distribution || !format || path === undefined)
		throw new CrossfadeError("usage", reader.problems);
	return { distribution, target, format, path };
}

function explain(fx: Effects, id: string): ExitName {
	const ids = Object.keys(rules) as RuleId[];
	if (id !== "all" && !ids.some((each) => each === id)) {
		throw new CrossfadeError("usage", choiceProblem("rule", id, [...ids, "all"], "--explain"));
	}
	fx.terminal.print(
		ids
			.filter((each) => id === "all" || each === id)
			.map(ruleText)
			.join("\n"),
	);
	return "ok";
}

interface SecondTier {
	readonly tier: CheckReport["tiers"][number];
	readonly findings: readonly PlacedFinding[];
}

/** T2: the collector's own validation of the same bytes. */
async function askProgram(
	fx: Effects,
	distribution: Distribution,
	own: Parameters<typeof isAtLeast>[0],
	bin: Flags[string],
	file: string,
	text: string,
	bytes: Uint8Array,
): Promise<SecondTier> {
	const notRun = (note: string): SecondTier => ({ tier: { tier: "T2", ran: false, note }, findings: [] });
	const { validate, configFile, title } = distribution;
	if (bin === false) return notRun("skipped");
	if (!validate || (validate.since && !isAtLeast(own, validate.since)))
		return notRun(`${title} cannot validate a config`);
	const wanted = typeof bin === "string" ? [bin] : validate.programs;
	const program = wanted.map((name) => fx.programs.find(name)).find((path) => path !== undefined);
	if (!program && typeof bin === "string") {
		const fix = "name the collector binary, or use --no-bin";
		throw new CrossfadeError("missingPart", {
			what: "program not found",
			expected: "an executable file",
			where: { file: bin },
			fix,
		});
	}
	if (!program) return notRun(`${validate.programs.join(" or ")} is not on PATH`);
	if (!isConfigOf(file, configFile)) return notRun("the collector does not read this kind of file");
	const stability = stabilityOf(distribution, text, file);
	const asked = fx.files.withTemporary(configFile, bytes, (path) =>
		fx.programs.run(program, validateArguments(distribution, path, stability) ?? [], {
			timeoutMs: VALIDATE_TIMEOUT_MS,
		}),
	);
	const result = await fx.terminal.progress(`running ${program} validate`, asked);
	const findings = placeFindings(binaryFindings(result, text, program), text, file, "T2");
	const level = stability === undefined ? "" : ` ${distribution.stabilityArgument}${stability}`;
	return { tier: { tier: "T2", ran: true, note: `${program} validate${level}` }, findings };
}

/** The stability level that the components of an Alloy config need; T1 reports a config that cannot be read. */
function stabilityOf(distribution: Distribution, text: string, file: string): string | undefined {
	if (distribution.dialect !== "alloy") return undefined;
	const statements = readQuietly(() => parseAlloy(text, file));
	return statements && neededStability(statements, distribution);
}

/** Whether a file's name is one the collector itself can read. */
function isConfigOf(file: string, configFile: string): boolean {
	if (file === "<stdin>") return true;
	const isAlloy = configFile.endsWith(".alloy");
	return isAlloy ? /\.(alloy|river)$/.test(file) : /\.(ya?ml|json)$/.test(file);
}
