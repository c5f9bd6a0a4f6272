import type { WindowsHost } from "../../../adapters/collectors/distribution.ts";
import { ps } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { PlatformPieces, RunbookStep } from "../artefact.ts";
import { exporterLabel, proofText } from "./shared.ts";

/** A collector that runs as a Windows service. Nothing of this has been run on a Windows machine by us. */
export function windowsPieces(plan: CollectorPlan, host: WindowsHost): PlatformPieces {
	const file = plan.tokenFile;
	const folder = file.slice(0, file.lastIndexOf("\\"));
	const account = host.owner === "LocalSystem" ? "SYSTEM" : host.owner;
	const put: RunbookStep = {
		text: "Put the token there: it is asked for, not shown, and written whole and without a line break.",
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
		text: "Restart the service: it reads the token when it starts.",
		shell: "powershell",
		commands: [host.restart, host.logs],
	};
	return {
		artefacts: [],
		install: [
			{
				text: "Make the folder for the token, for administrators and the collector's account only.",
				shell: "powershell",
				commands: [
					`New-Item -ItemType Directory -Force -Path ${ps(folder)}`,
					`icacls ${ps(folder)} /inheritance:r /grant 'BUILTIN\\Administrators:(OI)(CI)F' ${ps(`${account}:(OI)(CI)R`)}`,
				],
			},
			put,
			{
				text: "Put the config in place and keep the one that is there.",
				shell: "powershell",
				commands: [
					`Copy-Item -LiteralPath ${ps(host.config)} -Destination ${ps(`${host.config}.before-crossfade`)}`,
					`Copy-Item -Force ${ps(plan.distribution.configFile)} -Destination ${ps(host.config)}`,
				],
			},
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
		rollBack: [{ ...put, text: "Put the old token back, before the overlap ends." }, restart],
	};
}
