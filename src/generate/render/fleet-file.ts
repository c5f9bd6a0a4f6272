import template from "../../../templates/yaml/crossfade.yaml.hbs";
import type { TokenIssuer } from "../../adapters/providers/provider.ts";
import type { ProviderRotation } from "../../adapters/providers/rotation.ts";
import { rotations } from "../../adapters/providers/rotations.generated.ts";
import { durationMs } from "../../base/duration.ts";
import { renderTemplate } from "./template.ts";

export interface FleetFileOptions {
	/** With the blocks of a rotation of this name; without one they are comments. */
	readonly rotation?: string | undefined;
	/** Base URL of the provider, if not its own. */
	readonly endpoint?: string | undefined;
}

/** A commented starter fleet file: every key, with those that need a decision commented out. */
export function fleetFile(issuer: TokenIssuer, { rotation, endpoint }: FleetFileOptions = {}): string {
	const { id, title } = issuer;
	const rules = rotations.find((each) => each.id === id);
	const takesOtlp = "takes" in issuer;
	const text = renderTemplate(template, {
		name: `${title} token`,
		provider: id,
		takesOtlp,
		endpoint,
		needsEndpoint: !("endpoint" in issuer),
		rotation: rotation ?? "main",
		within: (rules ? withinOf(rules) : "15m").padEnd(3),
		keys: rules ? [...(takesOtlp ? [] : endpointKeys(rules, endpoint)), ...settingKeys(rules)] : [],
	});
	const [head = "", tail = ""] = text.split(ROTATE);
	return rotation === undefined ? text : head + ROTATE + tail.replaceAll(/^# (?=stores:|rotations:| )/gm, "");
}

/** The comment at which the blocks of rotations begin. */
const ROTATE = "# For crossfade rotate:";

const withComment = (key: string, comment: string) => `${key.padEnd(33)} # ${comment}`;

/** The longest time that the provider's overlap has room for. */
function withinOf(rules: ProviderRotation): string {
	const about = { settings: {}, operation: "", attempt: 1, isLeaked: false };
	const fits = (text: string) => rules.refuses?.({ ...about, slowestMs: durationMs(text) ?? 0 }) === undefined;
	return ["15m", "5m"].find(fits) ?? "1m";
}

function endpointKeys({ api, apiLike = "" }: ProviderRotation, given: string | undefined): string[] {
	if (given !== undefined) return [`endpoint: ${given}`];
	return [
		api === undefined ? `endpoint: ${apiLike}` : withComment(`# endpoint: ${api}`, "only if not the provider's own"),
	];
}

/** The provider's own keys: what the usual strategy needs to be filled in, the rest as comments. */
function settingKeys({ settings, strategies: [usual, ...others] }: ProviderRotation): string[] {
	const other = others.map(({ id }) => id);
	const strategy =
		other.length === 0
			? []
			: [withComment(`# strategy: ${other[0]}`, [...other.slice(1), `default: ${usual.id}`].join(", "))];
	return [...strategy, ...ownKeys(settings, usual.id)];
}

function ownKeys(settings: ProviderRotation["settings"], strategy: string): string[] {
	return settings.flatMap(({ name, example, description, neededBy }) => {
		if (example === undefined) return [];
		const isNeeded = neededBy?.includes(strategy) === true;
		return [withComment(`${isNeeded ? "" : "# "}${name}: ${example}`, description)];
	});
}
