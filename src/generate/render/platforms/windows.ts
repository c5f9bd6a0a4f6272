import type { WindowsHost } from "../../../adapters/collectors/distribution.ts";
import { ps } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces, RunbookStep } from "../artefact.ts";
import { addText, addToConfig, exporterLabel, proofText, REPLACES } from "./shared.ts";

/** A collector that runs as a Windows service. We have not run any of this on a Windows machine. */
export function windowsPieces(plan: CollectorPlan, host: WindowsHost): PlatformPieces {
	const file = plan.tokenFile;
	const folder = file.slice(0, file.lastIndexOf("\\"));
	const account = host.owner === "LocalSystem" ? "SYSTEM" : host.owner;
	const put: RunbookStep = {
		text: "Store the token. The command prompts for it without showing it, and writes it without a line break.",
		shell: "powershell",
		commands: [
			"$secret = Read-Host 'Token (not shown)' -AsSecureString",
			"$plain = [Runtime.InteropServices.Marshal]::PtrToStringBSTR([Runtime.InteropServices.Marshal]::SecureStringToBSTR($secret))",
			`[IO.File]::WriteAllText(${ps(`${file}.new`)}, $plain)`,
			`Move-Item -Force -LiteralPath ${ps(`${file}.new`)} -Destination ${ps(file)}`,
			"Remove-Variable plain, secret",
		],
	};
	const restart: RunbookStep = {
		text: "Restart the service: it reads the token at start.",
		shell: "powershell",
		commands: [host.restart, host.logs],
	};
	return {
		artefacts: [],
		install: [
			{
				text: "Create the token's folder, for administrators and the collector's account only.",
				shell: "powershell",
				commands: [
					`New-Item -ItemType Directory -Force -Path ${ps(folder)}`,
					`icacls ${ps(folder)} /inheritance:r /grant 'BUILTIN\\Administrators:(OI)(CI)F' ${ps(`${account}:(OI)(CI)R`)}`,
				],
			},
			put,
			configStep(plan, host),
			restart,
		],
		rotate: [put, restart],
		proof: {
			text: proofText(plan),
			shell: "powershell",
			commands: [
				`(Invoke-WebRequest -UseBasicParsing ${plan.distribution.metrics.url}).Content -split "\`n" | Select-String 'otelcol_exporter_(sent|send_failed)_' | Select-String -SimpleMatch ${ps(exporterLabel(plan))}`,
			],
		},
		rollBack: [{ ...put, text: "Restore the old token, before the overlap ends." }, restart],
	};
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
