import type { SystemdHost } from "../../../adapters/collectors/distribution.ts";
import { sh } from "../../../base/quote.ts";
import type { CollectorPlan } from "../../plan/collector.ts";
import type { Artefact, PlatformPieces, RunbookStep } from "../artefact.ts";
import {
	addText,
	addToConfig,
	folderOf,
	makeFolder,
	proofOnHost,
	REPLACES,
	rotateByHand,
	rotateByScript,
	rotateScriptName,
	validateCommand,
} from "./shared.ts";
import { rotateVariable, storeVariable, variableFile } from "./variable.ts";

/** A collector that systemd runs from a package. */
export function systemdPieces(plan: CollectorPlan, host: SystemdHost): PlatformPieces {
	const script = rotateScriptName(plan);
	const unit = unitFile(plan, host);
	const [, group = "root"] = host.owner.split(":");
	const isEnv = plan.delivery.way === "env";
	const made = makeFolder(folderOf(plan.tokenFile), isEnv ? "root" : group);
	const validate = validateCommand(plan, host.config);
	return {
		artefacts: unit ? [unit] : [],
		install: [
			{
				text: `Create the token's folder: root can write, ${isEnv ? "" : "the collector's account can read, "}nobody else. ${made.note}`,
				commands: [made.command],
			},
			isEnv
				? storeVariable(
						plan,
						"Store the token in the file that the unit takes its variable from, readable for root alone.",
					)
				: { text: "Store the token. The script prompts for it without showing it.", commands: [`sudo sh ${script}`] },
			...unitSteps(unit, host),
			configStep(plan, host, group),
			validate
				? {
						text: "Validate it with the collector, as its own account.",
						commands: [`sudo -u ${sh(host.owner.split(":")[0] ?? "root")} ${validate}`],
					}
				: {
						text: "This collector cannot validate a config; run the offline checks.",
						commands: [`crossfade check -d ${plan.distribution.id} ${sh(host.config)}`],
					},
			{
				text: "Restart it with the new config and check its log.",
				commands: [`sudo ${host.restart}`, `sudo ${host.logs}`],
			},
		],
		...(isEnv
			? {
					rotate: rotateVariable(plan, "Enter the new token."),
					rollBack: rotateVariable(plan, "Enter the old token in the same way, before the overlap ends."),
				}
			: {
					rotate: [rotateByScript(plan, "Run the script"), ...rotateByHand(plan)],
					rollBack: [
						{
							text: "Run the same script with the old token, before the overlap ends.",
							commands: [`sudo sh ${script}`],
						},
					],
				}),
		proof: proofOnHost(plan),
	};
}

/** A packaged collector has a config with work of its own, which must go on; one that runs as our unit has none. */
function configStep(plan: CollectorPlan, host: SystemdHost, group: string): RunbookStep {
	const { configFile } = plan.distribution;
	const add = addToConfig(plan, sh);
	if (add && !host.ownUnit) return { text: addText(plan), commands: [`sudo ${add}`], isForOurConfig: true };
	if (host.ownUnit) {
		return {
			isForOurConfig: true,
			text: "Install the config of that unit. It is a file of its own: a collector that runs here already keeps its config, but both cannot listen on the same ports.",
			commands: [`sudo install -D -m 0640 -o root -g ${sh(group)} ${configFile} ${sh(host.config)}`],
		};
	}
	return {
		isForOurConfig: true,
		text: `${plan.attribution ? REPLACES : ""}Back up the config, then replace it.`,
		commands: [
			`sudo cp -p ${sh(host.config)} ${sh(`${host.config}.before-crossfade`)}`,
			`sudo install -m 0640 -o root -g ${sh(group)} ${configFile} ${sh(host.config)}`,
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
			...(host.ownUnit ? { isForOurConfig: true as const } : {}),
			text: host.ownUnit ? "Install the unit that runs the collector." : "Install the drop-in for the unit.",
			commands: [
				`sudo install -D -m 0644 ${unit.path} ${target}`,
				"sudo systemctl daemon-reload",
				...(host.ownUnit ? [`sudo systemctl enable ${host.unit}`] : []),
			],
		},
	];
}

/** A core file would hold the token. https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Process%20Properties */
const NO_CORE = "LimitCORE=0";

/**
 * What a collector that reads logs and sends them does without. It stays root, as the package's files are root's, but with three
 * capabilities: to read logs of any account, to listen on low ports, to look at other processes.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Sandboxing
 */
const CONFINED = [
	NO_CORE,
	"CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_NET_BIND_SERVICE CAP_SYS_PTRACE",
	"LockPersonality=true",
	"NoNewPrivileges=true",
	"PrivateDevices=true",
	"PrivateTmp=true",
	"ProtectClock=true",
	"ProtectControlGroups=true",
	"ProtectHome=read-only",
	"ProtectHostname=true",
	"ProtectKernelLogs=true",
	"ProtectKernelModules=true",
	"ProtectKernelTunables=true",
	"ProtectSystem=full",
	"RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
	"RestrictNamespaces=true",
	"RestrictRealtime=true",
	"RestrictSUIDSGID=true",
	"SystemCallArchitectures=native",
	"SystemCallErrorNumber=EPERM",
	"SystemCallFilter=@system-service",
];

/** The unit, or a drop-in for the packaged one; nothing if the packaged one suffices. */
function unitFile(plan: CollectorPlan, host: SystemdHost): Artefact | undefined {
	const validate = validateCommand(plan, host.config);
	const { stability, distribution } = plan;
	const argument = stability && distribution.stabilityArgument ? distribution.stabilityArgument + stability : undefined;
	const lines = [
		...(argument && host.command
			? [
					"# Without this level it does not start with this config.",
					"ExecStart=",
					`ExecStart=${host.command.replace("ARGUMENTS", argument)}`,
				]
			: []),
		...(plan.delivery.way === "env"
			? ["# Read when the unit starts, and only then.", `EnvironmentFile=${variableFile(plan)}`]
			: []),
		...(plan.queue === "persistent"
			? [
					"# The queue's folder, owned by the collector's account.",
					`StateDirectory=crossfade crossfade/${plan.name}-queue`,
				]
			: []),
		...(validate && host.reload && plan.distribution.dialect === "otelcol"
			? [
					"# Validate first: a collector that reloads a broken config exits.",
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
			"# It reads and sends; what it does not need it cannot do. A receiver that fails for that needs one of these lines changed.",
			...CONFINED,
			"",
			"[Install]",
			"WantedBy=multi-user.target",
			"",
		];
		return { path: `systemd/${host.unit}`, content: unit.join("\n"), purpose: "the unit that runs the collector" };
	}
	if (lines.length === 0) return undefined;
	const content = ["[Service]", NO_CORE, ...lines, ""].join("\n");
	const purpose = "drop-in for the packaged unit";
	return { path: `systemd/${host.unit}.d/crossfade.conf`, content, purpose, isForHost: true };
}
