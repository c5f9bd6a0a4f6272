/**
 * What an admin of any other tool gets: the scripts, an Ansible playbook, and pages of steps for products that have no folder of their
 * own, since they do the same in other words.
 *
 * Sources: https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html (the playbook),
 * https://jumpcloud.com/support/create-a-command-manually (JumpCloud), https://docs.vmware.com/en/VMware-Workspace-ONE-UEM/index.html
 * (Workspace ONE).
 */
import type { Guide, Kit, KitFacts, Limit, Page, Payload } from "../kit.ts";
import { TOKEN_PLACEHOLDER } from "../vehicle.ts";

/** We know of no published limit of these products. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; our assumption" }];

export const kit: Kit = {
	scripts: [
		{ path: "install.sh", action: "install", body: "sh", purpose: "configures the machine", limits },
		{ path: "report.sh", action: "report", body: "sh", purpose: "reports which token the machine uses", limits },
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "removes everything that was installed", limits },
	],
	payloads: ({ mode }) => (mode === "param" ? [ansible] : []),
	guide,
	pages,
};

const FOLDER = "{{ crossfade_folder.path }}";

/**
 * The token goes through standard input: a variable in `environment:` would appear in the remote shell's command line.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html
 */
const ansible: Payload = {
	path: "ansible.yml",
	format: "yaml",
	purpose: "tasks for Ansible",
	data: [
		{
			name: "Make a folder for the script",
			"ansible.builtin.tempfile": { state: "directory", suffix: ".crossfade" },
			register: "crossfade_folder",
			changed_when: false,
		},
		{
			name: "Copy the script",
			"ansible.builtin.copy": { src: "install.sh", dest: `${FOLDER}/install.sh`, mode: "0700" },
			changed_when: false,
		},
		{
			name: "Configure the AI CLIs",
			"ansible.builtin.command": { argv: ["/bin/sh", `${FOLDER}/install.sh`], stdin: "{{ crossfade_token }}" },
			no_log: true,
			register: "crossfade_run",
			changed_when: false,
		},
		{
			name: "Show the report line",
			"ansible.builtin.debug": { msg: "{{ crossfade_run.stdout_lines | last }}" },
		},
		{
			name: "Remove the folder",
			"ansible.builtin.file": { path: FOLDER, state: "absent" },
			changed_when: false,
		},
	],
};

function guide({ mode }: KitFacts): Guide {
	const param = mode === "param";
	return {
		before: [
			param
				? "These files work with any product that can run a script as root and can set an environment variable or write to the script's standard input."
				: "These files work with any product that can run a script as root. The token is in the file, for products that cannot pass values.",
			"Some products have their own page in the folder `steps`; the folder of the other mode has the rest.",
		],
		install: param
			? [
					{ text: "Let the product run `install.sh` as root, every 4 hours, on macOS or Linux." },
					{
						text: "Pass the token in one of two ways. Never pass it as an argument: arguments appear in the process list, and often in logs.",
						fields: [
							[
								"environment variable `TOKEN`",
								"visible to root, and to anyone who can read the environment of root's processes",
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
						text: `Create the copy with the token: \`crossfade mdm -v generic --mode embedded --token file:new.token --out generic\`. Or copy \`install.sh\` to \`install.secret.sh\`, replace \`${TOKEN_PLACEHOLDER}\` with the token in an editor, and do not share that copy.`,
						commands: ["cp install.sh install.secret.sh && chmod 600 install.secret.sh"],
					},
					{ text: "Let the product run `install.secret.sh` as root, every 4 hours, on macOS or Linux." },
				],
		test: [
			{
				text: "On one machine, as root: first a dry run, which prints `crossfade drift` if there is something to do, then the real run:",
				commands: param
					? ["sudo sh install.sh dry-run < new.token", "sudo sh install.sh < new.token"]
					: ["sudo sh install.secret.sh dry-run", "sudo sh install.secret.sh"],
			},
			{ text: "The last line of the output begins with `crossfade ok`." },
		],
		report: [
			{
				text: "Run `report.sh` as root and keep its output: one line. Exit code 0 means ok, 9 that no CLI is configured, 10 that something differs, 11 that a person has to look at a file. If the product runs the install script after a failed report, let it do so after 10 alone; after 9 and 11 it would change nothing, every time.",
				commands: ["sudo sh report.sh"],
			},
			{
				text: "With the argument `expect=FINGERPRINT` a machine with another token reports drift. Prefix each line with the host's name and pass them to `crossfade report --inventory`.",
			},
		],
		rotate: [
			{
				text: param
					? "Change the value that the product passes. The script does not change."
					: "Create a new `install.secret.sh` with the new token and replace the script in the product.",
			},
			{ text: "Run it everywhere, then check the report lines." },
		],
		delay: [["any product", "until it runs the script again: 4 hours with the steps above"]],
		worstHours: 4,
		uninstall: [
			{ text: "Stop running `install.sh`; otherwise it installs everything again." },
			{
				text: "Run `uninstall.sh` as root. It removes only what the install script set, and exits 0 where there is nothing to remove.",
			},
		],
		exposure: param
			? [
					["where the product stores the value", "anyone who can read it there"],
					[
						"an environment variable, while the script runs",
						"root, and administrators with tools that record environments",
					],
					["standard input", "nobody else"],
					["output", "nobody: only the fingerprint is printed"],
				]
			: [
					["the script in the product, its API and its exports", "anyone with read access to scripts there"],
					[
						"the script on the machine, while it runs",
						"root, if the product stores it in a folder that only root can read",
					],
					["output", "nobody: only the fingerprint is printed"],
				],
		traps: [
			"Without root it configures only the account it runs as, and only with `--scope user` or the option `scope=user`.",
			"If no CLI is installed yet, the script exits 0 and reports absent; a later scheduled run configures it.",
		],
		unverified: [
			"Except for Ansible, none of the products named here was available: their fields and limits come from documentation or third parties, as each page says.",
		],
	};
}

function pages({ mode }: KitFacts): Record<string, Page> {
	return mode === "param" ? handedOver : written;
}

const schedule =
	"Every 4 hours is enough for a rotation, and reaches machines that were asleep and CLIs installed later.";

/** Products that can pass a value to a script. */
const handedOver: Record<string, Page> = {
	"steps/ansible.md": {
		title: "Ansible",
		steps: [
			{ text: "Put `install.sh` into the folder `files` of a role, and `ansible.yml` into its `tasks`." },
			{
				text: "Put the token into a vault under the name `crossfade_token`:",
				commands: ["ansible-vault encrypt_string --stdin-name crossfade_token < new.token"],
			},
			{ text: "Run the play with `become: true`. The last task but one shows each host's report line." },
			{ text: "To rotate, replace the vault's value and run the play again." },
		],
		notes: [
			"The task with the token is marked `no_log`. Do not pass the token with `environment:`: Ansible puts it on the command line of the remote shell, where `ps` shows it.",
			"The tasks ran with ansible-core 2.19 against one Linux machine, over a local connection: the token was not in the output of `-vvv`.",
		],
	},
	"steps/ssh.md": {
		title: "SSH",
		steps: [
			{
				text: "Copy the script, run it with the token on standard input, and remove it:",
				commands: [
					"scp install.sh HOST:crossfade-install.sh",
					"ssh HOST sudo sh crossfade-install.sh < new.token",
					"ssh HOST rm crossfade-install.sh",
				],
			},
			{ text: "To rotate, do the same with the new token." },
		],
		notes: ["`sudo` must not ask for a password there: standard input carries the token."],
	},
	"steps/workspace-one.md": {
		title: "Workspace ONE UEM",
		steps: [
			{
				text: "Resources, Scripts, Add, macOS or Linux:",
				fields: [
					["Language", "Shell"],
					["Execution Context", "System"],
					["Code", "all of `install.sh`"],
					["Variables, Key", "TOKEN"],
					["Variables, Value", "the token itself"],
				],
			},
			{ text: `Assign it to a smart group with one machine, with a schedule. ${schedule}` },
			{ text: "For the report, add a sensor with `report.sh`, data type String." },
			{ text: "To rotate, change the value of the variable." },
		],
		notes: [
			"The vendor recommends variables for passwords and API keys. We have not verified that a variable reaches a shell script as an environment variable of the same name: if it does not, the script exits 11 and reports that there is no token. Use the embedded mode then.",
			"Scripts need the SaaS edition with Freestyle, and cannot be assigned to employee-owned machines.",
		],
	},
	"steps/ninjaone.md": {
		title: "NinjaOne",
		steps: [
			{
				text: "Administration, Library, Automation, Add, New script:",
				fields: [
					["Language", "ShellScript"],
					["Operating system", "Mac or Linux"],
					["Run as", "System"],
					["Script variable", "TOKEN, type String"],
					["Code", "all of `install.sh`"],
				],
			},
			{ text: `Run it on one machine, then add it to a policy as a scheduled automation. ${schedule}` },
			{ text: "To get a column of report lines, write the last line of `report.sh` into a custom field." },
			{ text: "To rotate, change the value in the scheduled automation." },
		],
		notes: [
			"Script variables reach a script as environment variables. Their names may change case (not verified here): if the script reports that there is no token, use the embedded mode.",
		],
	},
};

/** Products that cannot, or where we do not know. */
const written: Record<string, Page> = {
	"steps/jumpcloud.md": {
		title: "JumpCloud",
		steps: [
			{
				text: "Device Management, Commands, add a command:",
				fields: [
					["Type", "Mac or Linux"],
					["Run as", "root"],
					["Command", `all of \`install.sh\`, with an Automation Variable in place of \`${TOKEN_PLACEHOLDER}\``],
					["Timeout", "120 seconds, the default, is enough"],
					["Event", "Repeating, every 4 hours"],
				],
			},
			{
				text: "First create the Automation Variable with the token, then insert it between the quotes with the console's own button.",
			},
			{
				text: "Bind the command to one device, run it, and read the result: standard output ends with the report line.",
			},
			{ text: "To rotate, change the value of the variable." },
		],
		notes: ["We have not verified whether the console and the results mask the value of an Automation Variable."],
	},
	"steps/others.md": {
		title: "Mosyle, Addigy, Hexnode and others",
		steps: [
			{
				text: "Create `install.secret.sh` as STEPS.md describes, and paste it as a custom command or custom script that runs as root.",
			},
			{ text: schedule },
			{ text: "Paste `report.sh` as a custom attribute, custom fact or second command, and read its output there." },
			{ text: "To rotate, replace the script." },
		],
		notes: [
			"Hexnode can pass arguments to a script. Do not pass the token that way.",
			"We do not know whether Mosyle and Addigy can store secrets.",
		],
	},
};
