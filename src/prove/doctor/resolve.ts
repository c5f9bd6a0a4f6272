import type { Emission } from "../../adapters/clis/emission.ts";
import type { CliLayering, Effective, LayerPlace } from "../../adapters/clis/layering.ts";
import { ownEntry } from "../../base/lookup.ts";
import { isInRange, type Version } from "../../base/versions.ts";
import { isTable, unescaped, valueAt } from "./parse.ts";

/** What was found at a layer's place. */
export interface LayerSight {
	readonly place: LayerPlace;
	/** Undefined for the environment. */
	readonly path: string | undefined;
	readonly state: "absent" | "read" | "unreadable" | "broken" | "unsafe";
	/** Why it is not read, or of what is not a file of the CLI what it has. */
	readonly why?: string | undefined;
	/** It is not even of its format. */
	readonly isUnparsed?: boolean;
	readonly document?: Readonly<Record<string, unknown>> | undefined;
	readonly changedAt?: number | undefined;
	/** Whether every account can read it. */
	readonly isForAll?: boolean | undefined;
	/** Whether any account but its owner can read or write it. */
	readonly isOpen?: boolean | undefined;
	/** What to do to the file before `crossfade install` changes it, although the CLI reads it as it is. */
	readonly before?: string | undefined;
	/** What of `LayerPlace.doubts` is in it. */
	readonly odd?: readonly NonNullable<LayerPlace["doubts"]>[number][];
	/** Why what stands here leaves open what is sent: goes on after the title of its place. */
	readonly doubt?: string | undefined;
}

/** A setting in effect, and its layer. */
export interface EffectiveSetting {
	readonly value: string;
	readonly layer: LayerSight;
}

export interface Lost {
	readonly layer: LayerSight;
	readonly pointer: string;
	/** The reason, in words. */
	readonly why: string;
	/** The release never reads it there. */
	readonly isUnread: boolean;
}

export interface ResolvedLayers {
	/** By pointer. */
	readonly settings: ReadonlyMap<string, EffectiveSetting>;
	/** Each layer's telemetry settings that have no effect. */
	readonly lost: readonly Lost[];
	/** Why the CLI does not start with these settings. */
	readonly refusal: string | undefined;
	readonly emissions: readonly Emission[];
}

/** A setting's pointer and text. */
type Leaf = readonly [pointer: string, text: string];

/** Telemetry settings, in any file. */
const telemetry = /^\/(env|otel|telemetry|otelHeadersHelper|analytics)(\/|$)/;

/**
 * Which settings are in effect, and what the CLI will do with them: merges the layers, the weakest first, by the rules of the
 * release. An unknown release counts as the newest.
 */
export function resolve(
	facts: CliLayering,
	sights: readonly LayerSight[],
	release: Version | undefined,
	programToken?: string,
): ResolvedLayers {
	const isRelease = (range: string) => (release === undefined ? isInRange(NEWEST, range) : isInRange(release, range));
	const settings = new Map<string, EffectiveSetting>();
	const lost: Lost[] = [];
	const layers = sights.flatMap((layer) => {
		const isMerged = layer.state === "read" && layer.place.onlyWith === undefined;
		return isMerged ? [{ layer, leaves: settingsIn(layer, facts.variables) }] : [];
	});
	const owners = new Map(layers.map(({ layer, leaves }) => [layer, leaves]));
	const effective = effectiveOf(settings, isRelease, programToken, (pointer) => valueAt(values, pointer));
	let values: Branch = {};
	let refusal: string | undefined;
	for (const { layer, leaves } of layers) {
		const { place } = layer;
		if (place.isAfterCheck) refusal ??= facts.refusal?.(effective);
		const kept = leaves.filter(([pointer, value]) => {
			const unread = reasonNotToRead(place, pointer, value, isRelease);
			const why =
				unread ??
				emptiedBy(layers, layer, pointer, isRelease) ??
				reasonToLeave(facts, place, pointer, isRelease, owners);
			if (why !== undefined) lost.push({ layer, pointer, why, isUnread: unread !== undefined });
			return why === undefined;
		});
		const drop = (matches: (pointer: string) => boolean, why: string) => {
			for (const [pointer, { layer: from }] of settings) {
				const isOfOneSource = place.source !== undefined && from.place.source === place.source;
				if (!matches(pointer) || isOfOneSource) continue;
				settings.delete(pointer);
				lost.push({ layer: from, pointer, why, isUnread: false });
			}
		};
		for (const { range, having, pointer: cleared } of place.clears ?? []) {
			if (isRelease(range) && kept.some(([pointer]) => having.test(pointer))) {
				drop((pointer) => cleared.test(pointer), `the ${place.title} disables those of weaker layers`);
			}
		}
		for (const whole of place.whole ?? []) {
			if (kept.some(([pointer]) => isBelow(pointer, whole))) {
				drop((pointer) => isBelow(pointer, whole), `the ${place.title} replaces it completely`);
			}
		}
		values = withValues(values, layer, isRelease);
		for (const [pointer, value] of kept) {
			if (value === "" && facts.emptyYields && pointer.startsWith("/env/") && settings.has(pointer)) continue;
			// A value in place of a table, or vice versa, replaces it.
			for (const other of [...settings.keys()]) {
				if (other !== pointer && (isBelow(other, pointer) || isBelow(pointer, other))) settings.delete(other);
			}
			const before = settings.get(pointer);
			if (before) lost.push({ layer: before.layer, pointer, why: `the ${place.title} overrides it`, isUnread: false });
			settings.set(pointer, { value, layer });
		}
	}
	refusal ??= facts.refusal?.(effective);
	const emissions = emissionsOf(facts, effective, settings);
	return { settings, lost, refusal, emissions: corrected(emissions, sights, refusal, isRelease) };
}

function effectiveOf(
	settings: ReadonlyMap<string, EffectiveSetting>,
	isRelease: Effective["isRelease"],
	programToken: string | undefined,
	at: Effective["at"],
): Effective {
	return {
		get: (pointer) => settings.get(pointer)?.value,
		layer: (pointer) => settings.get(pointer)?.layer.place.id,
		at,
		below: (pointer) =>
			[...settings].flatMap(([each, { value }]) =>
				each.startsWith(`${pointer}/`) ? [[unescaped(each.slice(pointer.length + 1)), value] as const] : [],
			),
		isRelease,
		programToken,
	};
}

type Branch = Readonly<Record<string, unknown>>;

/**
 * The values of weaker layers with those of one more over them, as far as the CLI checks them together: of a table that stands by itself, only
 * that table; of a file that it reads in part, or not at all, nothing.
 */
function withValues(values: Branch, { place, document = {} }: LayerSight, isRelease: Effective["isRelease"]): Branch {
	// What ignores variables alone, whatever their names, reads the rest.
	const isPart = place.ignores?.some(({ pointer }) => !pointer.test("/env/")) ?? false;
	if (place.paths === undefined || isPart || !isRelease(place.range ?? "")) return values;
	const { strict } = place;
	const own = strict ? Object.fromEntries(Object.entries(document).filter(([key]) => key === strict.table)) : document;
	return mergedAt("", values, own, place.whole ?? []) as Branch;
}

function mergedAt(pointer: string, below: unknown, over: unknown, whole: readonly string[]): unknown {
	if (!isTable(below) || !isTable(over) || whole.includes(pointer)) return over;
	const both = Object.entries(over).map(([key, value]) => [
		key,
		mergedAt(`${pointer}/${key}`, ownEntry(below, key), value, whole),
	]);
	return Object.fromEntries([...Object.entries(below), ...both]);
}

function emissionsOf(
	facts: CliLayering,
	effective: Effective,
	settings: ReadonlyMap<string, EffectiveSetting>,
): Emission[] {
	const { anywhere, inFiles } = facts.transport ?? {};
	const transport = [...settings].flatMap(([pointer, { layer }]) =>
		anywhere?.test(pointer) || (layer.path !== undefined && inFiles?.test(pointer)) ? [pointer] : [],
	);
	return facts.emissions(effective).map((each) => ({ ...each, transport }));
}

/** Whether a release opens a file: some parse what they do not use. */
export function isOpened({ place, isUnparsed }: LayerSight, isRelease: Effective["isRelease"]): boolean {
	return (
		isRelease(place.range ?? "") || (isUnparsed === true && place.parsedIn !== undefined && isRelease(place.parsedIn))
	);
}

/** A CLI that does not start sends nothing; with a file whose effect is not known, it is not known what it sends. */
function corrected(
	emissions: readonly Emission[],
	sights: readonly LayerSight[],
	refusal: string | undefined,
	isRelease: Effective["isRelease"],
): readonly Emission[] {
	const broken = sights.filter((sight) => sight.state === "broken" && isOpened(sight, isRelease));
	const stops = broken.find(({ place }) => place.broken === "cli");
	const why = stops ? "a file keeps it from starting" : refusal && `it does not start: ${refusal}`;
	const rest = stops?.place.sendsFirst ? "unknown" : "no";
	if (why !== undefined) return emissions.map((each) => ({ ...each, sent: each.sent === "no" ? "no" : rest, why }));
	const doubtful = broken.find(({ place }) => place.broken === "unknown");
	const open = sights.find(({ doubt }) => doubt !== undefined);
	if (open) {
		// It may send what its files do not say, too.
		const doubt = `the ${open.place.title} ${open.doubt}`;
		return emissions.map((each) => (each.sent === "unknown" ? each : { ...each, sent: "unknown", why: doubt }));
	}
	if (!doubtful) return emissions;
	const doubt = `the ${doubtful.place.title} is broken, and the effect of that is not known`;
	return emissions.map((each) => (each.sent === "yes" ? { ...each, sent: "unknown", why: doubt } : each));
}

/** Used for an unknown release. */
const NEWEST: Version = [999_999, 0, 0];

function isBelow(pointer: string, ancestor: string): boolean {
	return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}

function reasonNotToRead(
	place: LayerPlace,
	pointer: string,
	value: string,
	isRelease: (range: string) => boolean,
): string | undefined {
	if (!isRelease(place.range ?? "")) return `this release does not read the ${place.title}`;
	const isIgnored = place.ignores?.some(
		(each) => isRelease(each.range) && each.pointer.test(pointer) && (each.value?.test(value) ?? true),
	);
	return isIgnored ? `this release does not read it from the ${place.title}` : undefined;
}

/** Files of one source are one: a variable that a later one sets to nothing is not in it, and weaker layers count. */
function emptiedBy(
	layers: readonly { readonly layer: LayerSight; readonly leaves: readonly Leaf[] }[],
	{ place }: LayerSight,
	pointer: string,
	isRelease: (range: string) => boolean,
): string | undefined {
	if (place.source === undefined) return undefined;
	const own = layers.filter(
		({ layer: { place: each } }) => each.source === place.source && isRelease(each.range ?? ""),
	);
	const last = own.findLast(({ leaves }) => leaves.some(([each]) => each === pointer));
	const value = last?.leaves.find(([each]) => each === pointer)?.[1];
	const isEmptied = value === "" && last && reasonNotToRead(last.layer.place, pointer, value, isRelease) !== undefined;
	return isEmptied ? `the ${last.layer.place.title} sets it to nothing` : undefined;
}

/** Of mutually exclusive sources only the strongest applies. */
function reasonToLeave(
	facts: CliLayering,
	place: LayerPlace,
	pointer: string,
	isRelease: (range: string) => boolean,
	owners: ReadonlyMap<LayerSight, readonly Leaf[]>,
): string | undefined {
	const { order = [], whole = [] } = facts.sources ?? {};
	const rank = order.indexOf(place.source ?? "");
	if (rank < 0) return undefined;
	const rule = whole.find((each) => isRelease(each.range) && each.pointer.test(pointer));
	const stronger = [...owners].find(
		([{ place: other }, leaves]) =>
			order.indexOf(other.source ?? "") > rank &&
			isRelease(other.range ?? "") &&
			leaves.some(([each]) => rule?.pointer.test(each)),
	);
	return rule && stronger ? `the ${stronger[0].place.title} overrides all of it` : undefined;
}

/** Pointers and texts of a layer's telemetry settings. */
export function settingsIn({ document = {} }: LayerSight, variables: RegExp): Leaf[] {
	const found: Leaf[] = [];
	const walk = (value: unknown, pointer: string) => {
		if (isTable(value) || Array.isArray(value)) {
			const entries: [string, unknown][] = Object.entries(value);
			for (const [key, inner] of entries) walk(inner, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
			return;
		}
		if (value === undefined || value === null) return;
		const name = /^\/env\/(.*)$/s.exec(pointer)?.[1];
		if (telemetry.test(pointer) && (name === undefined || variables.test(name)))
			found.push([pointer, value instanceof Date ? value.toISOString() : String(value)]);
	};
	walk(document, "");
	return found;
}
