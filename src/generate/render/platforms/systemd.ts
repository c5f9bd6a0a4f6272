import type { SystemdHost } from "../../../adapters/collectors/distribution.ts";
import { sh } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { Artefact, PlatformPieces, RunbookStep } from "../artefact.ts";
import { folderOf, proofOnHost, rotateByHand, rotateScriptName, validateCommand } from "./shared.ts";

/** A collector that systemd runs from a package. */
export function systemdPieces(plan: CollectorPlan, host: SystemdHost): PlatformPieces {
	const script = rotateScriptName(plan);
	const unit = unitFile(plan, host);
	const [, group = "root"] = host.owner.split(":");
	const folder = folderOf(plan.tokenFile);
	const { configFile } = plan.distribution;
	const validate = validateCommand(plan, host.config);
	return {
		artefacts: unit ? [unit] : [],
		install: [
			{
				text: "Make the folder for the token: root writes it, the collector's account may look inside, nobody else.",
				commands: [`sudo install -d -m 0750 -o root -g ${sh(group)} ${sh(folder)}`],
			},
			{
				text: "Put the token there. The script asks for it and does not show it.",
				commands: [`sudo sh ${script}`],
			},
			...unitSteps(unit, host),
			{
				text: `Put the config in place and keep the one that is there, or add ours to it with crossfade collector -d ${plan.distribution.id} --into ${host.config} --write.`,
				commands: [
					`sudo cp -p ${sh(host.config)} ${sh(`${host.config}.before-crossfade`)}`,
					`sudo install -m 0640 -o root -g ${sh(group)} ${configFile} ${sh(host.config)}`,
				],
			},
			validate
				? {
						text: "Have the collector itself check it, as its own account.",
						commands: [`sudo -u ${sh(host.owner.split(":")[0] ?? "root")} ${validate}`],
					}
				: {
						text: "This collector has no command that validates a config; check what can be checked without it.",
						commands: [`crossfade check -d ${plan.distribution.id} ${sh(host.config)}`],
					},
			{
				text: "Start it with the new config and look at its log.",
				commands: [`sudo ${host.restart}`, `sudo ${host.logs}`],
			},
		],
		rotate: [
			{
				text: "Give the new token to the script. It asks the provider whether the token is accepted, replaces the file whole, has the collector use it, waits until it is proven that exports succeed with it and not with the old one, and puts the old one back when they fail. Exit code 14 is replaced, not proven: it says what to look at, and where the old token is kept.",
				commands: [`sudo sh ${script}`, `sudo sh ${script} --from new.token   # or from a file`],
			},
			rotateByHand(plan),
		],
		proof: proofOnHost(plan),
		rollBack: [
			{ text: "Give the old token to the same script, before the overlap ends.", commands: [`sudo sh ${script}`] },
		],
	};
}

function unitSteps(unit: Artefact | undefined, host: SystemdHost): RunbookStep[] {
	if (!unit) return [];
	const target = host.ownUnit
		? `/etc/systemd/system/${host.unit}`
		: `/etc/systemd/system/${host.unit}.d/crossfade.conf`;
	return [
		{
			text: host.ownUnit ? "Install the unit that runs the collector." : "Install the drop-in for the unit.",
			commands: [
				`sudo install -D -m 0644 ${unit.path} ${target}`,
				"sudo systemctl daemon-reload",
				...(host.ownUnit ? [`sudo systemctl enable ${host.unit}`] : []),
			],
		},
	];
}

/** The unit, or what to add to the packaged one; nothing where the packaged one is right as it is. */
function unitFile(plan: CollectorPlan, host: SystemdHost): Artefact | undefined {
	const validate = validateCommand(plan, host.config);
	const lines = [
		...(plan.queue === "persistent"
			? [
					"# The folder of the queue, made for the collector's account.",
					`StateDirectory=crossfade crossfade/${plan.name}-queue`,
				]
			: []),
		...(validate && host.reload && plan.distribution.dialect === "otelcol"
			? [
					"# A collector that reloads a broken config exits, so it is asked before it is told.",
					"ExecReload=",
					`ExecReload=/usr/bin/${validate}`,
					"ExecReload=/bin/kill -HUP $MAINPID",
				]
			: []),
	];
	if (host.ownUnit) {
		const unit = [
			"[Unit]",
			`Description=${plan.distribution.title}`,
			"After=network-online.target",
			"Wants=network-online.target",
			"",
			"[Service]",
			`ExecStart=${host.ownUnit}`,
			"Restart=always",
			"RestartSec=2",
			...lines,
			"",
			"[Install]",
			"WantedBy=multi-user.target",
			"",
		];
		return { path: `systemd/${host.unit}`, content: unit.join("\n"), purpose: "the unit that runs the collector" };
	}
	if (lines.length === 0) return undefined;
	const content = ["[Service]", ...lines, ""].join("\n");
	return { path: `systemd/${host.unit}.d/crossfade.conf`, content, purpose: "what the packaged unit lacks" };
}
