import type { Cli, Rival } from "../../adapters/clis/cli.ts";

/** Other files that a CLI reads on Windows, and what is looked for in all of them. */
export interface WindowsRivals {
	/** As in a `Rival`: pointers, or names of variables as a regular expression of .NET; the one of its text first, after an equals sign. */
	readonly settings: readonly string[];
	readonly hasKinds: boolean;
	/** Path, format and hint: paths begin with `~/`, `{folder}/`, `%ProgramFiles%/` or `%ProgramData%/`, and have slashes. */
	readonly files: readonly (readonly [path: string, format: string, hint: string])[];
}

/** Those beside one of our files, in the order of the table. Preferences of a Mac are a policy in the registry, for which the script has a part. */
export function windowsRivals(cli: Cli, of: Rival["of"]): WindowsRivals[] {
	const rivals: WindowsRivals[] = [];
	for (const rival of cli.rivals) {
		const path = rival.of === of ? placeOf(cli, rival) : undefined;
		if (path === undefined) continue;
		const { settings: posix, format, hint = "", text, hasKinds = false } = rival;
		const named = format === "dotenv" ? posix.map(dotNet) : posix;
		const settings = text === undefined ? named : [`=${dotNet(text)}`, ...named];
		const file = [path, format, dotNet(hint)] as const;
		const last = rivals.at(-1);
		const isSame = last?.hasKinds === hasKinds && String(last.settings) === String(settings);
		if (last && isSame) rivals.splice(-1, 1, { ...last, files: [...last.files, file] });
		else rivals.push({ settings, hasKinds, files: [file] });
	}
	return rivals;
}

/**
 * The place on Windows, or nothing for a file that only a Mac has: below the folder that stands for the one of Linux, as the table of the
 * machine's file says. Throws a `TypeError` where that does not show, so that no file is passed over.
 */
function placeOf({ id, system }: Cli, { path }: Rival): string | undefined {
	if (typeof path === "string") return path;
	const { windows, linux } = path;
	if (windows !== undefined || linux === undefined) return windows;
	const [folder = ""] = /^\/etc\/[^/]+\//.exec(system.file.linux) ?? [];
	const tail = system.file.linux.slice(folder.length);
	if (folder === "" || !linux.startsWith(folder) || !system.file.windows.endsWith(`/${tail}`))
		throw new TypeError(`${id}: where is ${linux} on Windows?`);
	return system.file.windows.slice(0, -tail.length) + linux.slice(folder.length);
}

/** An extended regular expression as .NET reads it. Throws a `TypeError` for a class of characters without a counterpart. */
function dotNet(pattern: string): string {
	const translated = pattern.replaceAll("[[:space:]]", "\\s");
	if (translated.includes("[:")) throw new TypeError(`no expression of .NET: ${pattern}`);
	return translated;
}
