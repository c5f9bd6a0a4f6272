import type { WindowsHost } from "../../../adapters/collectors/distribution.ts";
import { ps } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces, RunbookStep } from "../artefact.ts";
import {
	addText,
	addToConfig,
	exporterLabel,
	proofText,
	REPLACES,
	rotateScriptName,
	uptakeOf,
	windowsPage,
} from "./shared.ts";

/** SYSTEM and the group of administrators: their names are translated on some systems. */
const SYSTEM = "*S-1-5-18";
const ADMINISTRATORS = "*S-1-5-32-544";

/** A collector that runs as a Windows service. We have not run any of this on a Windows machine. */
export function windowsPieces(plan: CollectorPlan, host: WindowsHost): PlatformPieces {
	const isEnv = plan.delivery.way === "env";
	const restart: RunbookStep = {
		text: `Restart the service: it reads the token at start. \`& "$env:SystemRoot\\System32\\sc.exe" query ${host.service}\` shows whether it runs.`,
		shell: "powershell",
		commands: [host.restart, host.logs],
	};
	const { folder, put, rotate, back } = isEnv ? variableSteps(plan, host, restart) : fileSteps(plan, host);
	return {
		artefacts: [],
		install: [...folder, put, configStep(plan, host), restart],
		rotate,
		proof: { text: proofText(plan), shell: "powershell", commands: proofCommands(plan, host) },
		rollBack: back,
	};
}

interface TokenSteps {
	readonly folder: readonly RunbookStep[];
	readonly put: RunbookStep;
	readonly rotate: readonly RunbookStep[];
	readonly back: readonly RunbookStep[];
}

/** With a token file the script does all of it. */
function fileSteps(plan: CollectorPlan, host: WindowsHost): TokenSteps {
	const file = plan.tokenFile;
	const folder = file.slice(0, file.lastIndexOf("\\"));
	const run = scriptCommand(plan);
	const icacls = (more: string) => `& "$env:SystemRoot\\System32\\icacls.exe" ${ps(folder)} ${more}`;
	const grants = [`${SYSTEM}:(OI)(CI)F`, `${ADMINISTRATORS}:(OI)(CI)F`];
	if (host.owner !== "LocalSystem") grants.push(`${host.owner}:(OI)(CI)R`);
	return {
		folder: [
			{
				text: "In a PowerShell that runs as administrator, create the token's folder: SYSTEM and administrators own and write it, the collector's account can read it, nobody else. An access list by SID takes the place of a mode.",
				shell: "powershell",
				commands: [
					`New-Item -ItemType Directory -Force -Path ${ps(folder)}`,
					icacls(`/setowner ${ps(ADMINISTRATORS)}`),
					icacls(`/inheritance:r /grant:r ${grants.map(ps).join(" ")}`),
				],
			},
		],
		put: {
			text: "Store the token. The script prompts for it without showing it.",
			shell: "powershell",
			commands: [run],
		},
		rotate: [
			{
				text: "Run the script as administrator and enter the new token; for one that is in a file, add `--from new.token`. It checks the token with the provider, replaces the file and keeps its owner and access list, restarts the service, waits for proof that exports succeed with the new token and not the old one, and restores the old token if they fail. Exit code 14 means replaced but not proven: the output says what to check and where the old token is kept.",
				shell: "powershell",
				commands: [run],
			},
			byHand(plan, host),
		],
		back: [
			{
				text: `Run the same script with the old token, before the overlap ends. After exit code 14, 9 or 6 it is in a file: add \`--from ${ps(`${file}.crossfade-kept`)}\`.`,
				shell: "powershell",
				commands: [run],
			},
		],
	};
}

/** Nothing that a file could hold: what is in the environment of a service is a registry value, which a restart reads. */
function variableSteps({ provider }: CollectorPlan, host: WindowsHost, restart: RunbookStep): TokenSteps {
	const put = {
		text: `Set the environment variable ${provider.variable} of the service ${host.service} by the means with which you set its others: its value Environment in the registry, or the machine's variables. Administrators and, there, everybody can read it.`,
	};
	return { folder: [], put, rotate: [put, restart], back: [put, restart] };
}

/** The script in a process of its own, under a policy that lets a local script run; one that was downloaded has to be unblocked first. */
function scriptCommand(plan: CollectorPlan): string {
	const program = `& "$env:SystemRoot\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"`;
	return `${program} -NoProfile -ExecutionPolicy RemoteSigned -File .\\${rotateScriptName(plan)}`;
}

/** What the script does, without its checks. */
function byHand({ tokenFile }: CollectorPlan, host: WindowsHost): RunbookStep {
	const [fresh, before] = [ps(`${tokenFile}.new`), ps(`${tokenFile}.before`)];
	const write = `[IO.File]::WriteAllText(${fresh}, (New-Object System.Net.NetworkCredential('', $secret)).Password)`;
	const replace = `[IO.File]::Replace(${fresh}, ${ps(tokenFile)}, ${before})`;
	return {
		text: `Or by hand: write a new file next to the old one and have it take its place, which keeps the access list, then run the check below. The old token is then in ${tokenFile}.before: remove that file when the new one is proven.`,
		shell: "powershell",
		commands: [
			`$secret = Read-Host 'Token (not shown)' -AsSecureString; if ($secret.Length -eq 0) { 'nothing was entered, nothing was changed' } else { ${write}; ${replace}; ${host.restart} }`,
		],
	};
}

/** The file's fingerprint, what tells that the collector has read it, and the counters. */
function proofCommands(plan: CollectorPlan, host: WindowsHost): string[] {
	const { url } = plan.distribution.metrics;
	const uptake = uptakeOf(plan);
	const file = `(Get-FileHash -Algorithm SHA256 -LiteralPath ${ps(plan.tokenFile)}).Hash.Substring(0, 12).ToLowerInvariant()`;
	const counters = windowsPage(url, "^otelcol_exporter_(sent|send_failed)_", exporterLabel(plan));
	return [
		...(plan.delivery.way === "env" ? [] : [file]),
		"metric" in uptake ? windowsPage(url, uptake.metric) : host.logs,
		counters,
	];
}

/** A collector that is installed as a service has a config with work of its own, which must go on. */
function configStep(plan: CollectorPlan, host: WindowsHost): RunbookStep {
	const add = addToConfig(plan, ps);
	if (add) return { text: addText(plan), shell: "powershell", commands: [add], isForOurConfig: true };
	return {
		isForOurConfig: true,
		text: `${REPLACES}Back up the config, then replace it.`,
		shell: "powershell",
		commands: [
			`Copy-Item -LiteralPath ${ps(host.config)} -Destination ${ps(`${host.config}.before-crossfade`)}`,
			`Copy-Item -Force ${ps(plan.distribution.configFile)} -Destination ${ps(host.config)}`,
		],
	};
}
