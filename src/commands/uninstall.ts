import { clis } from "../adapters/clis/registry.ts";
import type { Command } from "./command.ts";
import { runAction, scriptOptions } from "./install.ts";

export const uninstallCommand: Command = {
	name: "uninstall",
	description: `Removes from the CLIs' files what install, its script in scripts/ or an MDM script added, and
nothing else. Previous values are restored, and files we created are deleted. A second run changes
nothing.

Exit codes: as for install.`,
	options: scriptOptions,
	examples: [
		["crossfade uninstall --dry-run", "show what would change"],
		[`crossfade uninstall --cli ${clis[0].id}`, "one CLI"],
		["sudo crossfade uninstall --scope system", "machine-wide files"],
	],
	run: (fx, { options }) => runAction(fx, "uninstall", options),
};
