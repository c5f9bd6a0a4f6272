import type { Version } from "../../base/versions.ts";

export type Platform = "systemd" | "docker" | "kubernetes" | "ecs" | "windows";

export const platforms: readonly Platform[] = ["systemd", "docker", "kubernetes", "ecs", "windows"];

/** Component type -> the versions that have it, as a range of `versions.ts` in the distribution's own numbering. */
type ComponentRanges = Readonly<Record<string, string>>;

/** What a distribution holds, by version: the content of its `inventory.json`. */
export interface ComponentInventory {
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

/** Plain settings, as YAML or JSON can hold them. */
export type ConfigValue = string | number | boolean | readonly ConfigValue[] | ConfigValues;
export interface ConfigValues {
	readonly [key: string]: ConfigValue;
}

/** What every way of running a collector has. */
export interface Host {
	/** Where the config is read. */
	readonly config: string;
	/** The account the collector runs as: `user:group` or `uid:gid`. */
	readonly owner: string;
	/** The command that makes a running collector read its config again; absent where there is none, or none that is safe. */
	readonly reload?: string;
	/** The command that restarts it. */
	readonly restart: string;
	/** The command that shows its log. */
	readonly logs: string;
	/** The file it logs to, where that is no journal. */
	readonly logFile?: string;
	/** The commands that print its process's number, and what it logged since `$SINCE` in seconds since the epoch; absent where the platform decides them. */
	readonly inspect?: { readonly pid: string; readonly logs: string };
	/** What a reader has to know besides; each a sentence. */
	readonly notes?: readonly string[];
}

export interface SystemdHost extends Host {
	readonly unit: string;
	/** The command line of the unit to write where the package brings none. */
	readonly ownUnit?: string;
}

export interface ContainerHost extends Host {
	/** Image name without tag. */
	readonly image: string;
	/** What the vendor puts in front of the version in its tags. */
	readonly tagPrefix?: string;
	/** Arguments after the entry point that name the config. */
	readonly args: readonly string[];
	/** The program inside, for `validate`. */
	readonly program: string;
}

export interface KubernetesHost extends ContainerHost {
	readonly helm?: HelmChart;
}

/** Where a Helm chart wants things; paths of keys from the top of its values. */
export interface HelmChart {
	readonly chart: string;
	readonly repository: string;
	/** The config: as a map, or as text for charts that take it whole. */
	readonly config: readonly string[];
	readonly configAs: "map" | "text";
	readonly volumes: readonly string[];
	readonly mounts: readonly string[];
	readonly podSecurity?: readonly string[];
	/** Where the lowest stability of components is given, for Alloy. */
	readonly stability?: readonly string[];
	/** Values the chart cannot do without. */
	readonly values: ConfigValues;
}

export interface EcsHost extends ContainerHost {
	/** The environment variable through which the task definition gives the config. */
	readonly configVariable: string;
}

export interface WindowsHost extends Host {
	readonly service: string;
}

export interface Hosts {
	readonly systemd?: SystemdHost;
	readonly docker?: ContainerHost;
	readonly kubernetes?: KubernetesHost;
	readonly ecs?: EcsHost;
	readonly windows?: WindowsHost;
}

/** How the real program is asked whether it would take a file. */
export interface Validator {
	/** Names under which it is found on PATH. */
	readonly programs: readonly string[];
	/** Its arguments; the file comes behind the last one, without a blank if that ends in `=`. */
	readonly args: readonly string[];
	/** The first release that has it. */
	readonly since?: string;
}

export interface SelfMetrics {
	/** Where the collector serves its own metrics unless told otherwise. */
	readonly url: string;
	/** The label and value that mark our exporter, as in the metrics' text, e.g. `exporter="otlp_http/torii"`. */
	readonly label: (exporter: string, name: string) => string;
}

/** What tells that a collector has read its token anew: a text in its log, or a gauge with the time in seconds. */
export type Uptake = { readonly log: string } | { readonly metric: string };

/** A collector build. Facts only: stages decide what follows from them. */
export interface Distribution {
	readonly id: string;
	readonly title: string;
	/** Its place in lists, the lowest first. */
	readonly order: number;
	readonly dialect: "otelcol" | "alloy";
	/** The native name of its config file. */
	readonly configFile: string;
	readonly inventory: ComponentInventory;
	/** The platform when none is given. */
	readonly defaultPlatform: Platform;
	readonly hosts: Hosts;
	/** Absent: it cannot validate. */
	readonly validate?: Validator;
	/** The command that prints the installed version. */
	readonly versionCommand: string;
	readonly metrics: SelfMetrics;
	/** By how a new token reaches it: the file it watches was read again, or it has started (or reloaded). */
	readonly uptake: { readonly watched: Uptake; readonly started: Uptake };
	/** The argument that lets it run components that are not generally available, before their stability. */
	readonly stabilityArgument?: string;
	/** SIGHUP ends it; everything that would send one is an error. */
	readonly stopsOnHangup?: true;
	/** What a new config must hold besides ours, so that nothing the distribution does by default gets lost. */
	readonly ownExporters?: (platform: Platform) => ConfigValues;
	/** For a gateway in front of a vendor's agent: how it hands everything on. */
	readonly agent?: AgentBehind;
	/** What was read for the facts above. */
	readonly sources: readonly string[];
}

/** The build of another distribution, as the gateway in front of a vendor's agent. */
export interface BuildBehind extends Pick<Distribution, "id" | "title" | "order" | "sources"> {
	/** Id of the distribution whose facts hold. */
	readonly build: string;
	readonly agent: AgentBehind;
}

/** The vendor's agent that an otelcol gateway stands in front of. */
export interface AgentBehind {
	readonly title: string;
	/** Where it takes OTLP over HTTP. */
	readonly endpoint: (platform: Platform) => string;
	/** What its own configuration needs, as a sentence for the runbook. */
	readonly setup: string;
}

/** A release of a distribution, resolved: its own number and the otelcol number that decides most facts. */
export interface Release {
	readonly own: Version;
	readonly otelcol: Version;
}
