/** An operating system whose machines our scripts configure. Windows will be one more; nothing is rendered for it yet. */
export type Os = "macos" | "linux";

export const systems: readonly Os[] = ["macos", "linux"];

/** What a row depends on: an option of the script (`no-` for "not asked for"), or a signal the provider takes. */
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
	| "logs"
	| "metrics";

/**
 * One setting that a file shall have. `value` is raw text, quoted for the file's format by whoever writes it; `{endpoint}`, `{token}`,
 * `{host}` (resource attributes that name the machine) and `{helper}` (path of the header program) stand for what the script knows.
 */
export interface FileSetting {
	/** RFC 6901, whatever the format. */
	readonly pointer: string;
	readonly type: "string" | "bool" | "int";
	readonly value: string;
	readonly when?: Condition;
}

/** A key of somebody else that would divert or stop the telemetry: only what the rows set may be left at and below it. */
export interface Obstacle {
	readonly drop: string;
	readonly when?: Condition;
}

export type LayerRow = FileSetting | Obstacle;

/** A file in which a CLI can be told where to send. */
export interface Layer {
	readonly format: "json" | "jsonc" | "toml";
	/** First release of the CLI that obeys the layer; `0.0.0` where every one does. */
	readonly since: string;
	/** First release where an option is asked for that lifts what keeps older ones out. */
	readonly sinceWith?: Readonly<Partial<Record<Condition, string>>>;
	readonly rows: readonly LayerRow[];
}

/** Where a release shows without running it. Paths of users are relative to the home; `*` is a shell pattern for one path segment. */
export interface Sign {
	/**
	 * `package`: a package.json; `link`: a symbolic link whose target ends in the version; `folder`: a folder named after the version;
	 * `trace`: a file that only says the CLI is or was used.
	 */
	readonly kind: "package" | "link" | "folder" | "trace";
	readonly path: string;
}

/** What our scripts know of one CLI: data, each fact with a source. */
export interface Cli {
	readonly id: string;
	readonly title: string;
	/** Its place in lists and report lines, the lowest first. */
	readonly order: number;
	/** The layer no user can override, one file a machine; needs root. */
	readonly system: Layer & { readonly file: Readonly<Record<Os, string>> };
	/**
	 * The layer of one user. `folder` is relative to the home; `variable` names what moves it, `below` what is then still to be appended.
	 */
	readonly user: Layer & {
		readonly folder: string;
		readonly file: string;
		readonly variable: string;
		readonly below: string;
	};
	/** Package in the npm registry; its folder below every npm root shows the version. */
	readonly npm: string;
	/**
	 * The program that prints the header with the token, where the CLI can run one: its text in sh, which reads the token from the file
	 * `crossfade-token` beside it, and its folder for the machine's layer; for a user it is the folder of the settings.
	 */
	readonly header?: { readonly folder: string; readonly program: string };
	readonly signs: readonly Sign[];
	/** What every process that outlives a session and keeps the old token has in its command line, and how a user restarts it. */
	readonly daemon?: { readonly command: string; readonly restart: string };
	/** What it sends even with every option off, for the admin's page. */
	readonly sends: readonly string[];
	/** When a changed token is used. */
	readonly applies: string;
	/** What goes wrong in practice, for the admin's page. */
	readonly traps: readonly string[];
	readonly sources: readonly string[];
}

/** Where npm and its relatives keep global packages, machine-wide. https://docs.npmjs.com/cli/configuring-npm/folders */
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
