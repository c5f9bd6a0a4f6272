import { resolve } from "node:path";
import * as v from "valibot";
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { forms } from "../adapters/clis/emits.generated.ts";
import type { Provider } from "../adapters/providers/provider.ts";
import { defaultProvider, providers } from "../adapters/providers/registry.ts";
import { durationMs } from "../base/duration.ts";
import { CrossfadeError, type Place, type Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { shown } from "../base/mask.ts";
import { nearest } from "../base/suggest.ts";
import { yamlMistake } from "../base/yaml-mistakes.ts";
import { parseTokenRef, type TokenRef } from "../token/reference.ts";
import { type FleetText, fingerprintRef, fleetSchema } from "./fleet-schema.ts";
import { FLEET_FILE } from "./fleet-text.ts";
import { expandHosts } from "./host-pattern.ts";
import { type NotifySpec, toNotify } from "./notify.ts";
import { type RotationBlocks, type RotationSpec, rotationProblems, type StoreSpec, toRotations } from "./rotation.ts";
import { referenceKeys } from "./rotation-schema.ts";
import { misnamedRoles } from "./token-roles.ts";

/** A token by name: where to read it, or only its fingerprint. */
export interface FleetToken {
	readonly name: string;
	readonly ref: TokenRef | undefined;
	readonly fingerprint: string | undefined;
}

export interface Deadline {
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** Source of the deadline. */
	readonly source: string;
}

/** A statement in the fleet file. */
export interface Attested {
	readonly kind: "host" | "gateway" | "credential";
	readonly name: string;
	readonly says: "gone" | "moved" | "known";
	readonly because: string;
	readonly actor: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** Where the file has it. */
	readonly where?: Place | undefined;
}

/** A fleet whose token is rotated. Every path is absolute; nothing here is secret. */
export interface Fleet {
	readonly name: string | undefined;
	readonly provider: Provider;
	readonly endpoint: string | undefined;
	/** Whether the file says which provider or endpoint it is, and it is not only the default. */
	readonly isEndpointGiven: boolean;
	readonly started: number | undefined;
	/** Since when the new token is spread, where it was taken back in between; in milliseconds since the epoch. */
	readonly spreadFrom?: number | undefined;
	/** The new token is being taken back, or was. */
	readonly isTakenBack?: boolean | undefined;
	readonly deadline: Deadline | undefined;
	readonly tokens: readonly FleetToken[];
	readonly gateways: readonly {
		readonly name: string;
		readonly otlp?: string | undefined;
		/** Pages of one process. */
		readonly metrics: readonly string[];
	}[];
	readonly prometheus: string | undefined;
	readonly expectedHosts: readonly string[];
	readonly hostsCsv: { readonly path: string; readonly column: string | undefined } | undefined;
	/** Columns with host names in lists and inventories; empty for those of known MDMs. */
	readonly hostColumns: readonly string[];
	readonly clis: readonly string[];
	/** The longest usual pause of each sender, in milliseconds. */
	readonly intervals: {
		readonly fleet?: number | undefined;
		readonly hosts: Readonly<Record<string, number>>;
		readonly clis: Readonly<Record<string, number>>;
	};
	/** Hosts that send directly to the provider. */
	readonly directHosts: "all" | readonly string[];
	readonly attested: readonly Attested[];
	readonly inventory: readonly string[];
	/** Lists of a cluster's pods. */
	readonly pods: readonly string[];
	readonly evidence: string;
	readonly stores: readonly StoreSpec[];
	readonly rotations: readonly RotationSpec[];
	readonly notify: readonly NotifySpec[];
}

const EVIDENCE = "crossfade-evidence";

/**
 * Reads a fleet file. `file` is its name for errors, `folder` what its paths are relative to. Throws `CrossfadeError` (usage) with every
 * problem at once, each with line and column; nothing that could be a token is quoted.
 *
 * @example
 * import { CrossfadeError, parseFleet } from "otel-crossfade";
 *
 * const fleet = parseFleet("version: 1\ntokens: { old: 'file:old.token' }\n", "crossfade.yaml", "/srv");
 * console.log(fleet.tokens[0]?.name, fleet.evidence); // old /srv/crossfade-evidence
 * try {
 * 	parseFleet("version: 1\ntokens: { old: 'an-ingest-token-of-yours' }\n", "crossfade.yaml", "/srv");
 * } catch (error) {
 * 	if (error instanceof CrossfadeError) console.log(error.exit, error.problems[0]?.where?.line); // usage 2
 * }
 */
export function parseFleet(text: string, file: string, folder: string): Fleet {
	const lines = new LineCounter();
	const document = parseDocument(text, {
		lineCounter: lines,
		prettyErrors: false,
		logLevel: "silent",
		uniqueKeys: true,
	});
	const place = (node: Node | undefined): Place => {
		const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
		return { file, line: Math.max(1, line), column: Math.max(1, col) };
	};
	const syntax = document.errors.map((error): Problem => {
		const { line, col } = lines.linePos(error.pos[0]);
		const [what, fix] = yamlMistake(error);
		return { what, where: { file, line, column: col }, fix };
	});
	if (syntax.length > 0) throw new CrossfadeError("usage", syntax);
	const barred = barredNames(document, place);
	const result = v.safeParse(fleetSchema, plainValue(document, file));
	if (!result.success || barred.length > 0) {
		const found = [...barred, ...(result.issues ?? []).map((issue) => fleetProblem(issue, document, place))];
		throw new CrossfadeError(
			"usage",
			found.sort((a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0)),
		);
	}
	const at = (path: readonly unknown[]) => place(nodeAt(document, path));
	const problems = contradictions(result.output, at);
	if (problems.length > 0) throw new CrossfadeError("usage", problems);
	const fleet = toFleet(result.output, file, folder);
	return { ...fleet, attested: fleet.attested.map((each, nth) => ({ ...each, where: at(["attested", nth]) })) };
}

/** The fleet without a file: everything comes from flags. */
export function emptyFleet(folder: string): Fleet {
	return toFleet({ version: 1 }, FLEET_FILE, folder);
}

/** The validator leaves out such keys without a word, with all that is below them. */
const BARRED = ["__proto__", "constructor", "prototype"];

function barredNames(document: Document, place: (node: Node | undefined) => Place): Problem[] {
	const problems: Problem[] = [];
	visit(document, {
		Pair(_, { key }) {
			if (!isScalar(key) || !BARRED.includes(String(key.value))) return;
			const what = `the name ${key.value} cannot be used in this file`;
			problems.push({ what, where: place(key), fix: "choose another name" });
		},
	});
	return problems;
}

function plainValue(document: Document, file: string): unknown {
	try {
		return document.toJS({ maxAliasCount: 10 });
	} catch {
		const fix = "write the values in full, without & and *";
		throw new CrossfadeError("usage", {
			what: "an alias has no anchor before it, or there are too many aliases",
			where: { file },
			fix,
		});
	}
}

type FleetIssue = v.InferIssue<typeof fleetSchema>;

function fleetProblem(issue: FleetIssue, document: Document, place: (node: Node | undefined) => Place): Problem {
	const path = (issue.path ?? []).map(({ key }) => key);
	const parent: unknown = issue.path?.at(-1)?.input;
	const isUnknownKey = issue.type === "strict_object" && issue.expected === "never";
	const where = place(nodeAt(document, path));
	const name = shown(path.map(String).join("."));
	const key = String(path.at(-1) ?? "");
	if (isUnknownKey && !Array.isArray(parent)) {
		const meant = nearest(key, keysBeside(issue));
		const fix = meant ? `did you mean ${meant}?` : "remove it";
		return { what: `unknown key ${name}`, where: place(keyNode(document, path)), fix };
	}
	if (issue.type === "strict_object" && path.length > 0 && issue.received === "undefined") {
		return { what: `${name} is missing`, where, fix: `add ${key}` };
	}
	return {
		what: path.length === 0 ? "not a fleet file" : `invalid ${name}`,
		expected: isUnknownKey ? `a name such as ${keysBeside(issue)[0]} and its value` : expectation(issue),
		got: describeValue(issue.input, path),
		where,
		fix: "correct it; `crossfade init -o -` prints an example with every key",
	};
}

/** The schema's message if it has one, otherwise the type in plain words. */
function expectation({ message, expected }: FleetIssue): string {
	return message.startsWith("Invalid ") ? plainType(expected) : message;
}

function plainType(expected: string | null): string {
	const names: Readonly<Record<string, string>> = {
		Object: "keys and values",
		Array: "a list",
		string: "text",
		Record: "names and values",
	};
	return ownEntry(names, expected ?? "") ?? String(expected);
}

/** The value found; only its length if it could be a token. */
function describeValue(value: unknown, path: readonly unknown[]): string {
	if (typeof value === "string") return holdsReference(path) ? `${value.length} characters` : shown(value);
	if (value === null || value === undefined) return "nothing";
	if (typeof value === "object") return Array.isArray(value) ? "a list" : "keys and values";
	return `${typeof value} ${shown(String(value))}`;
}

function holdsReference(path: readonly unknown[]): boolean {
	return path[0] === "tokens" || path[0] === "notify" || referenceKeys.includes(String(path.at(-1)));
}

function keysBeside(issue: FleetIssue): string[] {
	const parent = issue.path?.at(-1)?.input;
	const used = typeof parent === "object" && parent !== null ? Object.keys(parent) : [];
	const tables: Readonly<Record<string, object>> = fleetKeys;
	const section = issue.path && issue.path.length > 1 ? String(issue.path[0]?.key) : "";
	return Object.keys(ownEntry(tables, section) ?? {}).filter((key) => !used.includes(key));
}

/** The keys of each section, for suggestions. */
const fleetKeys = {
	"": fleetSchema.entries,
	overlap: fleetSchema.entries.overlap.wrapped.entries,
	hosts: fleetSchema.entries.hosts.wrapped.entries,
	gateways: fleetSchema.entries.gateways.wrapped.item.entries,
} as const;

function nodeAt(document: Document, path: readonly unknown[]): Node | undefined {
	const found = document.getIn(path, true);
	if (isNode(found) && (found.range?.[1] ?? 0) >= 0) return found;
	return path.length === 0 ? (document.contents ?? undefined) : nodeAt(document, path.slice(0, -1));
}

function keyNode(document: Document, path: readonly unknown[]): Node | undefined {
	const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
	const pair = isMap(parent)
		? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
		: undefined;
	return isScalar(pair?.key) ? pair.key : nodeAt(document, path);
}

/** Checks across values: duplicate names, patterns without hosts, an unknown endpoint. */
function contradictions(fleet: FleetText, place: (path: readonly unknown[]) => Place): Problem[] {
	const problems: Problem[] = [];
	const names = (fleet.gateways ?? []).map(({ name }) => name);
	const tokens = Object.keys(fleet.tokens ?? {});
	problems.push(...misnamedRoles(tokens, (name) => place(["tokens", name])));
	const { clis = [] } = fleet;
	for (const [index, name] of (Array.isArray(clis) ? clis : Object.keys(clis)).entries()) {
		const meant = cliIds.includes(name) ? undefined : nearest(name, cliIds);
		if (meant === undefined) continue;
		const where = place(["clis", Array.isArray(clis) ? index : name]);
		problems.push({ what: `unknown CLI ${shown(name)}`, where, fix: `did you mean ${meant}?` });
	}
	for (const [index, name] of names.entries()) {
		if (names.indexOf(name) === index) continue;
		problems.push({
			what: `two gateways are named ${shown(name)}`,
			where: place(["gateways", index, "name"]),
			fix: "give each its own name",
		});
	}
	const provider = providers.find(({ id }) => id === fleet.provider);
	if (provider && !provider.endpoint && fleet.endpoint === undefined) {
		problems.push({
			what: `the endpoint of ${provider.title} is unknown`,
			where: place(["provider"]),
			fix: "add endpoint: with its base URL",
		});
	}
	if (fleet.overlap?.started !== undefined && fleet.overlap.lasts === undefined && provider?.overlapMs === undefined) {
		problems.push({
			what: "the length of the overlap is unknown",
			where: place(["overlap"]),
			fix: "add lasts: such as 24h",
		});
	}
	if (fleet.hosts?.pattern !== undefined && !expandHosts(fleet.hosts.pattern)) {
		problems.push({
			what: "hosts.pattern matches no hosts",
			expected: "names with braces, such as mac-{001..120} or gw-{eu,us}",
			got: shown(fleet.hosts.pattern),
			where: place(["hosts", "pattern"]),
			fix: "close every brace, and use ascending ranges",
		});
	}
	return [...problems, ...rotationProblems(blocksOf(fleet), place)];
}

function blocksOf({ stores = {}, rotations = {}, provider, endpoint }: FleetText): RotationBlocks {
	return { stores, rotations, provider, endpoint };
}

/** The CLIs by which data is told apart; any other name is a program of the user's own. */
const cliIds = forms.map(({ id }) => id);

function toFleet(text: FleetText, file: string, folder: string): Fleet {
	const provider = providers.find(({ id }) => id === text.provider) ?? defaultProvider;
	const from = (path: string) => resolve(folder, path);
	return {
		name: text.name,
		provider,
		endpoint: text.endpoint ?? provider.endpoint,
		isEndpointGiven: text.endpoint !== undefined || text.provider !== undefined,
		started: text.overlap?.started === undefined ? undefined : Date.parse(text.overlap.started),
		deadline: deadlineOf(text, provider),
		tokens: Object.entries(text.tokens ?? {}).map(([name, place]) => ({
			name,
			ref: fromFolder(place, from),
			fingerprint: fingerprintRef(place),
		})),
		gateways: (text.gateways ?? []).map(({ metrics = [], ...gateway }) => ({ ...gateway, metrics: [metrics].flat() })),
		prometheus: text.prometheus,
		expectedHosts: [...new Set([...(text.hosts?.expected ?? []), ...(expandHosts(text.hosts?.pattern ?? "") ?? [])])],
		hostsCsv: text.hosts?.csv === undefined ? undefined : { path: from(text.hosts.csv), column: text.hosts.column },
		hostColumns: [],
		clis: Array.isArray(text.clis) ? text.clis : Object.keys(text.clis ?? {}),
		intervals: intervalsOf(text),
		directHosts: text.hosts?.direct ?? [],
		attested: (text.attested ?? []).map(attestedOf),
		inventory: (text.inventory ?? []).map(from),
		pods: (text.pods ?? []).map(from),
		evidence: from(text.evidence ?? EVIDENCE),
		...toRotations(blocksOf(text), folder, file),
		notify: toNotify(text.notify ?? [], from),
	};
}

function intervalsOf({ every, hosts, clis }: FleetText): Fleet["intervals"] {
	const table = (entries: readonly (readonly [string, string | undefined])[]) =>
		Object.fromEntries(
			entries.flatMap(([name, text]) => {
				const ms = durationMs(text ?? "");
				return ms === undefined ? [] : [[name, ms] as const];
			}),
		);
	const ofClis = Array.isArray(clis) ? [] : Object.entries(clis ?? {}).map(([name, own]) => [name, own.every] as const);
	return {
		fleet: durationMs(every ?? ""),
		hosts: table(Object.entries(hosts?.intervals ?? {})),
		clis: table(ofClis),
	};
}

function attestedOf({
	host,
	gateway,
	credential,
	is,
	because,
	at,
	by,
}: NonNullable<FleetText["attested"]>[number]): Attested {
	const kind = host !== undefined ? "host" : gateway !== undefined ? "gateway" : "credential";
	const name = host ?? gateway ?? credential ?? "";
	return { kind, name, says: is, because, actor: by ?? "the fleet file", at: Date.parse(at) };
}

function fromFolder(place: string, from: (path: string) => string): TokenRef | undefined {
	const ref = parseTokenRef(place, "tokens");
	if (!("kind" in ref)) return undefined;
	return ref.kind === "file" ? { kind: "file", path: from(ref.path) } : ref;
}

function deadlineOf({ overlap }: FleetText, provider: Provider): Deadline | undefined {
	if (overlap?.deadline !== undefined) return { at: Date.parse(overlap.deadline), source: "the fleet file" };
	if (overlap?.started === undefined) return undefined;
	const started = Date.parse(overlap.started);
	const configured = durationMs(overlap.lasts ?? "");
	if (configured !== undefined)
		return { at: started + configured, source: `the fleet file: ${overlap.lasts} from the rotation` };
	return provider.overlapMs === undefined
		? undefined
		: { at: started + provider.overlapMs, source: `${provider.title}'s rule` };
}
