import * as v from "valibot";
import { issuers } from "../adapters/providers/registry.generated.ts";
import type { RotationSetting } from "../adapters/providers/rotation.ts";
import { rotations } from "../adapters/providers/rotations.generated.ts";
import { storeKinds } from "../adapters/stores/registry.generated.ts";
import type { StoreSetting } from "../adapters/stores/store.ts";
import { durationMs } from "../base/duration.ts";
import { parseTokenRef } from "../token/reference.ts";
import { endpointProblems } from "./endpoint.ts";
import type { RotationText, StoreText } from "./rotation-text.ts";

/** The blocks `stores:` and `rotations:` of `crossfade.yaml`, made from the tables of the adapters. A message says what is expected. */

const REFERENCE = "file:PATH, env:NAME, fd:N or prompt; never a token";
const TIME = "a time with zone, such as 2026-01-31T12:00:00Z";

/** A name that is also the name of a folder. */
const name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "letters, digits, dots, dashes or underscores"));
const text = v.pipe(v.string(), v.regex(/^[^\u0000-\u001f\u007f]{1,4096}$/, "a text of one line"));
const path = v.pipe(v.string(), v.minLength(1, "a path"));
const reference = v.pipe(
	v.string(),
	v.check((value) => "kind" in parseTokenRef(value, ""), REFERENCE),
);
const time = v.pipe(
	v.string(),
	v.check((value) => /(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)), TIME),
);
const length = v.pipe(
	v.string(),
	v.check((value) => (durationMs(value) ?? 0) > 0, "a time above zero, such as 30s, 15m or 24h"),
);
const url = v.pipe(
	v.string(),
	v.check((value) => isUrl(value), "an http or https URL without credentials"),
);
/** A token is sent there: in clear text only to this machine. */
const safeUrl = v.pipe(
	url,
	v.check((value) => endpointProblems(value, "", "never").length === 0, "an https URL, or http to this machine"),
);
const program = v.pipe(v.array(text), v.minLength(1, "a program and its arguments, as a list; no token among them"));
const number = v.pipe(
	v.union([v.number(), v.string()], "a number"),
	v.transform(String),
	v.regex(/^\d{1,9}$/, "a whole number"),
);

function isUrl(value: string): boolean {
	return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).username === "";
}

const headers = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,100}$/, "the name of a header")), reference);

const forms = {
	text,
	path,
	url,
	reference,
	duration: length,
	number,
	words: v.array(text),
	time,
	flag: v.boolean(),
	headers,
};

/** One key of an adapter's table. */
function entry({ form, description, ...rest }: StoreSetting | RotationSetting) {
	const choices = "choices" in rest ? rest.choices : undefined;
	const plain = choices ? v.picklist(choices, `one of ${choices.join(", ")}`) : forms[form];
	const isNeeded = "required" in rest && rest.required === true;
	const described = v.pipe(plain as v.GenericSchema, v.description(description));
	return isNeeded ? described : v.optional(described);
}

const commonToStores = {
	feeds: v.optional(
		v.pipe(v.array(name), v.description("Gateways, or places that crossfade tap counts, which get the token from it.")),
	),
	apply: v.optional(
		v.pipe(
			v.union([v.literal("watch"), program], "watch, or a program with its arguments as a list"),
			v.description("How its reader takes a new token: it watches (default), or a program is run after the write."),
		),
	),
	confirm: v.optional(
		v.pipe(
			v.union(
				[v.picklist(["traffic", "person"]), program],
				"traffic, person, or a program with its arguments as a list",
			),
			v.description(
				"What proves that the new token is in use: traffic counted with it at a place it feeds, a program that prints its fingerprint, or a person's word.",
			),
		),
	),
	within: v.optional(
		v.pipe(length, v.description("How long its readers need at most to take a new token; default: 15m.")),
	),
};

const storeBlocks = storeKinds.map(({ id, settings }) =>
	v.strictObject({
		kind: v.literal(id, `one of ${storeKinds.map((kind) => kind.id).join(", ")}`),
		...commonToStores,
		...Object.fromEntries(settings.map((setting) => [setting.name, entry(setting)])),
	}),
);

export const storesSchema = v.record(
	name,
	v.variant(
		"kind",
		storeBlocks as never,
		`a kind: one of ${storeKinds.map(({ id }) => id).join(", ")}`,
	) as v.GenericSchema<StoreText>,
);

const current = v.pipe(
	v.string(),
	v.check(
		(value) => /^store:[\w.-]{1,64}$/.test(value) || "kind" in parseTokenRef(value, ""),
		`store:NAME, ${REFERENCE}`,
	),
);

/** A text, which without quotes may look like a number: an id, or days. */
function word({ description }: RotationSetting) {
	return v.optional(v.pipe(v.union([text, v.pipe(v.number(), v.safeInteger())], "text"), v.description(description)));
}

const own = rotations.flatMap(({ settings }) => settings);
const ids = issuers.map(({ id }) => id);
const strategies = [...new Set(rotations.flatMap((each) => each.strategies.map(({ id }) => id)))];

const rotationSchema = v.strictObject({
	provider: v.pipe(v.picklist(ids, `one of ${ids.join(", ")}`), v.description("Who issues the token.")),
	strategy: v.optional(
		v.pipe(
			v.picklist(strategies, `one of ${strategies.join(", ")}`),
			v.description("How it is rotated, where the provider has several ways."),
		),
	),
	current: v.pipe(
		current,
		v.description("Where the token in use is read from, once: store:NAME, file:PATH, env:NAME, fd:N or prompt."),
	),
	stores: v.pipe(
		v.array(name),
		v.minLength(1, "at least one store"),
		v.description("The stores that get the new token, in this order."),
	),
	canary: v.optional(
		v.pipe(name, v.description("The store that gets it first, and must be confirmed before the others.")),
	),
	endpoint: v.optional(
		v.pipe(
			safeUrl,
			v.description("Base URL of the provider, if not its own; the one of the sandbox, for a rehearsal."),
		),
	),
	overlap: v.optional(
		v.pipe(
			length,
			v.description("How long the old token is accepted after the rotation, if not as the provider says."),
		),
	),
	key: v.pipe(
		reference,
		v.description("This machine's age identity, which opens sealed tokens; crossfade init --rotate makes one."),
	),
	recipients: v.optional(
		v.pipe(
			v.array(v.pipe(v.string(), v.regex(/^age1[a-z0-9]{20,100}$/, "an age recipient, which begins with age1"))),
			v.description("Further age recipients that can open sealed tokens: a break-glass key kept elsewhere."),
		),
	),
	journal: v.optional(
		v.pipe(
			path,
			v.description(
				"Folder of the journal, which must outlive this machine's restarts, or store:NAME; default: in the state folder.",
			),
		),
	),
	host: v.optional(v.pipe(text, v.description("The one machine that may run this rotation, where no store can lock."))),
	...Object.fromEntries(own.map((setting) => [setting.name, setting.form === "text" ? word(setting) : entry(setting)])),
});

export const rotationsSchema = v.record(name, rotationSchema as unknown as v.GenericSchema<RotationText>);

/** Keys whose values are references: a token that was pasted there must not be quoted. */
export const referenceKeys: readonly string[] = [
	"current",
	"key",
	...own.filter(({ form }) => form === "reference").map((setting) => setting.name),
	...storeKinds.flatMap(({ settings }) => settings.filter(({ form }) => form === "reference").map((each) => each.name)),
];
