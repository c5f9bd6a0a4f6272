/**
 * Anything that can run a script with an environment variable or standard input: an MDM without a folder of its own, Ansible, SSH. The
 * token comes in the variable TOKEN, which is unset at once, or on standard input, which nobody else sees.
 *
 * Sources: https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html,
 * https://jumpcloud.com/support/create-a-command-manually, https://docs.vmware.com/en/VMware-Workspace-ONE-UEM/index.html,
 * https://www.hexnode.com/mobile-device-management/help/.
 */
import type { Vehicle } from "../vehicle.ts";
import { TOKEN_PLACEHOLDER } from "../vehicle.ts";

export const vehicle: Vehicle = {
	id: "generic",
	title: "any MDM, Ansible or SSH",
	order: 50,
	family: "generic",
	options: [
		"# First, so that no program started below inherits it.",
		"token=${TOKEN-}",
		"unset TOKEN",
		"ENDPOINT=${CROSSFADE_ENDPOINT:-$ENDPOINT}",
		'OPTIONS="${CROSSFADE_OPTIONS-} $*"',
		"unset CROSSFADE_ENDPOINT CROSSFADE_OPTIONS",
	],
	token: {
		param: ['if [ -z "$token" ] && [ ! -t 0 ]; then read_line; fi'],
		embedded: [`token='${TOKEN_PLACEHOLDER}'`],
	},
	tokenHint: { param: "set TOKEN or write it to standard input" },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	codes: {},
	notes: ["Run it as root. Options come in CROSSFADE_OPTIONS or as arguments, the endpoint in CROSSFADE_ENDPOINT."],
	tokenNotes: [
		"The token comes in the environment variable TOKEN or as the first line of standard input.",
		"Root, and whoever may read the environment of root's processes, can see a token in TOKEN; standard input shows it to nobody.",
	],
	sources: [
		"https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html",
		"https://jumpcloud.com/support/create-a-command-manually",
		"https://docs.vmware.com/en/VMware-Workspace-ONE-UEM/index.html",
		"https://www.hexnode.com/mobile-device-management/help/",
	],
};
