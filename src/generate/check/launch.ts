import { isMap, isScalar, isSeq, type Node } from "yaml";
import { shown, shownName } from "../../base/mask.ts";
import { plural } from "../../base/plural.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { nodeBelow, type PlacedMap, textAt } from "./mounts.ts";
import type { ConfigFinding } from "./rules.ts";

/** The arguments that a collector is started with. */
interface Launch {
	readonly at: number;
	readonly words: readonly string[];
	/** Configs that are given besides: a chart and the operator name their own. */
	readonly configsBesides: number;
	/** It names a config that is not taken: the operator leaves that argument out. https://github.com/open-telemetry/opentelemetry-operator/issues/2897 */
	readonly isLeftOut?: boolean;
	/** Variables of the collector whose text, a config, is in the same file. */
	readonly given?: readonly string[];
}

const FIX = "Check what the collector puts together of all of it (print-config), too.";
/** Programs with options of the same names, and verbs with which a collector only looks at a config. */
const OTHER_PROGRAM =
	/^(.*\/)?(helm|kubectl|kustomize|loki|promtail|vector|fluent-bit|envoy|prometheus)$|^(validate|print-config|print-initial-config)$/;

/** One thing that a collector is started with beside the config in a file, and what that means for a check of the file. */
interface LaunchFact {
	readonly at: number;
	readonly fact: string;
	readonly open: string;
	readonly severity: "warning" | "note";
}

/** What a collector is started with beyond the configs in a file: of that, nothing was looked at. https://opentelemetry.io/docs/collector/configuration/ */
export function launchFindings(maps: readonly PlacedMap[]): ConfigFinding[] {
	return allFacts(maps).map(findingOf);
}

/** The same for the lines of a unit, a script, an environment file or a Dockerfile; also the one config that a line names. `writing` are the lines that write what was checked. */
export function launchLines(text: string, writing: readonly string[] = []): ConfigFinding[] {
	const checked = writing.flatMap(wordsOf);
	let offset = 0;
	// A line that goes on keeps its length.
	const lines = text.replace(/\\\n/g, "  ").split("\n");
	return lines.flatMap((line) => {
		const at = offset + (line.length - line.trimStart().length);
		offset += line.length + 1;
		if (/^\s*(#|;)/.test(line)) return [];
		const launch = { at, words: wordsOf(line), configsBesides: 0 };
		const found = launchFacts(launch).map(findingOf);
		const [config, ...more] = optionsOf(launch, "config");
		if (config === undefined || more.length > 0 || schemeOf(config) !== undefined || isOther(launch)) return found;
		if (checked.includes(config)) return found;
		const what = `this line starts a collector with ${shownName(config)}, which was not checked`;
		return [{ rule: "not-read", at, severity: "note", what, fix: "Check that file, too." }, ...found];
	});
}

/** What of that is about the entries that are added to such a file, as sentences. */
export function launchNotes(maps: readonly PlacedMap[]): string[] {
	return allFacts(maps)
		.filter(({ severity }) => severity === "warning")
		.map(({ fact }) => `${fact}: a list of a pipeline that is given there replaces the one in this file`);
}

/** The file that a container or a service starts its collector with; what is told of several is that they are merged. */
export function configFilesOf(map: Node): { file: string; at: number }[] {
	return launchesOf(map)
		.filter((launch) => launch.configsBesides === 0 && !isOther(launch))
		.flatMap((launch) =>
			optionsOf(launch, "config")
				.filter((config, _index, all) => all.length === 1 && schemeOf(config) === undefined)
				.map((config) => ({ file: config.replace(/^file:/, ""), at: launch.at })),
		);
}

function allFacts(maps: readonly PlacedMap[]): LaunchFact[] {
	return maps.flatMap(({ map }) => launchesOf(map)).flatMap(launchFacts);
}

function findingOf({ at, fact, open, severity }: LaunchFact): ConfigFinding {
	return { rule: "not-read", at, severity, what: `${fact}: ${open}`, fix: FIX };
}

function launchFacts(launch: Launch): LaunchFact[] {
	if (isOther(launch)) return [];
	const { at } = launch;
	const configs = optionsOf(launch, "config");
	const elsewhere = configs.filter((config) => !launch.given?.some((name) => config === `env:${name}`));
	const schemes = [...new Set(elsewhere.map(schemeOf).filter((scheme) => scheme !== undefined))];
	const changes = optionsOf(launch, "set").map((each) => shown(each.split("=", 1)[0] ?? ""));
	const gates = optionsOf(launch, "feature-gates");
	const count = configs.length + launch.configsBesides;
	const rows: readonly (readonly [is: boolean, fact: string, open: string, severity?: LaunchFact["severity"]])[] = [
		[
			configs.length > 0 && count > 1,
			`the collector is started with ${plural(count, "config")}, and merges them`,
			"each was checked alone at most",
		],
		[
			schemes.length > 0,
			`a config of this collector comes from ${schemes.map((scheme) => shown(scheme)).join(", ")}`,
			"it was not checked",
		],
		[changes.length > 0, `--set changes ${changes.join(", ")} at the start`, "it was checked as the file has it"],
		[launch.isLeftOut === true, "the operator leaves out the argument config", "that config is not read", "note"],
		[gates.length > 0, "--feature-gates change what this collector does and accepts", "that was not looked at", "note"],
	];
	return rows.flatMap(([is, fact, open, severity = "warning"]) => (is ? [{ at, fact, open, severity }] : []));
}

function isOther({ words }: Launch): boolean {
	return words.some((word) => OTHER_PROGRAM.test(word));
}

/** The values of an option, as `--name=value` and `--name value`. */
function optionsOf({ words }: Launch, name: string): string[] {
	return words.flatMap((word, index) => {
		if (word === `--${name}`) return [words[index + 1] ?? ""];
		return word.startsWith(`--${name}=`) ? [word.slice(name.length + 3)] : [];
	});
}

/** The provider that gives a config that is no file. A single letter is a drive of Windows. */
function schemeOf(config: string): string | undefined {
	const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(config)?.[1];
	return scheme === "file" ? undefined : scheme;
}

/** The words of a line, in quotes or not, or of a list as JSON. */
function wordsOf(line: string): string[] {
	return line.split(/[\s"'`,;<>[\]]+|(?<=^\w+)=/).filter((word) => word !== "");
}

const ARGUMENTS = ["entrypoint", "entryPoint", "command", "args", "extraArgs"];

function launchesOf(map: Node): Launch[] {
	if (textAt(map, "kind") === "OpenTelemetryCollector") {
		const args = nodeBelow(map, "spec", "args");
		if (!isMap(args)) return [];
		const all = args.items.map((pair) => `--${keyOf(pair) ?? ""}=${isScalar(pair.value) ? pair.value.value : ""}`);
		const words = all.filter((word) => !word.startsWith("--config="));
		return [{ at: args.range?.[0] ?? 0, words, configsBesides: 1, isLeftOut: words.length < all.length }];
	}
	const parts = ARGUMENTS.flatMap((key) => {
		const node = nodeBelow(map, key);
		return node ? [{ key, node, words: listed(node) }] : [];
	});
	const [first] = parts;
	if (!first) return [];
	// Charts put their own config before what is added.
	const isAdded = parts.some(({ key }) => key === "extraArgs");
	return [
		{
			at: first.node.range?.[0] ?? 0,
			words: parts.flatMap(({ words }) => words),
			configsBesides: isAdded ? 1 : 0,
			given: VARIABLES.flatMap((key) => givenConfigs(nodeBelow(map, key))),
		},
	];
}

const VARIABLES = ["environment", "Environment", "env", "extraEnvs"];

/** The names of the variables in a map, or in a list of names and values, whose value is a text of several lines: such a text is looked at. */
function givenConfigs(node: Node | null | undefined): string[] {
	const isConfig = (value: unknown) => isScalar(value) && /^service:/m.test(String(value.value));
	if (isMap(node)) return node.items.filter(({ value }) => isConfig(value)).map((pair) => keyOf(pair) ?? "");
	if (!isSeq(node)) return [];
	return (node.items as Node[]).flatMap((item) => {
		if (!isMap(item)) return [];
		const at = (key: string) => item.get(key, true) ?? item.get(key[0]?.toUpperCase() + key.slice(1), true);
		const name = at("name");
		return isConfig(at("value")) && isScalar(name) ? [String(name.value)] : [];
	});
}

function listed(node: Node): string[] {
	if (isScalar(node)) return wordsOf(String(node.value));
	if (!isSeq(node)) return [];
	return (node.items as Node[]).flatMap((item) => {
		if (!isScalar(item)) return [];
		const word = String(item.value);
		// What a shell is given.
		return /\s--\w/.test(word) ? wordsOf(word) : [word];
	});
}
