import type { Guide, Kit, KitFacts, Limit, Page, Payload } from "../kit.ts";
import { TOKEN_PLACEHOLDER } from "../vehicle.ts";

/** None of these products publishes a limit that is known to us. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; an assumption of ours" }];

export const kit: Kit = {
	scripts: [
		{ path: "install.sh", action: "install", body: "sh", purpose: "configures the machine", limits },
		{ path: "report.sh", action: "report", body: "sh", purpose: "says which token the machine is on", limits },
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "takes everything of ours away again", limits },
	],
	payloads: ({ mode }) => (mode === "param" ? [ansible] : []),
	guide,
	pages,
};

const FOLDER = "{{ crossfade_folder.path }}";

/**
 * The token goes in by standard input: a variable of `environment:` would be part of the remote shell's command line.
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
				? "Anything that can run a script as root can use these files, if it can also set an environment variable or write to the script's standard input."
				: "Anything that can run a script as root can use these files. The token is in the file, for products that can hand nothing over.",
			"Products that we know something of have a page of their own in the folder `steps`. The other half of them is in the folder of the other mode.",
		],
		install: param
			? [
					{ text: "Have the product run `install.sh` as root, every 4 hours, on macOS or Linux." },
					{
						text: "Hand it the token in one of two ways. Never as an argument: arguments are in the process list, and often in logs.",
						fields: [
							[
								"environment variable `TOKEN`",
								"seen by root, and by whoever may read the environment of root's processes",
							],
							["first line of standard input", "seen by nobody else"],
						],
					},
					{
						text: "Options are words, as arguments or in the variable `CROSSFADE_OPTIONS`; another endpoint goes into `CROSSFADE_ENDPOINT`. The top of the script lists them.",
					},
				]
			: [
					{
						text: `Make the copy with the token: \`crossfade mdm -v generic --mode embedded --token file:new.token --out generic\` does it. Or copy \`install.sh\` to \`install.secret.sh\`, with an editor put the token in place of \`${TOKEN_PLACEHOLDER}\`, and keep that copy to yourself.`,
						commands: ["cp install.sh install.secret.sh && chmod 600 install.secret.sh"],
					},
					{ text: "Have the product run `install.secret.sh` as root, every 4 hours, on macOS or Linux." },
				],
		test: [
			{
				text: "On one machine, as root: first without changing anything, which says `crossfade drift` where there is something to do, and then for real:",
				commands: param
					? ["sudo sh install.sh dry-run < new.token", "sudo sh install.sh < new.token"]
					: ["sudo sh install.secret.sh dry-run", "sudo sh install.secret.sh"],
			},
			{ text: "The last line of the output begins with `crossfade ok`." },
		],
		report: [
			{
				text: "Run `report.sh` as root and keep its output: one line. Exit 0 is ok, 9 means that no CLI is set, 10 that something is not as it should be.",
				commands: ["sudo sh report.sh"],
			},
			{
				text: "With `expect=` and a fingerprint behind it as an argument, a machine with another token reports drift. Lines with the host's name in front can be given to `crossfade report --inventory`.",
			},
		],
		rotate: [
			{
				text: param
					? "Change the value that the product hands over. The script stays as it is."
					: "Make a new `install.secret.sh` with the new token and replace the script in the product.",
			},
			{ text: "Have it run everywhere, then look at the report lines." },
		],
		delay: [["any product", "until it runs the script again: 4 hours, if you followed the steps"]],
		worstHours: 4,
		uninstall: [
			{ text: "Stop running `install.sh`. Else it puts everything back." },
			{
				text: "Run `uninstall.sh` as root. It removes only what the install script set, and exits 0 where nothing is.",
			},
		],
		exposure: param
			? [
					["where the product keeps the value", "whoever may read it there"],
					[
						"an environment variable, while the script runs",
						"root, and administrators with tools that record environments",
					],
					["standard input", "nobody else"],
					["output", "nobody: the fingerprint alone is printed"],
				]
			: [
					["the script in the product, its API and its exports", "whoever may read scripts there"],
					["the script on the machine, while it runs", "root, if the product keeps it in a folder of root's"],
					["output", "nobody: the fingerprint alone is printed"],
				],
		traps: [
			"Without root only the account it runs as is configured, and only with `--scope user` or the option `scope=user`.",
			"Where no CLI is installed yet, the script exits 0 and reports absent. The schedule finishes the work later.",
		],
		unverified: [
			"But for Ansible none of the products named here was at hand: their fields and limits are from documents or hearsay, as each page says.",
		],
	};
}

function pages({ mode }: KitFacts): Record<string, Page> {
	return mode === "param" ? handedOver : written;
}

const schedule = "Every 4 hours is enough for a rotation, and reaches machines that slept and CLIs that came later.";

/** Products that hand a value over. */
const handedOver: Record<string, Page> = {
	"steps/ansible.md": {
		title: "Ansible",
		steps: [
			{ text: "Put `install.sh` into the folder `files` of a role, and `ansible.yml` into its `tasks`." },
			{
				text: "Put the token into a vault under the name `crossfade_token`:",
				commands: ["ansible-vault encrypt_string --stdin-name crossfade_token < new.token"],
			},
			{ text: "Run the play with `become: true`. The report line of each host is shown by the last task but one." },
			{ text: "To rotate, replace the vault's value and run the play again." },
		],
		notes: [
			"The task that has the token is marked `no_log`. Do not pass the token with `environment:`: Ansible writes it into the command line of the remote shell, and `ps` shows it.",
			"The tasks ran with ansible-core 2.19 against one Linux machine, over a local connection: the token was in nothing that `-vvv` prints.",
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
		notes: ["`sudo` must not ask for a password there: standard input is the token."],
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
			"The vendor describes variables as the place for passwords and API keys. That a variable reaches a shell script as an environment variable of the same name is not verified here: the script exits 11 and says that there is no token if it does not. Then use the embedded mode.",
			"Scripts need the SaaS edition with Freestyle, and may not be assigned to machines that employees own.",
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
			{ text: "Write the last line of `report.sh` into a custom field if you want a column of it." },
			{ text: "To rotate, change the value in the scheduled automation." },
		],
		notes: [
			"Script variables reach a script as environment variables. Their names may be changed to another case, which was not verified here: if the script says that there is no token, use the embedded mode.",
		],
	},
};

/** Products that do not, or of which we do not know it. */
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
				text: "Create the Automation Variable with the token first, and insert it with the console's own button, between the quotes.",
			},
			{
				text: "Bind the command to one device, run it, and read the result: standard output ends with the report line.",
			},
			{ text: "To rotate, change the value of the variable." },
		],
		notes: [
			"Whether the value of an Automation Variable is masked in the console and in results was not verified here.",
		],
	},
	"steps/others.md": {
		title: "Mosyle, Addigy, Hexnode and others",
		steps: [
			{
				text: "Make `install.secret.sh` as STEPS.md says, and paste it as a custom command or custom script that runs as root.",
			},
			{ text: schedule },
			{ text: "Paste `report.sh` as a custom attribute, custom fact or second command, and read its output there." },
			{ text: "To rotate, replace the script." },
		],
		notes: [
			"Hexnode can pass arguments to a script. Do not pass the token that way.",
			"Whether Mosyle and Addigy have a place for secrets is not known here.",
		],
	},
};
