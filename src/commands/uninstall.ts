import { clis } from "../adapters/clis/registry.ts";
import type { Command } from "./command.ts";
import { runAction, scriptOptions } from "./install.ts";

export const uninstallCommand: Command = {
	name: "uninstall",
	description: `Takes out of the CLIs' files what install, scripts/install.sh or an MDM script put in, and nothing
else: what was there before comes back, a file that was ours alone goes. Doing it twice does no
harm.

Exit codes: as for install.`,
	options: scriptOptions,
	examples: [
		["crossfade uninstall --dry-run", "what would change?"],
		[`crossfade uninstall --cli ${clis[0].id}`, "one CLI"],
		["sudo crossfade uninstall --scope system", "the machine's files"],
	],
	run: (fx, { options }) => runAction(fx, "uninstall", options),
};
