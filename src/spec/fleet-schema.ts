import * as v from "valibot";
import { providers } from "../adapters/providers/registry.ts";
import { durationMs } from "../base/duration.ts";
import { FINGERPRINT_LENGTH } from "../token/fingerprint-length.ts";
import { parseTokenRef } from "../token/reference.ts";
import { endpointProblems } from "./endpoint.ts";
import { notifySchema } from "./notify-schema.ts";
import { rotationsSchema, storesSchema } from "./rotation-schema.ts";

/** The definition of `crossfade.yaml`: validates it, and is the source of the JSON Schema. A message says what is expected. */

const TIME = "a time with zone, such as 2026-01-31T12:00:00Z";
const URL_FORM = "a base URL such as https://otlp.example.com, without credentials, query or /v1/<signal>";
const TOKEN_FORM = "file:PATH, env:NAME, fd:N, prompt, or fp: and 12 hex digits; never a token";

const word = v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/, "at most 64 letters, digits, dots, dashes or underscores"));
const hostName = v.pipe(v.string(), v.regex(/^\S{1,253}$/, "a host name without spaces"));
const time = v.pipe(
	v.string(),
	v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, TIME),
	v.check((text) => !Number.isNaN(Date.parse(text)), TIME),
);
const path = v.pipe(v.string(), v.minLength(1, "a path"));
const url = v.pipe(
	v.string(),
	v.check((text) => endpointProblems(text, "", "allowed").length === 0, URL_FORM),
);

const FLEET_VERSION = 1;

const tokenPlace = v.pipe(
	v.string(),
	v.check((text) => isTokenPlace(text), TOKEN_FORM),
	v.description(
		"Where the token is read from: file:PATH, env:NAME, fd:N or prompt; or fp:<12 hex digits> if only its fingerprint is known.",
	),
);

const overlap = v.pipe(
	v.strictObject({
		started: v.optional(v.pipe(time, v.description("When the provider issued the new token."))),
		lasts: v.optional(
			v.pipe(
				v.string(),
				v.check((text) => durationMs(text) !== undefined, "a time such as 24h or 7d"),
				v.description("How long both tokens are accepted from then on; default: the provider's overlap."),
			),
		),
		deadline: v.optional(v.pipe(time, v.description("When the old token ends, if known."))),
	}),
	v.check(
		({ deadline, started, lasts }) => deadline === undefined || (started ?? lasts) === undefined,
		"either deadline, or started and lasts",
	),
	v.check(({ lasts, started }) => lasts === undefined || started !== undefined, "both started and lasts"),
);

const INTERVAL = "a time above zero, such as 1h or 1d";
const every = v.pipe(
	v.string(),
	v.check((text) => (durationMs(text) ?? 0) > 0, INTERVAL),
);

const clis = v.union(
	[v.array(word), v.record(word, v.strictObject({ every: v.optional(every) }))],
	"a list of CLIs, or each with its own every, as in { id: { every: 1d } }",
);

const attested = v.pipe(
	v.strictObject({
		host: v.optional(v.string()),
		gateway: v.optional(v.string()),
		credential: v.optional(
			v.pipe(v.string(), v.regex(/^([0-9a-f]{12}|none)$/, "a fingerprint of 12 hex digits, or none")),
		),
		is: v.picklist(["gone", "moved", "known"], "gone, moved or known"),
		because: v.pipe(v.string(), v.regex(/\S/, "the reason, for later readers")),
		at: time,
		by: v.optional(v.string()),
	}),
	v.check(
		({ host, gateway: gate, credential }) => [host, gate, credential].filter((each) => each !== undefined).length === 1,
		"one of host, gateway and credential",
	),
);

const page = v.pipe(v.string(), v.check(isHttpUrl, "an http or https URL"));

const gateway = v.strictObject({
	name: word,
	otlp: v.optional(v.pipe(url, v.description("Base URL of its OTLP/HTTP receiver."))),
	metrics: v.optional(
		v.pipe(
			v.union([page, v.array(page)], "an http or https URL, or a list of them"),
			v.description("Its metrics pages in Prometheus format: its own, and that of the sender counters."),
		),
	),
});

const hosts = v.strictObject({
	expected: v.optional(v.pipe(v.array(hostName), v.description("The expected machines."))),
	csv: v.optional(v.pipe(path, v.description("A CSV file that lists them, such as an MDM's export."))),
	column: v.optional(
		v.pipe(v.string(), v.description("Its column with the host name, if the header does not show it.")),
	),
	pattern: v.optional(v.pipe(v.string(), v.description("Host name patterns: mac-{001..120} or gw-{eu,us}."))),
	intervals: v.optional(
		v.pipe(
			v.record(v.string(), every),
			v.description("The longest usual pause of a host, if it differs from the fleet's."),
		),
	),
	direct: v.optional(
		v.pipe(
			v.union([v.literal("all"), v.array(hostName)], "all, or a list of hosts"),
			v.description("Hosts that send directly to the provider, not through a gateway: proven by inventory."),
		),
	),
});

export const fleetSchema = v.pipe(
	v.strictObject({
		version: v.literal(FLEET_VERSION, String(FLEET_VERSION)),
		name: v.optional(
			v.pipe(v.string(), v.maxLength(100, "at most 100 characters"), v.description("The rotation's name in reports.")),
		),
		provider: v.optional(
			v.pipe(
				v.picklist(
					providers.map(({ id }) => id),
					`one of ${providers.map(({ id }) => id).join(", ")}`,
				),
				v.description("Who issues and accepts the token."),
			),
		),
		endpoint: v.optional(v.pipe(url, v.description("Base URL of the OTLP/HTTP ingest, if not the provider's own."))),
		overlap: v.optional(v.pipe(overlap, v.description("The time during which both tokens are accepted."))),
		tokens: v.optional(
			v.pipe(
				v.record(word, tokenPlace),
				v.description("Tokens by name; old and new are those of the rotation. References only, never a token."),
			),
		),
		gateways: v.optional(v.pipe(v.array(gateway), v.description("Collectors between the senders and the provider."))),
		prometheus: v.optional(v.pipe(page, v.description("A Prometheus server that scrapes the gateways."))),
		hosts: v.optional(
			v.pipe(hosts, v.description("Expected hosts; without them, missing senders cannot be detected.")),
		),
		clis: v.optional(v.pipe(clis, v.description("CLIs expected on every host; each may set its own every."))),
		every: v.optional(
			v.pipe(every, v.description("How often each sender sends at least, while its machine is in use; default: 1d.")),
		),
		attested: v.optional(
			v.pipe(
				v.array(attested),
				v.description("What the owner knows of a host, gateway or credential, and evidence cannot show."),
			),
		),
		inventory: v.optional(v.pipe(v.array(path), v.description("Files with the report lines of an MDM."))),
		pods: v.optional(
			v.pipe(
				v.array(path),
				v.description("Lists of a cluster's pods, from kubectl: those that ended need no statement."),
			),
		),
		evidence: v.optional(v.pipe(path, v.description("Folder for observations."))),
		stores: v.optional(
			v.pipe(
				storesSchema,
				v.description("Where tokens are kept for those who send with them, by name; for rotations."),
			),
		),
		rotations: v.optional(
			v.pipe(rotationsSchema, v.description("Rotations by name: whose token, how, and which stores get the new one.")),
		),
		notify: v.optional(
			v.pipe(
				notifySchema,
				v.description("Who is told when a rotation needs a person, nears its deadline, is done or fails."),
			),
		),
	}),
	v.title("crossfade.yaml"),
	v.description("A fleet whose ingest token is rotated. Contains no secrets, only references."),
);

export type FleetText = v.InferOutput<typeof fleetSchema>;

const FINGERPRINT = new RegExp(`^fp:([0-9a-f]{${FINGERPRINT_LENGTH}})$`);

/** The fingerprint in `fp:<12 hex digits>`. */
export function fingerprintRef(text: string): string | undefined {
	return FINGERPRINT.exec(text)?.[1];
}

function isTokenPlace(text: string): boolean {
	return fingerprintRef(text) !== undefined || "kind" in parseTokenRef(text, "");
}

function isHttpUrl(text: string): boolean {
	return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).username === "";
}
