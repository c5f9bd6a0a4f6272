import { resolve } from "node:path";
import type { TokenIssuer } from "../adapters/providers/provider.ts";
import { issuers } from "../adapters/providers/registry.generated.ts";
import type { ProviderRotation, RotationStrategy } from "../adapters/providers/rotation.ts";
import { rotations } from "../adapters/providers/rotations.generated.ts";
import { storeKinds } from "../adapters/stores/registry.generated.ts";
import type { StoreKind, StoreSettings } from "../adapters/stores/store.ts";
import { durationMs } from "../base/duration.ts";
import type { Place, Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { shown } from "../base/mask.ts";
import { nearest } from "../base/suggest.ts";
import { parseTokenRef, type TokenRef } from "../token/reference.ts";
import { endpointProblems } from "./endpoint.ts";
import { FLEET_FILE } from "./fleet-text.ts";
import { type RotationText, STORE_DEFAULTS, type StoreText } from "./rotation-text.ts";

/** A store of the fleet file. Paths are absolute; nothing here is secret. */
export interface StoreSpec {
	readonly name: string;
	readonly kind: StoreKind;
	readonly settings: StoreSettings;
	readonly place: string;
	readonly feeds: readonly string[];
	readonly apply: "watch" | readonly string[];
	readonly confirm: "traffic" | "person" | readonly string[];
	/** How long its readers need at most, in milliseconds. */
	readonly withinMs: number;
}

/** Whether a store has a field for the public half of a pair. */
export function hasPair({ settings }: StoreSpec): boolean {
	return settings["public-key"] !== undefined || settings["public-field"] !== undefined;
}

/** A rotation of the fleet file. */
export interface RotationSpec {
	readonly name: string;
	/** The fleet file as it was named; undefined if it is the usual one. */
	readonly fleetFile: string | undefined;
	readonly issuer: TokenIssuer;
	readonly rules: ProviderRotation;
	readonly strategy: RotationStrategy;
	readonly current: TokenRef | { readonly store: string };
	/** In the order in which they get the new token, the canary first. */
	readonly stores: readonly StoreSpec[];
	readonly canary: string | undefined;
	readonly endpoint: string;
	readonly overlapMs: number | undefined;
	readonly key: TokenRef;
	readonly recipients: readonly string[];
	/** An absolute folder, or a store; undefined for the folder in the state folder. */
	readonly journal: string | StoreSpec | undefined;
	readonly host: string | undefined;
	/** Further headers of requests to the provider's token API, by name. */
	readonly headers: Readonly<Record<string, TokenRef>>;
	/** Values of the provider's own keys, as written. */
	readonly settings: Readonly<Record<string, string>>;
}

/** Both blocks as the file has them, and the place of a value in it. */
export interface RotationBlocks {
	readonly stores: Readonly<Record<string, StoreText>>;
	readonly rotations: Readonly<Record<string, RotationText>>;
	/** Of the fleet: a rotation of the same provider has the same endpoint. */
	readonly provider?: string | undefined;
	readonly endpoint?: string | undefined;
}

type At = (path: readonly unknown[]) => Place;

/** What each of the blocks cannot show alone: names that lead nowhere, two stores at one place, keys of another provider, missing ones. */
export function rotationProblems(all: RotationBlocks, at: At): Problem[] {
	const { stores, rotations: blocks } = withEndpoint(all);
	const places = new Map<string, string>();
	const ofStores = Object.entries(stores).flatMap(([name, block]) => storeProblems(name, block, places, at));
	const named = Object.keys(stores);
	const ofRotations = Object.entries(blocks).flatMap(([name, block]) => [
		...nameProblems(name, block, named, at),
		...journalProblems(name, block, stores, at),
		...ownKeyProblems(name, block, at),
	]);
	return [...ofStores, ...ofRotations];
}

function withEndpoint(blocks: RotationBlocks): RotationBlocks {
	const { provider, endpoint } = blocks;
	const own = (block: RotationText): RotationText =>
		block.endpoint === undefined && endpoint !== undefined && block.provider === provider
			? { ...block, endpoint }
			: block;
	const rotations = Object.entries(blocks.rotations).map(([name, block]) => [name, own(block)] as const);
	return { ...blocks, rotations: Object.fromEntries(rotations) };
}

function storeProblems(name: string, block: StoreText, places: Map<string, string>, at: At): Problem[] {
	const kind = storeKinds.find(({ id }) => id === block.kind);
	if (!kind) return [];
	// From any folder: two ways to write one path are one place.
	const settings = storeSettings(kind, block, (path) => resolve("/", path));
	const place = placeKey(kind.place(settings));
	const other = places.get(place);
	places.set(place, name);
	const where = at(["stores", name]);
	const conflict = kind.conflict?.(settings);
	const traffic = (block.confirm ?? "traffic") === "traffic" && (block.feeds ?? []).length === 0;
	return [
		...(conflict === undefined ? [] : [{ what: `store ${shown(name)}: ${conflict}`, where, fix: "correct it" }]),
		...(other === undefined
			? []
			: [
					{
						what: `stores ${shown(other)} and ${shown(name)} are one place`,
						where,
						fix: "keep one of them",
					},
				]),
		...(traffic
			? [
					{
						what: `store ${shown(name)} has nothing that could prove its new token`,
						expected:
							"feeds: with the gateways that get the token from it, or confirm: with a program, or confirm: person",
						where,
						fix: "add feeds: [GATEWAY], or confirm: person if nothing counts its traffic",
					},
				]
			: []),
	];
}

/** A place, the same for two ways to write one: Windows looks at no case in a path. */
export function placeKey(place: string): string {
	return /(?:^| )(?:[A-Za-z]:|\\)\\/.test(place) ? place.toLowerCase() : place;
}

function nameProblems(name: string, block: RotationText, known: readonly string[], at: At): Problem[] {
	const wanted = [
		...block.stores.map((each, index) => ({ each, path: ["rotations", name, "stores", index] })),
		...(["current", "journal"] as const).flatMap((key) => {
			const each = storeOf(block[key]);
			return each === undefined ? [] : [{ each, path: ["rotations", name, key] }];
		}),
	];
	const unknown = wanted
		.filter(({ each }) => !known.includes(each))
		.map(({ each, path }): Problem => {
			const meant = nearest(each, known);
			return {
				what: `there is no store ${shown(each)}`,
				expected:
					known.length === 0
						? "a block of this name in stores:"
						: `one of ${known.map((one) => shown(one)).join(", ")}`,
				where: at(path),
				fix: meant === undefined ? "add it to stores:" : `did you mean ${meant}?`,
			};
		});
	const twice = block.stores.filter((each, index) => block.stores.indexOf(each) !== index);
	const where = at(["rotations", name, "stores"]);
	const canary = block.canary !== undefined && !block.stores.includes(block.canary);
	return [
		...unknown,
		...twice.map((each) => ({ what: `store ${shown(each)} is listed twice`, where, fix: "list it once" })),
		...(canary
			? [
					{
						what: "the canary is none of the rotation's stores",
						expected: `one of ${block.stores.map((each) => shown(each)).join(", ")}`,
						where: at(["rotations", name, "canary"]),
						fix: "name the store that gets the new token first",
					},
				]
			: []),
	];
}

function journalProblems(name: string, block: RotationText, stores: RotationBlocks["stores"], at: At): Problem[] {
	const store = ownEntry(stores, storeOf(block.journal) ?? "");
	const kind = storeKinds.find(({ id }) => id === store?.kind);
	if (!kind || kind.record) return [];
	const can = storeKinds.filter(({ record }) => record).map(({ id }) => id);
	return [
		{
			what: `a store of kind ${kind.id} cannot keep a journal: it writes without a condition`,
			expected: `a folder, or store: with a store of kind ${can.join(" or ")}`,
			where: at(["rotations", name, "journal"]),
			fix: "name another store, or a folder that outlives this machine",
		},
	];
}

function ownKeyProblems(name: string, block: RotationText, at: At): Problem[] {
	const issuer = issuers.find(({ id }) => id === block.provider);
	const rules = rotations.find(({ id }) => id === block.provider);
	if (!issuer || !rules) return [];
	const where = at(["rotations", name]);
	const strategy = chosen(rules, block.strategy);
	const foreign = rotations
		.flatMap(({ settings }) => settings)
		.filter((each) => block[each.name] !== undefined && !rules.settings.some((mine) => mine.name === each.name));
	const conflict = rules.conflict?.(settingsOf(rules, block, (path) => path));
	const missing = rules.settings.filter(
		(each) => block[each.name] === undefined && strategy && each.neededBy?.includes(strategy.id),
	);
	return [
		...(strategy
			? []
			: [
					{
						what: `${issuer.title} cannot be rotated by ${shown(block.strategy ?? "")}`,
						expected: rules.strategies.map(({ id }) => id).join(" or "),
						where: at(["rotations", name, "strategy"]),
						fix: "choose one of these, or leave it out for the first",
					},
				]),
		...(conflict === undefined ? [] : [{ what: conflict, where, fix: "correct it" }]),
		...foreign.map((each) => ({
			what: `${each.name} is not a key of ${issuer.title}`,
			where: at(["rotations", name, each.name]),
			fix: "remove it",
		})),
		...missing.map((each) => ({
			what: `${each.name} is missing`,
			expected: each.description,
			where,
			fix: `add ${each.name}:`,
		})),
		...(endpointProblems(endpointOf(block, issuer, rules) ?? "https://x", "", "never").length > 0
			? [{ what: "the token would be sent in clear text", expected: "an https endpoint", where, fix: "use https" }]
			: []),
		...(endpointOf(block, issuer, rules) === undefined
			? [{ what: `the endpoint of ${issuer.title} is unknown`, where, fix: "add endpoint: with its base URL" }]
			: []),
		...(strategy?.asksEnd && strategy.overlapMs === undefined && block.overlap === undefined
			? [{ what: "how long the old token is accepted is unknown", where, fix: "add overlap: such as 24h" }]
			: []),
	];
}

function chosen(rules: ProviderRotation, id: string | undefined): RotationStrategy | undefined {
	return id === undefined ? rules.strategies[0] : rules.strategies.find((each) => each.id === id);
}

function endpointOf(block: RotationText, issuer: TokenIssuer, rules: ProviderRotation): string | undefined {
	const ingest = "endpoint" in issuer && typeof issuer.endpoint === "string" ? issuer.endpoint : undefined;
	return (block.endpoint ?? ingest ?? rules.api)?.replace(/\/+$/, "");
}

/** The values of a store's own keys; paths from the fleet file's folder. */
function storeSettings(kind: StoreKind, block: StoreText, from: (path: string) => string): StoreSettings {
	const entries = kind.settings.flatMap(({ name, form, standard }): [string, string | readonly string[]][] => {
		const value = ownEntry(block, name) ?? standard;
		if (value === undefined) return [];
		if (Array.isArray(value)) return [[name, value.map(String)]];
		return [[name, form === "path" ? from(String(value)) : fromReference(form, String(value), from)]];
	});
	return Object.fromEntries(entries);
}

/** A reference to a file is from the folder too. */
function fromReference(form: string, value: string, from: (path: string) => string): string {
	return form === "reference" && value.startsWith("file:") ? `file:${from(value.slice("file:".length))}` : value;
}

/** Rotations and stores without problems, see `rotationProblems`. `folder` is what paths are relative to. */
export function toRotations(
	given: RotationBlocks,
	folder: string,
	file: string,
): { readonly stores: readonly StoreSpec[]; readonly rotations: readonly RotationSpec[] } {
	const { stores, rotations: blocks } = withEndpoint(given);
	const from = (path: string) => resolve(folder, path);
	const all = Object.entries(stores).map(([name, block]): StoreSpec => {
		const kind = storeKinds.find(({ id }) => id === block.kind);
		if (!kind) throw new Error("a store of no kind");
		const settings = storeSettings(kind, block, from);
		return {
			name,
			kind,
			settings,
			place: kind.place(settings),
			feeds: block.feeds ?? [],
			apply: block.apply ?? "watch",
			confirm: block.confirm ?? "traffic",
			withinMs: durationMs(block.within ?? "") ?? STORE_DEFAULTS.withinMs,
		};
	});
	const fleetFile = file === FLEET_FILE ? undefined : file;
	return {
		stores: all,
		rotations: Object.entries(blocks).map(([name, block]) => ({ ...toRotation(name, block, all, from), fleetFile })),
	};
}

function toRotation(
	name: string,
	block: RotationText,
	stores: readonly StoreSpec[],
	from: (path: string) => string,
): Omit<RotationSpec, "fleetFile"> {
	const issuer = issuers.find(({ id }) => id === block.provider);
	const rules = rotations.find(({ id }) => id === block.provider);
	const strategy = rules && chosen(rules, block.strategy);
	const endpoint = issuer && rules && endpointOf(block, issuer, rules);
	if (!issuer || !rules || !strategy || endpoint === undefined) throw new Error("a rotation without its provider");
	const ref = (text: string): TokenRef => {
		const parsed = parseTokenRef(text, "");
		if ("what" in parsed) throw new Error(parsed.what);
		return parsed.kind === "file" ? { ...parsed, path: from(parsed.path) } : parsed;
	};
	const order = [...(block.canary === undefined ? [] : [block.canary]), ...block.stores];
	const settings = settingsOf(rules, block, from);
	const currentStore = storeOf(block.current);
	const given = rules.settings.filter(({ name: key, form }) => form === "headers" && block[key] !== undefined);
	const headers = given.flatMap(({ name: key }) => Object.entries(block[key] as Readonly<Record<string, string>>));
	return {
		name,
		issuer,
		rules,
		strategy,
		current: currentStore === undefined ? ref(block.current) : { store: currentStore },
		stores: [...new Set(order)].flatMap((each) => stores.filter((store) => store.name === each)),
		canary: block.canary,
		endpoint,
		overlapMs: durationMs(block.overlap ?? ""),
		key: ref(block.key),
		recipients: block.recipients ?? [],
		journal: toJournal(block.journal, stores, from),
		host: block.host,
		headers: Object.fromEntries(headers.map(([header, text]) => [header, ref(text)])),
		settings,
	};
}

function toJournal(text: string | undefined, stores: readonly StoreSpec[], from: (path: string) => string) {
	if (text === undefined) return undefined;
	const store = storeOf(text);
	return store === undefined ? from(text) : stores.find(({ name }) => name === store);
}

/** The name in `store:NAME`. */
function storeOf(text: string | undefined): string | undefined {
	return text?.startsWith(STORE) ? text.slice(STORE.length) : undefined;
}

const STORE = "store:";

/** The values of a provider's own keys that are texts. */
function settingsOf(
	rules: ProviderRotation,
	block: RotationText,
	from: (path: string) => string,
): Readonly<Record<string, string>> {
	const texts = rules.settings.filter(({ name, form }) => form !== "headers" && ownEntry(block, name) !== undefined);
	return Object.fromEntries(
		texts.map(({ name, form }) => [name, fromReference(form, String(ownEntry(block, name)), from)]),
	);
}
