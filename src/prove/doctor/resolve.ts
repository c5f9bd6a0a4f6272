import type { Emission } from "../../adapters/clis/emission.ts";
import type { CliLayering, Effective, LayerPlace } from "../../adapters/clis/layering.ts";
import { isInRange, type Version } from "../../base/versions.ts";

/** What was found at a layer's place. */
export interface LayerSight {
	readonly place: LayerPlace;
	/** Undefined for the environment. */
	readonly path: string | undefined;
	readonly state: "absent" | "read" | "unreadable" | "broken" | "unsafe";
	/** Why it is not read. */
	readonly why?: string | undefined;
	readonly document?: Readonly<Record<string, unknown>> | undefined;
	readonly changedAt?: number | undefined;
	/** Whether every account can read it. */
	readonly isForAll?: boolean | undefined;
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
	readonly emissions: readonly Emission[];
}

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
		const leaves = layer.state === "read" ? settingsIn(layer, facts.variables) : [];
		return leaves.length === 0 ? [] : [{ layer, leaves }];
	});
	const owners = new Map(layers.map(({ layer, leaves }) => [layer, leaves]));
	for (const { layer, leaves } of layers) {
		const { place } = layer;
		const kept = leaves.filter(([pointer]) => {
			const unread = reasonNotToRead(place, pointer, isRelease);
			const why = unread ?? reasonToLeave(facts, place, pointer, isRelease, owners);
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
		for (const [pointer, value] of kept) {
			// A value in place of a table, or vice versa, replaces it.
			for (const other of [...settings.keys()]) {
				if (other !== pointer && (isBelow(other, pointer) || isBelow(pointer, other))) settings.delete(other);
			}
			const before = settings.get(pointer);
			if (before) lost.push({ layer: before.layer, pointer, why: `the ${place.title} overrides it`, isUnread: false });
			settings.set(pointer, { value, layer });
		}
	}
	const effective: Effective = {
		get: (pointer) => settings.get(pointer)?.value,
		below: (pointer) =>
			[...settings].flatMap(([each, { value }]) =>
				each.startsWith(`${pointer}/`) ? [[unescaped(each.slice(pointer.length + 1)), value] as const] : [],
			),
		isRelease,
		programToken,
	};
	const emissions = facts.emissions(effective);
	const stops = sights.some(
		({ state, place }) => state === "broken" && place.broken === "cli" && isRelease(place.range ?? ""),
	);
	return { settings, lost, emissions: stops ? emissions.map(notStarted) : emissions };
}

function notStarted(emission: Emission): Emission {
	return { ...emission, sent: "no", why: "a file keeps it from starting" };
}

/** Used for an unknown release. */
const NEWEST: Version = [999_999, 0, 0];

/** https://www.rfc-editor.org/rfc/rfc6901#section-4 */
function unescaped(word: string): string {
	return word.replaceAll("~1", "/").replaceAll("~0", "~");
}

function isBelow(pointer: string, ancestor: string): boolean {
	return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}

function reasonNotToRead(
	place: LayerPlace,
	pointer: string,
	isRelease: (range: string) => boolean,
): string | undefined {
	if (!isRelease(place.range ?? "")) return `this release does not read the ${place.title}`;
	const isIgnored = place.ignores?.some((each) => isRelease(each.range) && each.pointer.test(pointer));
	return isIgnored ? `this release does not read it from the ${place.title}` : undefined;
}

/** Of mutually exclusive sources only the strongest applies. */
function reasonToLeave(
	facts: CliLayering,
	place: LayerPlace,
	pointer: string,
	isRelease: (range: string) => boolean,
	owners: ReadonlyMap<LayerSight, readonly (readonly [string, string])[]>,
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
export function settingsIn({ document = {} }: LayerSight, variables: RegExp): [pointer: string, value: string][] {
	const found: [string, string][] = [];
	const walk = (value: unknown, pointer: string) => {
		if (typeof value === "object" && value !== null) {
			const entries: [string, unknown][] = Object.entries(value);
			for (const [key, inner] of entries) walk(inner, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
			return;
		}
		if (value === undefined || value === null) return;
		const name = /^\/env\/(.*)$/s.exec(pointer)?.[1];
		if (telemetry.test(pointer) && (name === undefined || variables.test(name))) found.push([pointer, String(value)]);
	};
	walk(document, "");
	return found;
}
