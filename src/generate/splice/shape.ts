import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import type { ChartConfig } from "../../adapters/collectors/charts.ts";
import { type Distribution, imagesOf, type Platform } from "../../adapters/collectors/distribution.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { type Version, versionText } from "../../base/versions.ts";
import { imageBeside, imageRelease } from "./image.ts";
import { alloyTexts, type ConfigPlace, configsIn } from "./locate.ts";
import { type OwnPage, ownPage } from "./own-page.ts";
import { entryOf, isCompose, keyOf, parseYaml } from "./yaml-document.ts";

/**
 * What a file with a config is besides, which decides how a file gets into the collector's container. A part is a config in another file, of
 * which is not known where it goes: a playbook, a user-data file, another chart.
 */
export interface FileShape {
	readonly kind: "plain" | "compose" | "values" | "resource" | "manifest" | "part";
	/** The platform that follows from it; undefined for a plain config. */
	readonly platform: Platform | undefined;
	/** The Helm chart of the values, if it is known. */
	readonly chart: ChartConfig | undefined;
	/** The release in the tag of the image beside the config. */
	readonly release: string | undefined;
	/** Whether an image stands beside the config, and its name if it is none of the distribution's. */
	readonly image: { readonly isNamed: boolean; readonly foreign: string | undefined };
	/** Paths inside containers that the file mounts something at. */
	readonly mounted: readonly string[];
	/** Its OTLP/HTTP exporters have the name that every release knows, and none has the newer one. */
	readonly usesOldName: boolean;
	/** Where the config serves the collector's own metrics, if it says so. */
	readonly page: OwnPage | undefined;
}

const PLAIN: FileShape = {
	kind: "plain",
	platform: undefined,
	chart: undefined,
	release: undefined,
	image: { isNamed: false, foreign: undefined },
	mounted: [],
	usesOldName: false,
	page: undefined,
};

/** The shape of a file, and of the config in it that `at` names; a file that is no YAML is plain. */
export function shapeOf(text: string, file: string, distribution: Distribution, at: string | undefined): FileShape {
	if (distribution.dialect === "alloy" && !/\.ya?ml$/.test(file)) return PLAIN;
	const documents = documentsOf(text, file);
	const places = configsIn(documents);
	const place = places.find(({ label }) => at === undefined || label === at || label.endsWith(`:${at}`));
	const scalar = documents.flatMap((document) => alloyTexts(document))[0];
	const found: Version | undefined = imageRelease(documents, imagesOf(distribution), place);
	const facts = {
		chart: place?.chart,
		release: found && versionText(found),
		image: imageBeside(documents, imagesOf(distribution), place),
		mounted: documents.flatMap((document) => mountedBelow(document.contents as Node | null)),
		usesOldName: /^\s*otlphttp(\/[\w./-]+)?\s*:/m.test(text) && !/\botlp_http\b/.test(text),
		page: place && isMap(place.node) ? ownPage(place.node, place.document) : undefined,
	};
	if (documents.some(isCompose)) return { ...facts, kind: "compose", platform: "docker" };
	if (place?.chart || isChartText(place, distribution)) return { ...facts, kind: "values", platform: "kubernetes" };
	if (place?.label.startsWith("OpenTelemetryCollector/")) return { ...facts, kind: "resource", platform: "kubernetes" };
	if (place?.label.includes(":") || (scalar && isObject(documents))) {
		return { ...facts, kind: "manifest", platform: "kubernetes" };
	}
	if (scalar) return { ...facts, kind: "values", platform: "kubernetes" };
	const { release, usesOldName, page } = facts;
	return { ...PLAIN, kind: place?.path.length ? "part" : "plain", release, usesOldName, page };
}

/** Whether a config stands where the values of the distribution's own chart have it. */
function isChartText(place: ConfigPlace | undefined, { hosts }: Distribution): boolean {
	const path = hosts.kubernetes?.helm?.config ?? [];
	return path.length > 1 && place?.path.slice(-path.length).join("\0") === path.join("\0");
}

function isObject(documents: readonly Document[]): boolean {
	return documents.some(({ contents }) => isMap(contents) && contents.has("kind") && contents.has("metadata"));
}

/** A file that cannot be read is refused where it is changed. */
function documentsOf(text: string, file: string): readonly Document[] {
	try {
		return parseYaml(text, file).documents;
	} catch (error) {
		if (error instanceof CrossfadeError) return [];
		throw error;
	}
}

function mountedBelow(node: Node | null | undefined): string[] {
	if (isSeq(node)) return node.items.flatMap((item) => mountedBelow(item as Node));
	if (!isMap(node)) return [];
	const path = node.get("mountPath");
	const volumes = entryOf(node, "volumes")?.value;
	const binds = isSeq(volumes)
		? volumes.items.flatMap((item) => (isScalar(item) ? String(item.value).split(":").slice(1, 2) : []))
		: [];
	return [
		...(typeof path === "string" ? [path] : []),
		...binds,
		...node.items.flatMap((pair) => (keyOf(pair) === undefined ? [] : mountedBelow(pair.value as Node | null))),
	];
}
