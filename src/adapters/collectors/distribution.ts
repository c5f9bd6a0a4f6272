import type { Version } from "../../versions.ts";

export type Platform = "systemd" | "docker" | "kubernetes" | "ecs" | "windows";

export const platforms: readonly Platform[] = ["systemd", "docker", "kubernetes", "ecs", "windows"];

export type ComponentKind = "receivers" | "processors" | "exporters" | "connectors" | "extensions" | "providers";

/** Component type -> the versions that have it, as a range of `versions.ts` in the distribution's own numbering. */
type ComponentRanges = Readonly<Record<string, string>>;

/** What a distribution holds, by version: the content of its `inventory.json`. */
export interface Inventory {
	readonly source: string;
	/** The date of what was read. */
	readonly read: string;
	/** The table speaks about releases from `oldest` to `newest`. */
	readonly oldest: string;
	readonly newest: string;
	/** Own release -> the otelcol release it embeds; empty when they are the same number. */
	readonly releases: Readonly<Record<string, string>>;
	/** By kind; Alloy has the one kind `components`, with full names. */
	readonly components: Readonly<Record<string, ComponentRanges>>;
	readonly deprecated?: Readonly<
		Record<string, Readonly<Record<string, { readonly use: string; readonly since: string }>>>
	>;
	/** Alloy: components that are not generally available, and their stability. */
	readonly stability?: Readonly<Record<string, string>>;
	/** Alloy: top-level blocks that are not components. */
	readonly blocks?: ComponentRanges;
}

/** How a running collector is told about something new. */
export interface Reload {
	/** The command, for a person and for the rotation script. */
	readonly command: string;
	/** What a failed reload does; `exits` is why it must be preceded by validation. */
	readonly onFailure: "exits" | "keeps the last good config";
}

/** One way of running a distribution. */
export interface Host {
	/** Where the config is read. */
	readonly config: string;
	/** The account the collector runs as: `user:group` or `uid:gid`. */
	readonly owner: string;
	/** Absent where no reload exists or it is not safe. */
	readonly reload?: Reload;
	/** The command that restarts it. */
	readonly restart: string;
	/** The command that shows its log. */
	readonly logs: string;
	/** systemd unit, container image or Windows service. */
	readonly name: string;
	/** What a reader has to know besides; each a sentence. */
	readonly notes?: readonly string[];
}

export interface SelfMetrics {
	/** Where the collector serves its own metrics unless told otherwise, e.g. `http://127.0.0.1:8888/metrics`. */
	readonly url: string;
	/** The label that names our exporter, and its value for an exporter id. */
	readonly label: string;
	readonly value: (exporter: string) => string;
}

/** A collector build. Facts only: stages decide what follows from them. */
export interface Distribution {
	readonly id: string;
	readonly title: string;
	/** One line for `--help` and the README table. */
	readonly summary: string;
	readonly dialect: "otelcol" | "alloy";
	/** The native name of its config file. */
	readonly configFile: string;
	readonly inventory: Inventory;
	/** The platform when none is given. */
	readonly defaultPlatform: Platform;
	readonly hosts: Readonly<Partial<Record<Platform, Host>>>;
	/** The program's name, to find it for validation; its arguments before the file. Absent: it cannot validate. */
	readonly validate?: { readonly program: string; readonly args: readonly string[] };
	/** The command that prints the installed version. */
	readonly versionCommand: string;
	readonly metrics: SelfMetrics;
	/** For a gateway in front of a vendor's agent: how it hands everything on. */
	readonly agent?: AgentBehind;
	readonly sources: readonly string[];
}

/** The vendor's agent that an otelcol gateway stands in front of. */
export interface AgentBehind {
	readonly title: string;
	/** Exporter id in the gateway, and its settings for the given agent endpoint. */
	readonly exporter: string;
	readonly endpoint: string;
	readonly settings: (endpoint: string) => Readonly<Record<string, unknown>>;
	/** What the agent's own configuration needs, as a sentence for the runbook. */
	readonly setup: string;
}

/** A release of a distribution, resolved: its own number and the otelcol number that decides most facts. */
export interface Release {
	readonly own: Version;
	readonly otelcol: Version;
}
