import type { Version } from "../../base/versions.ts";

export type Platform = "systemd" | "docker" | "kubernetes" | "ecs" | "windows";

export const platforms: readonly Platform[] = ["systemd", "docker", "kubernetes", "ecs", "windows"];

/** Component type -> the versions that have it, as a range of `versions.ts` in the distribution's own numbering. */
type ComponentRanges = Readonly<Record<string, string>>;

/** A distribution's components by version: the content of its `inventory.json`. */
export interface ComponentInventory {
	readonly source: string;
	/** The date it was read. */
	readonly read: string;
	/** The table covers releases from `oldest` to `newest`. */
	readonly oldest: string;
	readonly newest: string;
	/** Own release -> the otelcol release it is built on; empty if the numbers are the same. */
	readonly releases: Readonly<Record<string, string>>;
	/** By kind; Alloy has the one kind `components`, with full names. */
	readonly components: Readonly<Record<string, ComponentRanges>>;
	/** By kind: old name -> new name. The old one is an alias in the releases that have the new one. */
	readonly deprecated?: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** Alloy: components that are not generally available, and their stability. */
	readonly stability?: Readonly<Record<string, string>>;
	/** Alloy: top-level blocks that are not components. */
	readonly blocks?: ComponentRanges;
}

/** Plain settings, as in YAML or JSON. */
export type ConfigValue = string | number | boolean | readonly ConfigValue[] | ConfigValues;
export interface ConfigValues {
	readonly [key: string]: ConfigValue;
}

/** What all ways of running a collector have in common. */
export interface Host {
	/** Path of the config. */
	readonly config: string;
	/** The account the collector runs as: `user:group` or `uid:gid`. */
	readonly owner: string;
	/** The command that makes a running collector reload its config; absent if there is none, or none that is safe. */
	readonly reload?: string;
	/** The command that restarts it. */
	readonly restart: string;
	/** The command that starts it with a new environment, where `restart` keeps the one it was made with. */
	readonly recreate?: string;
	/** The command that shows its log. */
	readonly logs: string;
	/** The file it logs to, where that is no journal. */
	readonly logFile?: string;
	/** The commands that print its process's number, and what it logged since `$SINCE` in seconds since the epoch; absent where the platform decides them. */
	readonly inspect?: { readonly pid: string; readonly logs: string };
	/** Notes for the runbook; each a sentence. */
	readonly notes?: readonly string[];
}

export interface SystemdHost extends Host {
	readonly unit: string;
	/** The unit's command line, if the package has no unit. */
	readonly ownUnit?: string;
	/** The command line of the package's unit, with ARGUMENTS where others can be added; only if it ever needs some. */
	readonly command?: string;
}

export interface ContainerHost extends Host {
	/** Image name without tag. */
	readonly image: string;
	/** Prefix of the version in the vendor's tags. */
	readonly tagPrefix?: string;
	/** Arguments after the entry point that name the config. */
	readonly args: readonly string[];
	/** The program inside, for `validate`. */
	readonly program: string;
}

export interface KubernetesHost extends ContainerHost {
	readonly helm?: HelmChart;
	/** Labels of its pods, if they are not those of the workload that we make. */
	readonly pods?: string;
}

/** Where a Helm chart expects things; paths of keys from the top of its values. */
export interface HelmChart {
	readonly chart: string;
	readonly repository: string;
	/** The config: as a map, or as text for charts that expect that. */
	readonly config: readonly string[];
	readonly configAs: "map" | "text";
	readonly volumes: readonly string[];
	readonly mounts: readonly string[];
	readonly podSecurity?: readonly string[];
	/** Security contexts of its containers. */
	readonly containerSecurity?: readonly (readonly string[])[];
	/** The image's tag, without which the chart installs its own release. */
	readonly tag?: readonly string[];
	/** Requests and limits, if the chart sets none. */
	readonly resources?: readonly string[];
	/** What makes a rollout end the old pod before it starts the new one, as a volume with one writer needs it. */
	readonly recreate?: { readonly path: readonly string[]; readonly value: ConfigValue };
	/** Ports that it opens: those of a map have a name as key. */
	readonly ports?: {
		readonly path: readonly string[];
		readonly form: "map" | "list";
		readonly entry: (name: string, port: number) => ConfigValues;
		/** Whether the usual OTLP ports are open by default. */
		readonly hasOtlp: boolean;
	};
	/** Labels of its workload and pods, with RELEASE for the name of the release. */
	readonly selector?: string;
	/** The release that a vendor's agent is in, whose own values stay. */
	readonly release?: string;
	/** Where Alloy's minimum stability level is set. */
	readonly stability?: readonly string[];
	/** Values the chart requires. */
	readonly values: ConfigValues;
}

export interface EcsHost extends ContainerHost {
	/** The environment variable with the config in the task definition. */
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

/** The names of a distribution's images, without tags. */
export function imagesOf({ hosts }: Pick<Distribution, "hosts">): string[] {
	return [...new Set([hosts.docker, hosts.kubernetes, hosts.ecs].flatMap((host) => (host ? [host.image] : [])))];
}

/** How to validate a file with the real program. */
export interface Validator {
	/** Names under which it is found on PATH. */
	readonly programs: readonly string[];
	/** Its arguments; the file follows the last one, without a space if that ends in `=`. */
	readonly args: readonly string[];
	/** The first release that has it. */
	readonly since?: string;
}

export interface SelfMetrics {
	/** Where the collector serves its own metrics by default. */
	readonly url: string;
	/** The label and value of our exporter in the metrics text, e.g. `exporter="otlp_http/torii"`. */
	readonly label: (exporter: string, name: string) => string;
}

/** What tells that a collector has read its token anew: a text in its log, or a gauge with the time in seconds. */
export type Uptake = { readonly log: string } | { readonly metric: string };

/** A collector build. Facts only; the stages make the decisions. */
export interface Distribution {
	readonly id: string;
	readonly title: string;
	/** Its place in lists, the lowest first. */
	readonly order: number;
	readonly dialect: "otelcol" | "alloy";
	/** The native name of its config file. */
	readonly configFile: string;
	readonly inventory: ComponentInventory;
	/** The default platform. */
	readonly defaultPlatform: Platform;
	readonly hosts: Hosts;
	/** Absent if it cannot validate. */
	readonly validate?: Validator;
	/** The command that prints the installed version. */
	readonly versionCommand: string;
	readonly metrics: SelfMetrics;
	/** By how a new token reaches it: the file it watches was read again, or it has started (or reloaded). */
	readonly uptake: { readonly watched: Uptake; readonly started: Uptake };
	/** The argument that allows components that are not generally available; the stability level follows it. */
	readonly stabilityArgument?: string;
	/** The first of its releases that can send the token in another header than Authorization, if that is not a fact of the otelcol release. */
	readonly headerSince?: string;
	/** Top-level sections of its config besides the upstream ones. */
	readonly ownSections?: readonly string[];
	/** SIGHUP stops it; anything that would send one is an error. */
	readonly stopsOnHangup?: true;
	/** What a new config must also contain to keep the distribution's default behaviour. */
	readonly ownExporters?: (platform: Platform) => ConfigValues;
	/** For a gateway in front of a vendor's agent: how it forwards everything. */
	readonly agent?: AgentBehind;
	/** Sources of the facts above. */
	readonly sources: readonly string[];
}

/** The build of another distribution, as the gateway in front of a vendor's agent. */
export interface BuildBehind extends Pick<Distribution, "id" | "title" | "order" | "sources"> {
	/** Id of the distribution whose facts hold. */
	readonly build: string;
	readonly agent: AgentBehind;
}

/** The vendor's agent behind an otelcol gateway. */
export interface AgentBehind {
	readonly title: string;
	/** Where it accepts OTLP over HTTP. */
	readonly endpoint: (platform: Platform) => string;
	/** What to change in its own configuration, as a sentence for the runbook. */
	readonly setup: string;
}

/** A resolved release: its own version, and the otelcol version that determines most facts. */
export interface Release {
	readonly own: Version;
	readonly otelcol: Version;
}
