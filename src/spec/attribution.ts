import { shown } from "../base/mask.ts";
import { FINGERPRINT_LENGTH } from "../token/fingerprint-length.ts";
import { endpointProblems } from "./endpoint.ts";
import type { FlagReader } from "./flags.ts";

/**
 * How a gateway counts who sends with which token. `senders`: by token, host and CLI; `tokens`: only by token, among tokens whose
 * fingerprints are known in advance, without changing the data; `ports`: one port per token, at almost no cost.
 */
export const attributionWays = ["senders", "tokens", "ports"] as const;
export type AttributionWay = (typeof attributionWays)[number];

/** A token by name and fingerprint; a config never needs the token itself. */
export interface KnownToken {
	readonly name: string;
	readonly fingerprint: string;
}

/** What `--attribute` and its flags request. */
export interface AttributionSpec {
	/** Undefined: choose the best. */
	readonly way: AttributionWay | undefined;
	readonly tokens: readonly KnownToken[];
	/** Whether to remove the fingerprint from the data again. */
	readonly strip: boolean;
	/** Alloy: the remote-write URL for the counters. */
	readonly metricsTo: string | undefined;
}

/** More pipelines than this make a config unreadable; an overlap has two tokens. */
const MAX_TOKENS = 16;

const KNOWN = new RegExp(`^([\\w.-]{1,64})=fp:([0-9a-f]{${FINGERPRINT_LENGTH}})$`);

/** `--attribute` and its flags; undefined if not given. */
export function attributionOf(reader: FlagReader): AttributionSpec | undefined {
	const wanted = reader.isSet("attribute") || reader.text("attribute") !== undefined;
	const way = reader.choice(reader.text("attribute"), attributionWays, "--attribute", "way to attribute");
	const tokens = tokensOf(reader);
	const metricsTo = metricsToOf(reader);
	if (wanted) return { way, tokens, strip: reader.isSet("stripFingerprint"), metricsTo };
	const given = { token: "--token", stripFingerprint: "--strip-fingerprint", metricsTo: "--metrics-to" };
	for (const [name, flag] of Object.entries(given)) {
		if (!reader.isSet(name) && reader.text(name) === undefined && reader.all(name).length === 0) continue;
		reader.wrong(flag, { what: "requires --attribute", fix: "add --attribute, or omit it" });
	}
	return undefined;
}

function tokensOf(reader: FlagReader): KnownToken[] {
	const tokens = reader.all("token").flatMap((text): KnownToken[] => {
		const [, name, fingerprint] = KNOWN.exec(text) ?? [];
		if (name !== undefined && fingerprint !== undefined) return [{ name, fingerprint }];
		reader.wrong("--token", {
			what: "not a token by fingerprint",
			expected: "old=fp:<12 hex digits>, new=fp:<12 hex digits>",
			got: `${text.length} characters`,
			fix: `give its fingerprint, which does not reveal the token: ${FINGERPRINT_COMMAND}`,
		});
		return [];
	});
	for (const [what, values] of [
		["are named", tokens.map(({ name }) => name)],
		["have the fingerprint", tokens.map(({ fingerprint }) => fingerprint)],
	] as const) {
		for (const value of new Set(values.filter((each, index) => values.indexOf(each) !== index))) {
			reader.wrong("--token", { what: `two tokens ${what} ${shown(value)}`, fix: "give every token once" });
		}
	}
	if (tokens.length > MAX_TOKENS) {
		const got = String(tokens.length);
		reader.wrong("--token", {
			what: "too many tokens",
			expected: `at most ${MAX_TOKENS}`,
			got,
			fix: "give only those in use",
		});
	}
	return tokens;
}

/** The shell command that prints the fingerprint of the token in a variable. */
export const FINGERPRINT_COMMAND = `printf %s "$TOKEN" | sha256sum | cut -c1-12`;

function metricsToOf(reader: FlagReader): string | undefined {
	const url = reader.text("metricsTo");
	if (url !== undefined) reader.problems.push(...endpointProblems(url, "--metrics-to", "allowed"));
	return url;
}
