import { type Document, isMap, type Node, Scalar } from "yaml";
import { UNKNOWN_CHART } from "../../adapters/collectors/charts.ts";
import { type Distribution, imagesOf } from "../../adapters/collectors/distribution.ts";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { shown } from "../../base/mask.ts";
import { compareVersions, type Version, versionText } from "../../base/versions.ts";
import { isKnownRelease, resolveRelease } from "../plan/release.ts";
import { parseAlloy } from "../splice/alloy-syntax.ts";
import { blockText } from "../splice/block-text.ts";
import { positionOf } from "../splice/edit.ts";
import { imageRelease } from "../splice/image.ts";
import { type KustomizeFile, kustomizeFile, RENDER } from "../splice/kustomize.ts";
import { alloyTexts, type ConfigPlace, configsIn, laterConfigs } from "../splice/locate.ts";
import { isCompose, keyOf, parseYaml, type YamlText } from "../splice/yaml-document.ts";
import { alloyFindings, componentsWithoutSettings } from "./alloy.ts";
import { hasMounts, signalFindings } from "./companions.ts";
import { afterCompose, composeFindings } from "./compose-text.ts";
import { configFileFindings } from "./config-files.ts";
import { type ConfigModel, configModel, nodeAt } from "./config-model.ts";
import { deliveryFindings } from "./delivery.ts";
import { fieldFindings, typesWithoutFields } from "./fields.ts";
import type { PlacedFinding } from "./finding.ts";
import { foreignFormat } from "./foreign.ts";
import { launchFindings, launchLines } from "./launch.ts";
import { mapsIn } from "./mounts.ts";
import { podFindings } from "./pods.ts";
import { type ReplacedLines, withPutIn } from "./put-in.ts";
import { type ConfigFinding, type RuleId, rules } from "./rules.ts";
import {
	afterShell,
	hereTexts,
	holdsConfig,
	isDockerfile,
	isUnitOrScript,
	nothingRead,
	replacedLines,
	shellFindings,
	withoutTexts,
} from "./scripts.ts";
import { structureFindings, type Target } from "./structure.ts";
import { afterSubstitution, isSubstituted, substitutedLines, substitutionFindings } from "./substituted-text.ts";
import { readQuietly, tokenFilesIn } from "./token-files.ts";
import { unitCredentials } from "./unit-credentials.ts";
import { unreadFindings } from "./unread.ts";
import { valueFindings } from "./values.ts";
import { valuesElsewhere } from "./values-elsewhere.ts";
import { variableFindings } from "./variables.ts";
import { tokensInComments, writtenInLines, writtenTokens } from "./written-tokens.ts";

/** All offline findings about a file, by position. */
export function offlineFindings(text: string, file: string, target: Target): PlacedFinding[] {
	const found = fileFindings(text, file, target);
	// A file that is not read at all says nothing of what it has.
	const comments = foreignFormat(file) ? [] : placeFindings(tokensInComments(text), text, file, "T1");
	return [...found, ...comments].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Types of components in a file whose settings T1 has no table of, sorted: nothing is said about what stands in them. */
export function settingsNotLookedAt(text: string, file: string, distribution: Distribution): string[] {
	const found = readQuietly(() => {
		if (foreignFormat(file)) return [];
		if (isDockerfile(text, file) || isUnitOrScript(text, file))
			return hereTexts(text)
				.filter(holdsConfig)
				.flatMap((each) => settingsNotLookedAt(afterShell(each), "embedded.yaml", distribution));
		if (distribution.dialect === "alloy" && !/\.ya?ml$/.test(file))
			return componentsWithoutSettings(parseAlloy(text, file), distribution);
		const { documents } = parseYaml(text, file);
		const alloy = distribution.dialect === "alloy" ? documents.flatMap((document) => alloyTexts(document)) : [];
		return [
			...alloy.flatMap(({ value }) => settingsNotLookedAt(String(value), "embedded.alloy", distribution)),
			...configsIn(documents).flatMap(({ document, node }) => {
				if (isMap(node)) return typesWithoutFields(configModel(document, node));
				return alloy.includes(node) ? [] : settingsNotLookedAt(String(node.value), "embedded.yaml", distribution);
			}),
		];
	});
	return [...new Set(found)].sort();
}

function fileFindings(text: string, file: string, target: Target): PlacedFinding[] {
	const place = (findings: readonly ConfigFinding[]) => placeFindings(findings, text, file, "T1");
	const foreign = foreignFormat(file);
	if (foreign) return place([{ rule: "no-config", at: 0, ...foreign }]);
	if (isDockerfile(text, file) || isUnitOrScript(text, file)) return scriptFindings(text, file, target);
	try {
		if (target.distribution.dialect === "alloy" && !/\.ya?ml$/.test(file)) {
			return place(alloyFindings(parseAlloy(text, file), target));
		}
		return yamlFindings(parseYaml(text, file), target);
	} catch (error) {
		if (!(error instanceof CrossfadeError) || error.exit !== "refused") throw error;
		return error.problems.map((problem) => syntaxFinding(problem, file));
	}
}

/** Findings about lines, and about the configs that these write to files. */
function scriptFindings(text: string, file: string, target: Target): PlacedFinding[] {
	const place = (findings: readonly ConfigFinding[]) => placeFindings(findings, text, file, "T1");
	const configs = hereTexts(text).filter(holdsConfig);
	const read = configs.map((each) =>
		withPutIn(fileFindings(afterShell(each), "embedded.yaml", { ...target, embedded: true }), replacedLines(each)).map(
			(found) => ({ ...found, file, line: found.line + each.firstLine - 1 }),
		),
	);
	const left = withoutTexts(text, configs);
	const isImage = isDockerfile(text, file);
	const around = [
		...configs.flatMap(shellFindings),
		...(isImage ? [] : signalFindings(left, target.distribution)),
		...launchLines(
			left,
			configs.map(({ command }) => command),
		),
		...writtenInLines(left),
		...unitCredentials(left),
	];
	const isTold = read.length > 0 || (!isImage && around.some(({ rule }) => rule === "not-read"));
	const nothing = isImage ? DOCKERFILE : nothingRead(text);
	return [...read.flat(), ...place(around), ...(isTold ? [] : place([nothing]))];
}

function yamlFindings(yaml: YamlText, outer: Target): PlacedFinding[] {
	const { text, file, documents } = yaml;
	const place = (findings: readonly ConfigFinding[]) => placeFindings(findings, text, file, "T1");
	const isAlloy = outer.distribution.dialect === "alloy";
	const kustomize = kustomizeFile(documents, file, configsIn(documents).length > 0);
	const target = kustomize ? { ...outer, mergedInto: UNKNOWN_CHART } : outer;
	const alloy = isAlloy ? documents.flatMap((document) => alloyTexts(document)) : [];
	const all = configsIn(documents).filter(({ node }) => isMap(node) || !alloy.includes(node));
	const later = laterConfigs(documents, all);
	const places = all.filter((each) => !later.includes(each));
	const configs = [
		...alloy.map((scalar) => textFindings(text, scalar, "embedded.alloy", file, releaseFor(target, documents))),
		...places.map((found) => {
			const { document, node } = found;
			const here = releaseFor(target, documents, found);
			const chart = found.chart ?? target.mergedInto;
			if (!isMap(node) && isCompose(document))
				return [
					...place(composeFindings(text, node)),
					...textFindings(text, node, "embedded.yaml", file, here, afterCompose),
				];
			if (!isMap(node) && isSubstituted(found))
				return [
					...place(substitutionFindings(text, node)),
					...textFindings(text, node, "embedded.yaml", file, here, afterSubstitution, substitutedLines),
				];
			if (!isMap(node)) return textFindings(text, node, "embedded.yaml", file, here);
			return place(configFindings(configModel(document, node, chart), text, here).map((each) => asPatch(each, found)));
		}),
	];
	// A text that only looked like a config is none.
	const read = configs.filter((findings) => !findings.some(({ rule }) => rule === "no-config"));
	const files = tokenFilesIn(documents, places, alloy).filter(
		({ place: { path } }) => !target.embedded || path.length > 0,
	);
	const releaseAt = (at: ConfigPlace) => releaseOf(releaseFor(target, documents, at));
	const around = place([
		...podFindings({ documents, places, files, releaseAt }),
		...later.map(ofLaterDocument),
		...writtenTokens(documents, places),
		// A patch in a Kustomization is told with that.
		...(kustomize && !(kustomize.isPatch && outer.embedded) ? [notRendered(kustomize)] : []),
	]);
	const maps = mapsIn(documents);
	const unread = place([
		...unreadFindings(maps),
		...valuesElsewhere(maps, places),
		...launchFindings(maps),
		...(places.length > 0 ? configFileFindings(maps) : []),
	]);
	if (kustomize?.isPatch) return [...read.flat().filter(({ rule }) => !OF_WHOLES.has(rule)), ...around, ...unread];
	if (read.length > 0) return [...read.flat(), ...around, ...unread];
	if (hasMounts(documents) || around.length > 0)
		return [...around, ...unread, ...place([{ rule: "mounts-only", at: 0, what: NOTHING }])];
	return [...unread, ...place([{ rule: "no-config", at: 0, what: NOTHING }])];
}

/** A custom resource without a pipeline is most often a patch of one. */
function asPatch(finding: ConfigFinding, { label }: ConfigPlace): ConfigFinding {
	const [, object] = /^(OpenTelemetryCollector\/.+?):/.exec(label) ?? [];
	if (finding.rule !== "no-pipelines" || object === undefined) return finding;
	return { ...finding, what: `${finding.what}: this may be a patch of ${shown(object)}`, fix: RENDER };
}

function configFindings(model: ConfigModel, text: string, target: Target): ConfigFinding[] {
	const short = shortKeys(model);
	if (short) return [short];
	const release = releaseOf(target);
	// Which components Alloy's OTel engine has is not in its inventory, which is that of Alloy's own language.
	const isAlloy = target.distribution.dialect === "alloy";
	const structure = structureFindings(model, target).filter(({ rule }) => !(isAlloy && OF_INVENTORY.has(rule)));
	return once([
		...structure,
		...fieldFindings(model, release, isKnownRelease(target.distribution, target.own)),
		...valueFindings(model, release),
		...variableFindings(model, target.embedded === true),
		...deliveryFindings(model, text, release),
	]);
}

/** Keys such as `receivers::otlp`, which the collector takes apart: accepted by otelcol 0.155.0. */
function shortKeys({ document, root }: ConfigModel): ConfigFinding | undefined {
	const maps = [root, ...root.items.map((pair) => pair.value), nodeAt(document, root, "service", "pipelines")];
	const found = maps.flatMap((map) => (isMap(map) ? map.items : [])).find((pair) => keyOf(pair)?.includes("::"));
	if (!found) return undefined;
	const what = `the key ${shown(keyOf(found) ?? "")} stands for nested ones, which is not read: nothing of this config was checked`;
	const fix = "Write nested keys, or check the config as the collector puts it together (print-config).";
	return { rule: "not-read", at: (found.key as Node).range?.[0] ?? 0, severity: "error", what, fix };
}

/** Rules about what stands at a place, whichever components use it through aliases. */
const OF_PLACES: ReadonlySet<RuleId> = new Set([
	...(["token-literal", "token-in-url", "token-from-env", "token-read-once", "file-newline"] as const),
	...(["not-read", "queue-off", "wrong-type", "unknown-field"] as const),
]);

/** The findings, of each place and rule the worst one. */
function once(findings: readonly ConfigFinding[]): ConfigFinding[] {
	const found = new Map<string, ConfigFinding>();
	for (const each of findings) {
		const key = JSON.stringify([each.rule, each.at, OF_PLACES.has(each.rule) || each.what]);
		if (!found.has(key) || each.severity === "error") found.set(key, each);
	}
	return [...found.values()];
}

function releaseOf({ distribution, own }: Target): Version {
	return resolveRelease(distribution, versionText(own)).release.otelcol;
}

/** The target with the release of the image beside a config, if nobody named another. */
function releaseFor(target: Target, documents: readonly Document[], place?: ConfigPlace): Target {
	const found = target.assumed ? imageRelease(documents, imagesOf(target.distribution), place) : undefined;
	return found ? { ...target, own: found, assumed: false } : target;
}

/** The one release that the images in a file name for its configs; undefined if they name none, or several. */
export function releaseInFile(text: string, file: string, distribution: Distribution): Version | undefined {
	const isYaml = !foreignFormat(file) && !isUnitOrScript(text, file);
	const documents = (isYaml ? readQuietly(() => parseYaml(text, file))?.documents : undefined) ?? [];
	const places = configsIn(documents);
	const found = (places.length > 0 ? places : [undefined]).map((place) =>
		imageRelease(documents, imagesOf(distribution), place),
	);
	const [first] = found;
	return first && found.every((each) => each && compareVersions(each, first) === 0) ? first : undefined;
}

function ofLaterDocument({ node }: ConfigPlace): ConfigFinding {
	return {
		rule: "second-document",
		at: node.range?.[0] ?? 0,
		what: "this config is not in the first document of the file, and the collector reads no other",
	};
}

function notRendered({ what, isPatch }: KustomizeFile): ConfigFinding {
	const unseen = isPatch ? "the config that it changes" : "what it makes of other files";
	return {
		rule: "not-read",
		at: 0,
		severity: "error",
		what: `this is ${what}: ${unseen} was not checked`,
		fix: RENDER,
	};
}

const DOCKERFILE: ConfigFinding = {
	rule: "no-config",
	at: 0,
	what: "this is a Dockerfile: the config that it names was not checked",
	fix: "Check the config that it copies.",
};

/** What a part of a config need not have, and a directive of a patch is not. */
const OF_WHOLES: ReadonlySet<RuleId> = new Set(["no-pipelines", "invalid-id", "unused-component"]);
const NOTHING = "no collector config found in this file";
const OF_INVENTORY: ReadonlySet<RuleId> = new Set(["unknown-component", "deprecated-component"]);

/** The key of a generator's literal, which stands before the text. */
const LITERAL = /^[\w.-]+=/;

/** What is wrong with a config that stands as a text in a file: at its place in that file, or, where lines are joined, where the text begins. */
function textFindings(
	text: string,
	scalar: Scalar,
	name: string,
	file: string,
	outer: Target,
	rendered = (inner: string) => inner,
	replaced: (inner: string) => ReplacedLines = () => ({ variables: [], providers: [] }),
): PlacedFinding[] {
	const target = { ...outer, embedded: true };
	const block = scalar.type === Scalar.BLOCK_LITERAL ? blockText(text, scalar) : undefined;
	const inner = (block?.text ?? String(scalar.value)).replace(LITERAL, "");
	const findings = withPutIn(fileFindings(rendered(inner), name, target), replaced(inner));
	if (!block) {
		const start = positionOf(text, scalar.range?.[0] ?? 0);
		return findings.map((found) => ({ ...found, file, ...start }));
	}
	return findings.map((found) => ({
		...found,
		file,
		line: found.line + block.firstLine - 1,
		column: found.column + block.margin,
	}));
}

/** Findings with their positions in a file. */
export function placeFindings(
	findings: readonly ConfigFinding[],
	text: string,
	file: string,
	tier: "T1" | "T2",
): PlacedFinding[] {
	return findings.map(({ rule, at, what, fix, severity }) => {
		const { severity: usual, fix: advice } = rules[rule];
		return { rule, severity: severity ?? usual, tier, what, fix: fix ?? advice, file, ...positionOf(text, at) };
	});
}

function syntaxFinding({ what, expected, fix, where }: Problem, file: string): PlacedFinding {
	const details = expected === undefined ? what : `${what} (expected ${expected})`;
	const { line = 1, column = 1 } = where ?? {};
	return { rule: "syntax", severity: "error", tier: "T1", what: details, fix, file, line, column };
}
