import collector from "../../../templates/ps1/rotate/collector.ps1";
import hooks from "../../../templates/ps1/rotate/hooks.ps1";
import machine from "../../../templates/ps1/rotate/machine.ps1";
import options from "../../../templates/ps1/rotate/options.ps1";
import pages from "../../../templates/ps1/rotate/pages.ps1";
import place from "../../../templates/ps1/rotate/place.ps1";
import proof from "../../../templates/ps1/rotate/proof.ps1";
import queues from "../../../templates/ps1/rotate/queues.ps1";
import runPart from "../../../templates/ps1/rotate/run.ps1";
import token from "../../../templates/ps1/rotate/token.ps1";
import words from "../../../templates/ps1/rotate/words.ps1";
import template from "../../../templates/ps1/rotate.ps1.hbs";
import access from "../../../templates/ps1/shared/access.ps1";
import busy from "../../../templates/ps1/shared/busy.ps1";
import errorCode from "../../../templates/ps1/shared/error-code.ps1";
import fingerprint from "../../../templates/ps1/shared/fingerprint.ps1";
import firstLine from "../../../templates/ps1/shared/first-line.ps1";
import fileHooks from "../../../templates/ps1/shared/hooks.ps1";
import lock from "../../../templates/ps1/shared/lock.ps1";
import output from "../../../templates/ps1/shared/output.ps1";
import program from "../../../templates/ps1/shared/program.ps1";
import read from "../../../templates/ps1/shared/read.ps1";
import rights from "../../../templates/ps1/shared/rights.ps1";
import self from "../../../templates/ps1/shared/self.ps1";
import tokenRules from "../../../templates/ps1/shared/token-rules.ps1";
import write from "../../../templates/ps1/shared/write.ps1";
import type { Uptake, WindowsHost } from "../../adapters/collectors/distribution.ts";
import { ps } from "../../base/quote.ts";
import { MAX_TOKEN_LENGTH } from "../../token/shape.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { alloyLabel } from "./alloy-text.ts";
import { takenBy } from "./platforms/shared.ts";
import { powerShellText } from "./powershell-text.ts";
import { rotateScriptFacts } from "./rotate-script-facts.ts";
import { renderTemplate } from "./template.ts";

/** The functions of the script, by heading and in the order of the file. */
const sections: readonly (readonly [heading: string, texts: readonly string[]])[] = [
	["Output and options", [output, words, options]],
	["The machine", [machine, self, program]],
	["Files", [errorCode, rights, access, read, busy, write, lock]],
	["The token", [firstLine, tokenRules, fingerprint, token]],
	["The collector", [pages, queues, collector]],
	["The token file", [place]],
	["The proof", [proof]],
	["Start", [runPart]],
];

/**
 * The PowerShell script that rotates the token of a collector that runs as a Windows service: the protocol, options and exit codes of the
 * one in sh. `hooks` adds what tests on other systems need.
 */
export function renderRotatePowerShell(plan: CollectorPlan, host: WindowsHost, more: { hooks?: boolean } = {}): string {
	const { distribution, delivery } = plan;
	const { watched, started } = distribution.uptake;
	const parts = sections.map(([heading, texts]) => `# ---- ${heading} ----\n\n${texts.join("\n")}`);
	return powerShellText(
		renderTemplate(template, {
			...rotateScriptFacts(plan),
			owner: host.owner,
			service: host.service,
			config: host.config,
			validate: "",
			apply: delivery.apply === "nothing" ? "" : host.restart,
			findPid: processOf(host),
			logs: serviceLog(host),
			watched: sign(plan, watched, plan.tokenFile.replace(/^.*[\\/]/, "")),
			started: sign(plan, started, ""),
			longestToken: String(MAX_TOKEN_LENGTH),
			shell: parts.join("\n"),
			hooks: more.hooks === true ? hooks + fileHooks : "",
		}),
	);
}

/** What tells that the token was read: a text in the log, with the label in the same line, or a time in the metrics. */
function sign({ name }: CollectorPlan, uptake: Uptake, label: string) {
	if ("metric" in uptake) {
		const component = `component_id="local.file.${alloyLabel(name)}_token"`;
		return { kind: "metric", text: uptake.metric, label: component, how: takenBy(uptake) };
	}
	return { kind: "log", text: uptake.log, label, how: takenBy(uptake) };
}

/** The lines that print the number of a service's process; 0 where it does not run. */
export function processOf({ service }: WindowsHost): string {
	return `(Get-CimInstance -ClassName Win32_Service -Filter ${ps(`Name='${service}'`)}).ProcessId`;
}

/**
 * The lines that print what a service logged since `$SINCE`: of its file, only what tells that it has started; of the event log all, as XML,
 * which needs no registered source. A collector of upstream's writes each line of its log as an event of a source with the service's name.
 * https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/otelcol/collector_windows.go
 */
export function serviceLog({ service, logFile }: WindowsHost): string {
	if (logFile !== undefined) {
		return `Select-String -LiteralPath ${ps(logFile)} -Encoding ASCII -SimpleMatch -Pattern 'Everything is ready', 'refresh token' | ForEach-Object { $_.Line }`;
	}
	const since = "[DateTimeOffset]::FromUnixTimeSeconds($SINCE).UtcDateTime.ToString('o')";
	const filter = `"*[System[Provider[@Name='${service}'] and TimeCreated[@SystemTime>='$(${since})']]]"`;
	return `Get-WinEvent -LogName Application -FilterXPath ${filter} -ErrorAction SilentlyContinue | ForEach-Object { $_.ToXml() }`;
}
