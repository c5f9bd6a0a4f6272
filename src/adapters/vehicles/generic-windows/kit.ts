/**
 * What an admin of any other tool gets for Windows: the scripts, and pages of steps for products that have no folder of their own, since
 * they do the same in other words.
 *
 * Sources: https://www.ninjaone.com/docs/endpoint-management/scripting-and-automation/automation-script-variable-types (variables are
 * environment variables of the script) and .../automation-library-faq/ (offline devices),
 * https://docs.vmware.com/en/VMware-Workspace-ONE-UEM/services/Windows_Desktop_Device_Management/GUID-uemWindeskScripts.html (variables for
 * secrets, exit code 0 is executed, others failed), https://jumpcloud.com/support/manage-variables (secret variables),
 * https://jumpcloud.com/support/understand-command-results (account, exit codes), https://documentation.pdq.com/pdqdeploy/19.3.254.0/common-step.htm
 * and https://help.pdq.com/hc/en-us/articles/220509287-How-It-Works-PDQ-Deploy (the deploy user is a local administrator),
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-gpscr (startup scripts), and for their 600 seconds
 * https://learn.microsoft.com/windows/client-management/mdm/policy-csp-admx-scripts.
 */
import type { Guide, Kit, KitFacts, Limit, Page } from "../kit.ts";
import { TOKEN_PLACEHOLDER } from "../vehicle.ts";
import { run, seenInText, trapsOfWindows, unseenOnWindows } from "../windows.ts";

/** We know of no published limit of these products. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; our assumption" }];

export const kit: Kit = {
	scripts: [
		{ path: "install.ps1", action: "install", body: "ps1", purpose: "configures the machine", limits },
		{ path: "report.ps1", action: "report", body: "ps1", purpose: "reports which token the machine uses", limits },
		{
			path: "uninstall.ps1",
			action: "uninstall",
			body: "ps1",
			purpose: "removes everything that was installed",
			limits,
		},
	],
	payloads: () => [],
	guide,
	pages: ({ mode }) => (mode === "param" ? handedOver : written),
};

const schedule =
	"Every 4 hours is enough for a rotation, and reaches machines that were asleep and CLIs installed later.";
const codes =
	"Exit code 0 of `install.ps1` is success, anything else a failure; the table in STEPS.md says which. `report.ps1` exits 9, 10 or 11 where something is to be seen: that is no failure of the product.";
const bits =
	"Whether the product starts a 32-bit or a 64-bit PowerShell makes no difference: the script goes on in the 64-bit one.";

function guide({ mode }: KitFacts): Guide {
	const param = mode === "param";
	return {
		before: [
			param
				? "These files work with any product that can run a PowerShell script as SYSTEM and can set an environment variable, give it a file or write to its standard input."
				: "These files work with any product that can run a PowerShell script as SYSTEM. The token is in the file, for products that cannot pass values.",
			"Some products have their own page in the folder `steps`; the folder of the other mode has the rest.",
			param
				? "A policy that makes PowerShell log every script block writes the scripts to the event log of each machine; the token is not in them."
				: "A policy that makes PowerShell log every script block (*Turn on PowerShell Script Block Logging*) writes the whole script to the event log of each machine, and the token with it; use the other mode there. Without such a policy nothing of it is logged.",
		],
		install: param
			? [
					{ text: "Let the product run `install.ps1` as SYSTEM, every 4 hours." },
					{
						text: "Pass the token in one of three ways. Never pass it as an argument: arguments are in the product's logs, and with process auditing in the event log.",
						fields: [
							["environment variable `TOKEN`", "visible to administrators while the script runs"],
							[
								"a file, by the argument `token-file=PATH` or the variable `CROSSFADE_TOKEN_FILE`",
								"visible to who may read that file: let it be SYSTEM and administrators; a network share must let the computer's account read it",
							],
							["first line of standard input", "visible to nobody else"],
						],
					},
					{
						text: "Pass options as arguments or in the variable `CROSSFADE_OPTIONS` (the top of the script lists them), and another endpoint in `CROSSFADE_ENDPOINT`.",
					},
				]
			: [
					{
						text: `Create the copy with the token: \`crossfade mdm -v generic-windows --mode embedded --token file:new.token --out generic-windows\`. Do not edit \`install.ps1\` by hand: \`${TOKEN_PLACEHOLDER}\` may stand only where that command puts the token, and it breaks up a token in which a word stands that PowerShell logs.`,
					},
					{ text: "Let the product run `install.secret.ps1` as SYSTEM, every 4 hours." },
				],
		test: [
			{
				text: "On one machine, in Command Prompt as administrator: first a dry run, which prints `crossfade drift` if there is something to do, then the real run:",
				commands: param
					? [run("install.ps1", " dry-run < new.token"), run("install.ps1", " < new.token")]
					: [run("install.secret.ps1", " dry-run"), run("install.secret.ps1")],
			},
			{ text: "The last line of the output begins with `crossfade ok`." },
		],
		report: [
			{
				text: "Run `report.ps1` as SYSTEM and keep its output: one line. Exit code 0 means ok, 9 that no CLI is configured, 10 that something differs, 11 that a person has to look at a file. If the product runs the install script after a failed report, let it do so after 10 alone; after 9 and 11 it would change nothing, every time.",
				commands: [run("report.ps1")],
			},
			{
				text: "With the argument `expect=FINGERPRINT` a machine with another token reports drift. Prefix each line with the host's name and pass them to `crossfade report --inventory`.",
			},
		],
		rotate: [
			{
				text: param
					? "Change the value or the file that the product passes. The script does not change."
					: "Create a new `install.secret.ps1` with the new token and replace the script in the product.",
			},
			{ text: "Run it everywhere, then check the report lines." },
		],
		delay: [["any product", "until it runs the script again: 4 hours with the steps above"]],
		worstHours: 4,
		uninstall: [
			{ text: "Stop running `install.ps1`; otherwise it installs everything again." },
			{
				text: "Run `uninstall.ps1` as SYSTEM. It removes only what the install script set, and exits 0 where there is nothing to remove.",
			},
		],
		exposure: param
			? [
					["where the product stores the value", "anyone who can read it there"],
					["an environment variable, while the script runs", "administrators"],
					["a token file", "anyone who can read that file"],
					["standard input", "nobody else"],
					[
						"process list, event log, output",
						"nobody: nothing is passed as an argument, and only the fingerprint is printed",
					],
				]
			: [
					["the script in the product, its API and its exports", "anyone with read access to scripts there"],
					[
						"the script on the machine, while it runs",
						"administrators, if the product stores it in a folder that only they can read",
					],
					...seenInText,
					["process list, output", "nobody: nothing is passed as an argument, and only the fingerprint is printed"],
				],
		traps: [
			"As an account that is no administrator it configures only that account, and only with `--scope user` or the option `scope=user`.",
			"If no CLI is installed yet, the script exits 0 and reports absent; a later scheduled run configures it.",
			...trapsOfWindows,
		],
		unverified: [
			...unseenOnWindows,
			"None of the products named here was available: their fields, accounts and limits come from documentation or third parties, as each page says.",
			"How large a script these products take, and in which PowerShell and with which execution policy they run it.",
		],
	};
}

/** Products that can pass a value or a file to a script. */
const handedOver: Record<string, Page> = {
	"steps/ninjaone.md": {
		title: "NinjaOne, Windows",
		steps: [
			{
				text: "Administration, Library, Automation, Add, New script:",
				fields: [
					["Language", "PowerShell"],
					["Operating system", "Windows"],
					["Run as", "System"],
					["Script variable", "TOKEN, type String/Text, mandatory"],
					["Code", "all of `install.ps1`"],
				],
			},
			{ text: `Run it on one machine, then add it to a policy as a scheduled automation. ${schedule}` },
			{ text: "To get a column of report lines, write the last line of `report.ps1` into a custom field." },
			{ text: "To rotate, change the value in the scheduled automation." },
		],
		notes: [
			"The vendor documents that script variables are environment variables of that script alone, and names characters that a text cannot have; a token of letters, digits, `.`, `_`, `~` and `-` has none of them. Their names may change case, which makes no difference on Windows.",
			"No type of variable is documented as secret: who may edit or run the automation can see the value. Do not use preset parameters for the token: these are arguments.",
			"A scheduled automation does not run on a machine that is offline at that time; the next one does.",
			codes,
			bits,
		],
	},
	"steps/workspace-one.md": {
		title: "Workspace ONE UEM, Windows",
		steps: [
			{
				text: "Resources, Scripts, Add, Windows:",
				fields: [
					["Language", "PowerShell"],
					["Execution Context", "System"],
					["Code", "all of `install.ps1`"],
					["Variables, Key", "TOKEN"],
					["Variables, Value", "the token itself"],
				],
			},
			{ text: `Assign it to a smart group with one machine, with a schedule. ${schedule}` },
			{ text: "For the report, add a sensor with `report.ps1`, response type String." },
			{ text: "To rotate, change the value of the variable." },
		],
		notes: [
			"The vendor recommends variables for passwords and API keys. We have not verified that a variable reaches a PowerShell script as an environment variable of the same name: if it does not, the script exits 11 and reports that there is no token. Use the embedded mode then.",
			"Scripts need the SaaS edition with Freestyle, and cannot be assigned to employee-owned machines. The console shows *Executed* for exit code 0 and *Failed* for others.",
			codes,
			bits,
		],
	},
	"steps/pdq.md": {
		title: "PDQ Deploy and PDQ Connect",
		steps: [
			{
				text: "PDQ has no field for a secret: values in a package are in clear, and parameters in its logs. Put the token into a file on a share that only the deploy user and administrators can read, e.g. `\\\\server\\crossfade$\\new.token`.",
			},
			{
				text: "New package, PowerShell step (or Install step):",
				fields: [
					["Script or file", "`install.ps1`"],
					["Parameters", "`token-file=\\\\server\\crossfade$\\new.token`"],
					["Run as", "Deploy User: Local System would read the share as the computer's account"],
				],
			},
			{ text: `Deploy it to one machine, then schedule it for a dynamic collection. ${schedule}` },
			{ text: "For the report, run `report.ps1` in a package of its own; its output log ends with the line." },
			{ text: "To rotate, replace the content of the file." },
		],
		notes: [
			"The deploy user is a local administrator on every target, as PDQ requires. If it cannot reach the share from there, use the embedded mode, and keep the repository readable for administrators alone.",
			codes,
			bits,
		],
	},
	"steps/group-policy.md": {
		title: "Group Policy",
		steps: [
			{
				text: "Put `install.ps1` and the token into a share that only *Domain Computers* and administrators can read, e.g. `\\\\server\\crossfade$\\new.token`. Never put the token, or a script with it, into SYSVOL or NETLOGON: every account of the domain can read these.",
			},
			{
				text: "In a policy for the computers, Computer Configuration, Preferences, Windows Settings, Files, New:",
				fields: [
					["Action", "Replace"],
					["Source file", "`\\\\server\\crossfade$\\install.ps1`"],
					[
						"Destination file",
						"`C:\\Program Files\\Crossfade\\install.ps1`, a folder that only administrators can write to",
					],
				],
			},
			{
				text: "Computer Configuration, Preferences, Control Panel Settings, Scheduled Tasks, New, Scheduled Task (At least Windows 7):",
				fields: [
					["User account", "NT AUTHORITY\\SYSTEM"],
					["Trigger", "daily, repeated every 4 hours; and at startup"],
					["Program", "`powershell.exe`"],
					[
						"Arguments",
						'`-NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File "C:\\Program Files\\Crossfade\\install.ps1" token-file=\\\\server\\crossfade$\\new.token`',
					],
				],
			},
			{
				text: "Link the policy to an organizational unit with one test machine first, run `gpupdate /force` there, then the task.",
			},
			{ text: "To rotate, replace the content of the token file." },
		],
		notes: [
			"A startup script (Computer Configuration, Policies, Windows Settings, Scripts, Startup, PowerShell Scripts) with the same arguments works too, but runs only when the machine starts: one that sleeps for weeks keeps the old token. All startup scripts together have 600 seconds by default.",
			"Group Policy shows no exit code and keeps no output of scripts. Collect the line with another tool: `report.ps1` as a task that writes it to a share, or `crossfade watch` at the gateways.",
			"A path in an argument is in logs; the token is not. Who is an administrator of any computer of the domain can read what *Domain Computers* can.",
			bits,
		],
	},
	"steps/powershell.md": {
		title: "PowerShell by hand, or by any other tool",
		steps: [
			{
				text: "In Command Prompt as administrator, with the token in a file that only you can read:",
				commands: [run("install.ps1", " < new.token")],
			},
			{
				text: "In PowerShell as administrator, where no file can be given as standard input, name it:",
				commands: [run("install.ps1", " token-file=C:\\Users\\ann\\new.token")],
			},
			{
				text: "Over OpenSSH for Windows, as an administrator there:",
				commands: [
					"scp install.ps1 HOST:crossfade-install.ps1",
					"ssh HOST powershell -NoProfile -ExecutionPolicy RemoteSigned -File crossfade-install.ps1 < new.token",
					"ssh HOST del crossfade-install.ps1",
				],
			},
			{ text: "To rotate, do the same with the new token." },
		],
		notes: [
			"`Get-Content new.token | powershell -File install.ps1` works too; do not write the token itself into a command: PowerShell keeps a history in a file.",
			"Where a policy allows only signed scripts (AllSigned), sign `install.ps1` as it is: in this mode it needs no change.",
		],
	},
};

/** Products that cannot, or where we do not know. */
const written: Record<string, Page> = {
	"steps/jumpcloud.md": {
		title: "JumpCloud, Windows",
		steps: [
			{
				text: "Settings, Automation Variables, add a variable:",
				fields: [
					["Data Type", "String"],
					["Secret Variable", "on"],
					["Value", "the token itself"],
				],
			},
			{
				text: "Device Management, Commands, add a command:",
				fields: [
					["Type", "Windows"],
					["Launch with", "PowerShell"],
					[
						"Command",
						`all of \`install.ps1\`, with the variable in place of \`${TOKEN_PLACEHOLDER}\`, inserted with the console's own button`,
					],
					["Timeout", "120 seconds, the default, is enough for a machine with few accounts"],
					["Event", "Repeating, every 4 hours"],
				],
			},
			{
				text: "Bind the command to one device, run it, and read the result: standard output ends with the report line.",
			},
			{ text: "To rotate, change the value of the variable." },
		],
		notes: [
			"The vendor documents that a secret variable is encrypted at rest and inserted when the command runs. Commands run as SYSTEM; result 0 is success, 124 means that the time was up.",
			"The command with the token in it goes to the machine as text. We have not verified where its agent keeps it, and whether results mask the value.",
			"A token that JumpCloud inserts is in one piece: where one of PowerShell's trigger words is in it, the script is written to the event log. `crossfade mdm --token` breaks such a word up; prefer it for such a token.",
			codes,
			bits,
		],
	},
	"steps/others.md": {
		title: "Hexnode, ManageEngine, PDQ without a share, and others",
		steps: [
			{
				text: "Create `install.secret.ps1` as STEPS.md describes, and upload it as a custom script that runs as SYSTEM.",
			},
			{ text: schedule },
			{ text: "Run `report.ps1` as a second script, and read its output there." },
			{ text: "To rotate, replace the script." },
		],
		notes: [
			"Hexnode and others can pass arguments to a script. Do not pass the token that way: arguments are logged.",
			codes,
			bits,
		],
	},
};
