import { entryLines, type YamlMap } from "../render/yaml.ts";

/** A component we put into someone's config. */
export interface WantedEntry {
	/** Top-level section: `exporters`, `extensions`, … */
	readonly section: string;
	readonly id: string;
	readonly value: YamlMap;
}

/** What an otelcol config is to hold of ours, or what of ours is to go. */
export interface OtelcolRequest {
	/** Suffix of our component ids; with it we know our own again. */
	readonly name: string;
	readonly entries: readonly WantedEntry[];
	/** Take out everything of ours; `entries` then tells what is recognised as unchanged where no comment can. */
	readonly remove: boolean;
	/** Goes into the `exporters` of pipelines. */
	readonly exporter: string;
	/** Signals whose pipelines get the exporter. */
	readonly signals: readonly string[];
	/** Pipelines named by the user instead of chosen by us. */
	readonly pipelines?: readonly string[] | undefined;
	/** Where in the file the config is, when there are several, e.g. `spec.config`. */
	readonly at?: string | undefined;
	/** Replace entries of ours that were edited by hand. */
	readonly force: boolean;
}

/** What a splice did. */
export interface SpliceOutcome {
	readonly text: string;
	/** Pipelines (or Alloy components) that send to our exporter now. */
	readonly wired: readonly string[];
	/** What a person should know, a line each. */
	readonly notes: readonly string[];
}

/** Component types of ours by section, in all the names they ever had: `<type>/<name>` is ours. */
const ownTypes: Readonly<Record<string, readonly string[]>> = {
	exporters: ["otlp_http", "otlphttp"],
	extensions: ["bearertokenauth", "file_storage"],
};

export const ownSections = Object.keys(ownTypes);

export function isOwn(section: string, id: string, name: string): boolean {
	return ownTypes[section]?.some((type) => id === `${type}/${name}`) ?? false;
}

/** What to write by hand where we do not dare to, as the `fix` of a problem. */
export function manualEdit({ entries, remove, exporter, signals, pipelines }: OtelcolRequest): string {
	if (remove) return "take our entries out by hand";
	const sections = new Map<string, string[]>();
	for (const { section, id, value } of entries) {
		const lines = entryLines(id, value).map((line) => `      ${line}`);
		sections.set(section, [...(sections.get(section) ?? [`    ${section}:`]), ...lines]);
	}
	const extensions = entries.filter(({ section }) => section === "extensions").map(({ id }) => id);
	return [
		"add by hand:",
		...[...sections.values()].flat(),
		...(extensions.length > 0 ? [`    to the list service.extensions: ${extensions.join(", ")}`] : []),
		`    to the exporters of each ${pipelines ? pipelines.join(", ") : signals.join(" and ")} pipeline that receives: ${exporter}`,
	].join("\n");
}
