import { shown } from "../base/mask.ts";
import { FINGERPRINT_LENGTH } from "../token/fingerprint.ts";
import { endpointProblems } from "./endpoint.ts";
import type { FlagReader } from "./flags.ts";

/**
 * How a gateway counts who sends with which token. `senders`: by token, host and CLI; `tokens`: by token alone, among tokens whose
 * fingerprints are known beforehand, without touching the data; `ports`: a port for each token, which costs next to nothing.
 */
export const attributionWays = ["senders", "tokens", "ports"] as const;
export type AttributionWay = (typeof attributionWays)[number];

/** A token by name and fingerprint; a config never needs more of it. */
export interface KnownToken {
	readonly name: string;
	readonly fingerprint: string;
}

/** What was asked for with `--attribute` and the flags that belong to it. */
export interface AttributionSpec {
	/** Undefined: what fits best. */
	readonly way: AttributionWay | undefined;
	readonly tokens: readonly KnownToken[];
	/** Whether the fingerprint is taken out of the data again. */
	readonly strip: boolean;
	/** Alloy: the remote-write URL that gets the counters. */
	readonly metricsTo: string | undefined;
}

/** More pipelines than this make a config nobody reads; an overlap has two tokens. */
const MAX_TOKENS = 16;

const KNOWN = new RegExp(`^([\\w.-]{1,64})=fp:([0-9a-f]{${FINGERPRINT_LENGTH}})$`);

/** `--attribute` and what belongs to it; undefined when it is not asked for. */
export function attributionOf(reader: FlagReader): AttributionSpec | undefined {
	const wanted = reader.isSet("attribute") || reader.text("attribute") !== undefined;
	const way = reader.choice(reader.text("attribute"), attributionWays, "--attribute", "the way to attribute");
	const tokens = tokensOf(reader);
	const metricsTo = metricsToOf(reader);
	if (wanted) return { way, tokens, strip: reader.isSet("stripFingerprint"), metricsTo };
	const given = { token: "--token", stripFingerprint: "--strip-fingerprint", metricsTo: "--metrics-to" };
	for (const [name, flag] of Object.entries(given)) {
		if (!reader.isSet(name) && reader.text(name) === undefined && reader.all(name).length === 0) continue;
		reader.wrong(flag, { what: `${flag} says how to attribute`, fix: "add --attribute, or leave it away" });
	}
	return undefined;
}

function tokensOf(reader: FlagReader): KnownToken[] {
	const tokens = reader.all("token").flatMap((text): KnownToken[] => {
		const [, name, fingerprint] = KNOWN.exec(text) ?? [];
		if (name !== undefined && fingerprint !== undefined) return [{ name, fingerprint }];
		reader.wrong("--token", {
			what: "this does not name a token by its fingerprint",
			expected: "old=fp:<12 hex digits>, new=fp:<12 hex digits>",
			got: `${text.length} characters`,
			fix: `write its fingerprint, which tells the token to nobody: ${FINGERPRINT_COMMAND}`,
		});
		return [];
	});
	for (const [what, values] of [
		["are called", tokens.map(({ name }) => name)],
		["have the fingerprint", tokens.map(({ fingerprint }) => fingerprint)],
	] as const) {
		for (const value of new Set(values.filter((each, index) => values.indexOf(each) !== index))) {
			reader.wrong("--token", { what: `two tokens ${what} ${shown(value)}`, fix: "name every token once" });
		}
	}
	if (tokens.length > MAX_TOKENS) {
		const got = String(tokens.length);
		reader.wrong("--token", {
			what: "too many tokens",
			expected: `at most ${MAX_TOKENS}`,
			got,
			fix: "name the few in use",
		});
	}
	return tokens;
}

/** How a fingerprint is made from the token in a variable of the shell. */
export const FINGERPRINT_COMMAND = `printf %s "$TOKEN" | sha256sum | cut -c1-12`;

function metricsToOf(reader: FlagReader): string | undefined {
	const url = reader.text("metricsTo");
	if (url !== undefined) reader.problems.push(...endpointProblems(url, "--metrics-to", "allowed"));
	return url;
}
