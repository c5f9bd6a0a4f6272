import { couldBeToken, shown } from "../../base/mask.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import { MIN_TOKEN_LENGTH } from "../../token/shape.ts";
import type { ConfigFinding } from "./rules.ts";

/** Keys and header names whose value is a credential. */
const CREDENTIAL_KEY =
	/^(authorization|.*(token|api[-_]?key|apikey|(access|agent|ingest|ingestion|license|private|secret)[-_]?key|secret|password|passwd|credential)s?|x-honeycomb-team|uptrace-dsn|key_pem)$/i;
/** Keys with the same endings that name a file, a store's key or an extension. */
const NO_CREDENTIAL = /(file|path|name|_id|_ref|url|endpoint|metadata_keys?|from_context|token_count|tokens_count)$/i;
/**
 * What a template engine, a deployment or a script replaces: `{{ x }}`, `{{resolve:…}}`, `<%= x %>`, `@x@`, `%{x}` of Hiera, `#{x}` of Octopus
 * and Azure, `__X__` of Azure, `((x))` of Concourse, `%X%` of cmd, `[[ x ]]`.
 */
const RENDERED = /\{\{.*\}\}|<%|^@.*@$|[%#]\{.*\}|^__\w+__$|^\(\(.*\)\)$|^%\w+%$|^\[\[.*\]\]$/;
/** A reference instead of a value: one of those, `${env:X}`, `${X}`, `$X`, `$(X)` of Kubernetes. */
const ELSEWHERE = new RegExp(`\\$\\{|\\$\\(|^\\$[A-Za-z_]|\\{\\{|${RENDERED.source}`);
const RENDERED_FIX = "Have it put into a file of its own (0400), and name that: a rotation then needs no new config.";
const FROM_ENV = /\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}|^\$[A-Za-z_]\w*$/;
/** Values of any other provider. */
const FETCHED = /\$\{([A-Za-z][A-Za-z0-9+.-]+):/;
const PLACEHOLDER = /^(<.*>|\*+|x+|\.{3}|changeme|redacted|\[redacted\]|your[-_].*|.*[-_](here|placeholder))$/i;

export function isCredentialKey(key: string): boolean {
	return CREDENTIAL_KEY.test(key) && !NO_CREDENTIAL.test(key);
}

/** The credential in a value, without its scheme; undefined for references and placeholders. */
export function literalCredential(value: string): string | undefined {
	const bare = bareCredential(value);
	return bare === "" || PLACEHOLDER.test(bare) || ELSEWHERE.test(bare) ? undefined : bare;
}

function bareCredential(value: string): string {
	return value.replace(/^(bearer|basic|token|api-?key|splunk)\s+/i, "").trim();
}

/** Findings about a credential's value; `rotating` says whether it must change in a running collector. */
export function credentialFindings(value: string, at: number, place: string, rotating: boolean): ConfigFinding[] {
	const literal = literalCredential(value);
	if (literal !== undefined) return [{ rule: "token-literal", at, what: `${place} contains ${described(literal)}` }];
	if (!rotating) return [];
	const bare = bareCredential(value);
	if (RENDERED.test(bare)) {
		const what = `${place} is put in when the file is rendered: what comes out contains the token`;
		return [{ rule: "token-literal", severity: "warning", at, what, fix: RENDERED_FIX }];
	}
	if (FROM_ENV.test(bare))
		return [{ rule: "token-from-env", at, what: `${place} is read from an environment variable${bareName(bare)}` }];
	if (bare.includes("${file:")) return [{ rule: "file-newline", at, what: `${place} is read with \${file:…}` }];
	const scheme = FETCHED.exec(bare)?.[1];
	return scheme
		? [{ rule: "token-read-once", at, what: `${place} is fetched with \${${shown(scheme)}:…} when the config is read` }]
		: [];
}

/** Measured: otelcol 0.155.0 sends `$NAME` as it stands. */
function bareName(value: string): string {
	return value.startsWith("${") || !value.startsWith("$")
		? ""
		: " in old releases, and is the text $NAME itself in new ones such as 0.155.0";
}

/** A token by fingerprint; a shorter text only by length, because it could be guessed from a fingerprint. */
function described(literal: string): string {
	return literal.length < MIN_TOKEN_LENGTH
		? `a literal of ${literal.length} characters`
		: `a token, fp=${fingerprint(literal)}`;
}

/** Findings about a destination URL. */
export function urlFindings(text: string, at: number, place: string): ConfigFinding[] {
	const found = (what: string): ConfigFinding[] => [{ rule: "token-in-url", at, what: `${place} contains ${what}` }];
	const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(text);
	if (!match) return [];
	const [, authority = "", path = "", query = ""] = match;
	if (/[^:]*:[^@]+@/.test(authority) && !ELSEWHERE.test(authority)) return found("a password");
	const segment = path.split("/").find((each) => couldBeToken(each));
	if (segment) return found(`what looks like a token in its path, fp=${fingerprint(segment)}`);
	const parameter = query
		.slice(1)
		.split("&")
		.map((each) => each.split("=", 2))
		.find(([key = "", value = ""]) => isCredentialKey(key) && value !== "");
	if (parameter) return found(`a credential in its query (${parameter[0]})`);
	return /\$\{(?:env|file):[^}]*(token|key|secret)[^}]*\}/i.test(path + query) ? found("a reference to a token") : [];
}
