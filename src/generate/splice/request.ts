import { ownEntry } from "../../base/lookup.ts";
import { entryLines, type YamlMap } from "../render/yaml.ts";

/** A component to add to a config. */
export interface WantedEntry {
	/** Top-level section: `exporters`, `extensions`, … */
	readonly section: string;
	readonly id: string;
	readonly value: YamlMap;
}

/** What to add to an otelcol config, or to remove. */
export interface OtelcolRequest {
	/** Suffix of our component ids, by which we recognize them. */
	readonly name: string;
	readonly entries: readonly WantedEntry[];
	/** Remove all our entries; `entries` then identifies unchanged entries where no comment is possible. */
	readonly remove: boolean;
	/** Added to the `exporters` of pipelines. */
	readonly exporter: string;
	/** Signals whose pipelines get the exporter. */
	readonly signals: readonly string[];
	/** Pipelines named by the user, instead of our choice. */
	readonly pipelines?: readonly string[] | undefined;
	/** Which config in the file, if there are several, e.g. `spec.config`. */
	readonly at?: string | undefined;
	/** Replace entries of ours that were edited by hand. */
	readonly force: boolean;
}

/** The result of a splice. */
export interface SpliceOutcome {
	readonly text: string;
	/** Pipelines (or Alloy components) that now send to our exporter. */
	readonly wired: readonly string[];
	/** Notes for the user, one line each. */
	readonly notes: readonly string[];
}

/** The same, with what has to exist before the collector starts again: a sentence each, some with lines to add. */
export interface SpliceResult extends SpliceOutcome {
	readonly before: readonly string[];
}

/** Our component types by section, under all names they ever had: `<type>/<name>` is ours. */
const ownTypes: Readonly<Record<string, readonly string[]>> = {
	exporters: ["otlp_http", "otlphttp"],
	extensions: ["bearertokenauth", "file_storage"],
};

export const ownSections = Object.keys(ownTypes);

export function isOwn(section: string, id: string, name: string): boolean {
	return ownEntry(ownTypes, section)?.some((type) => id === `${type}/${name}`) ?? false;
}

/** What to write by hand, as a problem's `fix`, if we cannot do it safely. */
export function manualEdit({ entries, remove, exporter, signals, pipelines }: OtelcolRequest): string {
	if (remove) return "remove our entries by hand";
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
