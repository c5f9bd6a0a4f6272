import { isMap, type Node, type Pair } from "yaml";
import schema from "../../adapters/collectors/otelcol.schema.json" with { type: "json" };
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { isAtLeast, type Version } from "../../base/versions.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { type ConfigModel, nodeAt } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";
import { ASK_PROGRAM } from "./structure.ts";

/** Allowed keys: a map of keys, a word for a leaf, or a list of one of these. */
type Fields = string | readonly Fields[] | { readonly [key: string]: Fields };

const fields = schema.fields as Readonly<Record<string, Fields>>;
/** By component and path: the first release with a setting, and the first without it. */
type Releases = Readonly<Record<string, Readonly<Record<string, string>>>>;
const since = schema.since as Releases;
const until = schema.until as Releases;

/** Keys that the strict decoders of components around our exporter do not accept in this release; warnings if our tables do not cover it. */
export function fieldFindings(
	{ document, root, components }: ConfigModel,
	otelcol: Version,
	isKnown: boolean,
): ConfigFinding[] {
	const metrics = nodeAt(document, root, "service", "telemetry", "metrics");
	const nodes = components.map(({ section, type, id, value }) => ({ key: `${section}/${type}`, id, value }));
	return [...nodes, { key: "service/telemetry/metrics", id: "service.telemetry.metrics", value: metrics }].flatMap(
		({ key, id, value }) => {
			const named = ownEntry(fields, key);
			const real = typeof named === "string" ? named.slice(2) : key;
			const allowed = ownEntry(fields, real);
			return allowed === undefined
				? []
				: unknownKeys(value, allowed, [], {
						id,
						since: ownEntry(since, real) ?? {},
						until: ownEntry(until, real) ?? {},
						otelcol,
					}).map((found) => (isKnown ? found : { ...found, severity: "warning" as const, fix: ASK_PROGRAM }));
		},
	);
}

interface Owner {
	readonly id: string;
	readonly since: Readonly<Record<string, string>>;
	readonly until: Readonly<Record<string, string>>;
	readonly otelcol: Version;
}

function unknownKeys(
	node: Node | null | undefined,
	allowed: Fields,
	path: readonly string[],
	owner: Owner,
): ConfigFinding[] {
	if (!isMap(node) || typeof allowed === "string" || Array.isArray(allowed)) return [];
	const known = allowed as Readonly<Record<string, Fields>>;
	return (node.items as Pair<Node, Node | null>[]).flatMap((pair): ConfigFinding[] => {
		const key = keyOf(pair) ?? "?";
		if (key === "<<") return [];
		const here = [...path, key];
		const at = pair.key.range?.[0] ?? 0;
		const inner = ownEntry(known, key);
		if (inner === undefined) {
			const meant = nearest(key, Object.keys(known));
			const what = `${shown(owner.id)} has no setting ${shown(here.join("."))}`;
			return [{ rule: "unknown-field", at, what, fix: meant && `Did you mean ${meant}?` }];
		}
		const first = ownEntry(owner.since, here.join("."));
		if (first && !isAtLeast(owner.otelcol, first)) {
			return [
				{
					rule: "unknown-field",
					at,
					what: `${shown(owner.id)} supports ${here.join(".")} only since otelcol ${first}`,
				},
			];
		}
		const last = ownEntry(owner.until, here.join("."));
		if (last && isAtLeast(owner.otelcol, last)) {
			return [
				{
					rule: "unknown-field",
					at,
					what: `${shown(owner.id)} no longer supports ${here.join(".")} since otelcol ${last}`,
				},
			];
		}
		return unknownKeys(pair.value, inner, here, owner);
	});
}
