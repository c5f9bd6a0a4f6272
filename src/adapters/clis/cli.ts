import type { SettingForm, SettingKinds } from "./setting-form.ts";

/** An operating system whose machines our scripts configure. */
export type Os = "macos" | "linux" | "windows";

/** Those of the script in sh. */
export const systems: readonly Os[] = ["macos", "linux"];

export const everySystem: readonly Os[] = [...systems, "windows"];

/** A row's condition: an option of the script (`no-` for not set), or whether the provider accepts a signal. */
export type Condition =
	| "host"
	| "helper"
	| "no-helper"
	| "prompts"
	| "no-prompts"
	| "responses"
	| "no-responses"
	| "tools"
	| "no-tools"
	| SignalCondition;

/** Known when the script is made. */
export type SignalCondition = "logs" | "no-logs" | "metrics" | "no-metrics";

/**
 * A setting to write. `value` is raw text, quoted for the file's format by the writer; `{endpoint}`, `{token}`,
 * `{host}` (resource attributes that name the machine) and `{helper}` (path of the header program) are filled in by the script.
 */
export interface FileSetting {
	/** RFC 6901, whatever the format. */
	readonly pointer: string;
	readonly type: "string" | "bool" | "int";
	readonly value: string;
	readonly when?: Condition | undefined;
}

/** A foreign key that would redirect or stop the telemetry: at and below it, only what the rows set may remain. */
export interface Obstacle {
	readonly drop: string;
	readonly when?: Condition | undefined;
}

/** A key whose table, if there is one, is the owner's and stays: the setting of the same pointer is for files without it. */
export interface KeptTable {
	readonly keep: string;
}

/** A list in one text, to which the setting of the same pointer adds its value after a comma. */
export interface JoinedList {
	readonly join: string;
}

export type LayerRow = FileSetting | Obstacle | KeptTable | JoinedList;

/** A file that configures where a CLI sends. */
export interface Layer {
	readonly format: "json" | "jsonc" | "toml";
	/** First release of the CLI that supports the layer; `0.0.0` for all. */
	readonly since: string;
	/** First release if an option is set that removes the reason to exclude older ones. */
	readonly sinceWith?: Readonly<Partial<Record<Condition, string>>>;
	readonly rows: readonly LayerRow[];
	/** A value of another kind breaks the file. */
	readonly kinds?: SettingKinds;
	/** A value of none of these forms does, too. */
	readonly forms?: readonly SettingForm[];
	/** A table in which an unknown key breaks the file, by pointer, and the keys that it knows. */
	readonly strict?: { readonly table: string; readonly keys: readonly string[] };
}

/**
 * A file `X.d/NAME.json` that the CLI merges with `X.json` and every other `X.d/*.json`, later names over earlier ones. Extended regular
 * expressions for the text of the others.
 */
export interface MergedFiles {
	/** Settings with which any of them takes a part of the data, and our header, to another place. */
	readonly divert: string;
	/** Settings with which one that comes after ours, or a profile, overrides it. */
	readonly override: string;
	/** The preference domain of its profiles on a Mac. */
	readonly domain: string;
	/**
	 * Its policy in HKEY_LOCAL_MACHINE on Windows, the name of the value with the settings, and the first release that merges the variables
	 * of such a policy with those of files, where it does not set telemetry itself: older ones ignore the files.
	 */
	readonly policy: { readonly key: string; readonly value: string; readonly mergedSince: string };
}

/** Files beside the user's own that the CLI can be told to read over it. */
export interface FilesBeside {
	/** How their names end. */
	readonly ending: string;
	/** Extended regular expression for the text of one that can take data, and our header, to another place. */
	readonly divert: string;
}

/** Another file that the CLI reads, and the settings in it with which ours no longer says what is sent, and where. */
export interface Rival {
	/** Which of our files it stands beside. */
	readonly of: "system" | "user";
	/** Of the machine by system, below the home (`~/`), or below the CLI's folder (`{folder}/`). A star stands for a part of the last segment. */
	readonly path: string | Readonly<Partial<Record<Os, string>>>;
	readonly format: "json" | "jsonc" | "toml" | "dotenv" | "plist";
	/**
	 * Pointers, at and below which nothing may be; of a `dotenv` file extended regular expressions for whole names, of a `plist` for
	 * anything in it.
	 */
	readonly settings: readonly string[];
	/** Extended regular expression for what may not be anywhere in its text, whatever the hint says. */
	readonly text?: string;
	/** Extended regular expression: a file without it in its text is not looked at any further. */
	readonly hint?: string;
	/** Its values must be of the kinds and forms of the user's layer, and of those that no row of ours replaces in it. */
	readonly hasKinds?: boolean;
}

/** Where to detect a release without running it. User paths are relative to the home; `*` matches one path segment. */
export interface Sign {
	/**
	 * `package`: a package.json; `link`: a symbolic link whose target ends in the version; `folder`: a folder named after the version;
	 * `trace`: a file that only says the CLI is or was used.
	 */
	readonly kind: "package" | "link" | "folder" | "trace";
	readonly path: string;
}

/** Facts about one CLI for our scripts, each with a source. */
export interface Cli {
	readonly id: string;
	readonly title: string;
	/** Position in lists and report lines, the lowest first. */
	readonly order: number;
	/** The layer that users cannot override, one file per machine; needs root. On Windows the path begins with %ProgramFiles% or %ProgramData%. */
	readonly system: Layer & {
		readonly file: Readonly<Record<Os, string>>;
		/** Its values have to be what those of the user's file have to be. */
		readonly hasUsersKinds?: boolean;
		readonly merged?: MergedFiles;
		/** First release that does not read the file on Windows if others than administrators can change a folder that leads to it, or make files there. */
		readonly closedSince?: string;
	};
	/**
	 * The layer of one user. `folder` is relative to the home; `variable` names the environment variable that moves it, `below` the path to append then.
	 */
	readonly user: Layer & {
		readonly folder: string;
		readonly file: string;
		readonly variable: string;
		readonly below: string;
		/** With an empty variable it takes the working folder. */
		readonly takesEmpty?: boolean;
		readonly beside?: FilesBeside;
		/**
		 * Lines of TOML with which it surely starts, for a script that does not parse: extended regular expressions, without a backslash, for the name of a
		 * table (empty for the top), its first line where that must be there, and its other lines. `@` in them is a text, `?` a switch, and blanks may stand
		 * around an `=`. A table that stands in two rows has the first line of one.
		 */
		readonly plain?: readonly (readonly [table: string, first: string, others: string])[];
	};
	/** The other files that it reads. */
	readonly rivals: readonly Rival[];
	/** What the values of these have to be besides what those of the user's file have to be, where our rows set them. */
	readonly elsewhere?: { readonly kinds: SettingKinds; readonly forms: readonly SettingForm[] };
	/** Values of a person's files with others than which it is not known whether it starts, or takes the file: our files are set, and a report says `unknown`. */
	readonly open?: SettingKinds;
	/** The command that starts it. */
	readonly program: string;
	/** Package in the npm registry; its folder below every npm root shows the version. */
	readonly npm: string;
	/**
	 * The program that prints the header with the token, where the CLI can run one: its text in sh, which reads the token from the file
	 * `crossfade-token` beside it, and its folder for the machine's layer; for a user it is the folder of the settings.
	 */
	readonly header?: { readonly folder: string; readonly program: string };
	readonly signs: readonly Sign[];
	/** The same on Windows; paths of the machine begin with %ProgramFiles% or %ProgramData%, and all have slashes. */
	readonly windowsSigns: readonly Sign[];
	/**
	 * Words in the command line of processes that outlive a session and keep the old token, how a user restarts them, and an extended regular expression
	 * for the names of variables that go before the file.
	 */
	readonly daemon?: { readonly command: string; readonly restart: string; readonly variables: string };
	/** What it sends even with every option off, for STEPS.md. */
	readonly sends: readonly string[];
	/** When it uses a new token. */
	readonly applies: string;
	/** Common problems, for STEPS.md. */
	readonly traps: readonly string[];
	readonly sources: readonly string[];
}

/** Machine-wide folders of global npm packages. https://docs.npmjs.com/cli/configuring-npm/folders */
export const machineNpmRoots: readonly string[] = [
	"/usr/local/lib/node_modules",
	"/usr/lib/node_modules",
	"/opt/homebrew/lib/node_modules",
];

/** The same below a home: npm prefixes, nvm, fnm, asdf, mise, Bun, pnpm. */
export const userNpmRoots: readonly string[] = [
	".npm-global/lib/node_modules",
	".local/lib/node_modules",
	".nvm/versions/node/*/lib/node_modules",
	".local/share/fnm/node-versions/*/installation/lib/node_modules",
	"Library/Application Support/fnm/node-versions/*/installation/lib/node_modules",
	".asdf/installs/nodejs/*/lib/node_modules",
	".local/share/mise/installs/node/*/lib/node_modules",
	".volta/tools/image/node/*/lib/node_modules",
	".bun/install/global/node_modules",
	".local/share/pnpm/global/*/node_modules",
	"Library/pnpm/global/*/node_modules",
];

/** Machine-wide folders of global npm packages on Windows: beside Node, and where nvm-windows links to the release in use. */
export const windowsMachineNpmRoots: readonly string[] = [
	"%ProgramFiles%/nodejs/node_modules",
	"%ProgramData%/nvm/v*/node_modules",
	"%ProgramData%/chocolatey/lib/nodejs*/tools/*/node_modules",
];

/**
 * The same below a home on Windows: npm's own prefix (https://docs.npmjs.com/cli/configuring-npm/folders), nvm-windows
 * (https://github.com/coreybutler/nvm-windows), volta (https://docs.volta.sh/advanced/packages), fnm, Bun, pnpm, and Node of scoop
 * (https://github.com/ScoopInstaller/Main/blob/master/bucket/nodejs.json).
 */
export const windowsUserNpmRoots: readonly string[] = [
	"AppData/Roaming/npm/node_modules",
	"AppData/Roaming/nvm/v*/node_modules",
	"AppData/Local/nvm/v*/node_modules",
	"AppData/Local/Volta/tools/image/packages/*/node_modules",
	"AppData/Local/Volta/tools/image/packages/*/*/node_modules",
	"AppData/Roaming/fnm/node-versions/*/installation/node_modules",
	"AppData/Local/pnpm/global/*/node_modules",
	".bun/install/global/node_modules",
	"scoop/persist/nodejs*/bin/node_modules",
	"scoop/apps/nodejs*/current/bin/node_modules",
];
