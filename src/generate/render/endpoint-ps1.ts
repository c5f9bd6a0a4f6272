import template from "../../../templates/ps1/endpoint.ps1.hbs";
import hooks from "../../../templates/ps1/hooks.ps1";
import fileHooks from "../../../templates/ps1/shared/hooks.ps1";
import type { Action } from "../../adapters/vehicles/mode.ts";
import type { Vehicle } from "../../adapters/vehicles/vehicle.ts";
import { ps } from "../../base/quote.ts";
import { withoutTriggerWords } from "../../base/trigger-words.ts";
import { version } from "../../base/version.ts";
import type { EndpointScript } from "../../spec/endpoint-script.ts";
import { MAX_TOKEN_LENGTH } from "../../token/shape.ts";
import type { Artefact } from "./artefact.ts";
import { aboutView, forSignals, headerFacts, tokenLines } from "./endpoint-about.ts";
import { contentsOf, type HeaderFacts } from "./endpoint-header.ts";
import { powerShellParts } from "./endpoint-ps1-parts.ts";
import { cliTable, list, packageFolders } from "./endpoint-ps1-tables.ts";
import { powerShellText } from "./powershell-text.ts";
import { renderTemplate } from "./template.ts";

/**
 * The PowerShell script that configures the CLIs of a Windows machine: the same steps, options, report and exit codes as the one in sh. It
 * is ASCII with CRLF and without a byte order mark, as Windows PowerShell 5.1 needs it, and has no word that makes PowerShell log it.
 * Throws a `TypeError` where the vehicle asks for what this script does not do.
 */
export function renderPowerShell(script: EndpointScript): Artefact {
	const { vehicle, mode, action, provider, actions = [action] } = script;
	if (script.compact || script.helper) {
		throw new TypeError("a script in PowerShell is not compact and has no header program");
	}
	const token = tokenLines(vehicle, mode);
	const scope = script.scope ?? vehicle.scope;
	const host = script.hostIdentity === false ? "no-host" : "host";
	const does = (each: Action) => actions.includes(each);
	const clis = script.clis.map((cli) => forSignals(cli, provider.takes));
	const sets = does("install") || does("report");
	const hasLasting = sets && clis.some(({ daemon }) => daemon);
	const about = headerFacts(script, { actions, scope, host, helper: "no-helper", hasDaemon: hasLasting });
	const { says } = vehicle;
	const facts = { actions, tokenLines: token, says, hasLasting };
	const view = {
		says,
		installs: does("install"),
		reports: does("report"),
		uninstalls: does("uninstall"),
		changes: does("install") || does("uninstall"),
		sets,
		hasLasting,
		hooks: script.hooks === true ? (hooks + fileHooks).replaceAll("\r\n", "\n") : "",
		action,
		actions: list([...actions, ...(does("install") ? ["self-test"] : [])]),
		endpoint: provider.endpoint,
		clis: list(clis.map(({ id }) => id)),
		systems: list(script.os),
		scope,
		users: vehicle.users,
		features: list([host, "no-helper", "no-prompts", "no-responses", "no-tools", "no-restart"]),
		longestToken: String((mode === "param" ? vehicle.longestToken : undefined) ?? MAX_TOKEN_LENGTH),
		tokenHint: [vehicle.tokenHint?.[mode], "see the top of this script"].filter((hint) => hint).join(", or "),
		takesInput: does("install") && token.some((line) => line.includes("Read-TokenInput")),
		options: vehicle.options,
		token,
		trace: vehicle.trace ?? ["return"],
		printReport: printReport(vehicle, actions),
		exits: exits(about.codes, actions),
		tables: clis.flatMap((cli) => cliTable(cli, { sets, says })),
		packageFolders,
	};
	const parts = powerShellParts(facts, view);
	const shell = says ? parts : withShortComments(parts);
	const filled = (contents: readonly string[]) =>
		renderTemplate(template, { ...view, shell, about: aboutLines(script, about, contents) });
	// The first is made for the length of the table, the second for its lines.
	const content = filled(contentsOf(filled(contentsOf(filled([])))));
	return {
		path: `${action}.ps1`,
		content: powerShellText(content),
		mode: 0o644,
		purpose: `${action} for ${vehicle.title}`,
	};
}

/** Of comments above a function the first sentence, and none inside one: all of them are in the script for a person's own machine. */
function withShortComments(parts: string): string {
	return parts.replace(/^[ \t]+# .*\r?\n/gm, "").replace(/(?:^# (?!-).*\r?\n)+/gm, (comment) => {
		const line = comment.trimEnd().replaceAll(/\r?\n# /g, " ");
		return `${/^.*?[^.](?=\.(?: |$)|; )/.exec(line)?.[0] ?? line}\n`;
	});
}

const GRAMMAR =
	"  crossfade ok|drift|absent|refused|error fp=FINGERPRINT|none|mixed cfg=1 cli=NAME:STATE,... users=N [skipped=N] [gone=N] [wsl=N]";

/** The comment at the top. */
function aboutLines({ vehicle, actions, action }: EndpointScript, about: HeaderFacts, contents: readonly string[]) {
	const { purpose, steps, documented, reportWords, exitCodes } = aboutView(about);
	const installs = (actions ?? [action]).includes("install");
	const lines = [
		purpose,
		"",
		`For ${vehicle.title}. Made by otel-crossfade ${version}; make it again rather than edit it.`,
		...vehicle.notes,
		...(installs ? vehicle.tokenNotes : []),
		"",
		...steps,
		"",
		"Options, as words, with or without -- in front:",
		...documented.map((line) => `  ${line}`),
		"",
		"The last line of output is the report:",
		GRAMMAR,
		...reportWords,
		"",
		...exitCodes,
		"",
		"Contents, by line:",
		...contents.map((line) => `  ${line}`),
	];
	const plain = lines.map((line) => line.replace(/[^ -~]/g, "?"));
	return plain.map((line) => withoutTriggerWords(line === "" ? "#" : `# ${line}`, "."));
}

/** The statement that prints the report line: as the vehicle wants it for a report, alone for anything else. */
function printReport({ line: { before, after } }: Vehicle, actions: readonly Action[]): string {
	if (before + after === "" || !actions.includes("report")) return "Write-Line $line";
	return `if ($run.Action -ceq 'report') { Write-Line (${ps(before)} + $line + ${ps(after)}) } else { Write-Line $line }`;
}

/** The vehicle's exit codes, by action. */
function exits(changed: HeaderFacts["codes"], actions: readonly Action[]): string[] {
	return actions.flatMap((action) => {
		const own = changed.filter(([name]) => name === action);
		return own.map(
			([, ours, theirs]) => `if ($run.Action -ceq '${action}' -and $code -eq ${ours}) { return ${theirs} }`,
		);
	});
}
