import { headerSign, TOKEN_IS_WRONG } from "./refusal.ts";

type AnswerHeaders = Readonly<Record<string, string>>;

/** Headers of an answer that somebody in between gave in the place's stead, kept from an earlier one, or changed. https://www.rfc-editor.org/rfc/rfc9111 */
const NOT_ITS_OWN: Readonly<Record<string, RegExp>> = {
	"x-squid-error": /./,
	"proxy-status": /error=/i,
	"cf-mitigated": /./,
	age: /[1-9]/,
	warning: /\b(11[0-3]|214)\b/,
};

/** Every cache has its own name for it: `X-Cache`, `CF-Cache-Status`, `Cache-Status`, `X-Proxy-Cache`, `X-Cache-Hits`. */
const CACHE_NAME = /cache(?!-control)/;
const CACHE_HIT = /hit|stale/i;
const CACHE_COUNT = /[1-9]/;

/** Headers that a place which took the record has no reason to send: they ask for something else, or tell of an error. */
const NOT_BESIDE_SUCCESS: Readonly<Record<string, RegExp>> = {
	"www-authenticate": /./,
	"proxy-authenticate": /./,
	"x-amzn-errortype": /./,
	"x-amzn-waf-action": /./,
	"x-error": /./,
	"x-error-code": /./,
	"x-error-message": /./,
	error: /./,
	"retry-after": /./,
	"content-range": /./,
	location: /./,
	refresh: /./,
	"grpc-status-details-bin": /./,
};

/** Words of a warning by which the record, or whoever sent it, was not welcome. */
const NOT_TAKEN =
	/\b(drop(s|ped|ping)?|discard(s|ed|ing)?|reject(s|ed|ing)?|denied|refus(ed|ing)|forbidden|un(authori[sz]ed|authenticated)|suspended|blocked|quota|limit(ed)?|not (been )?(accepted|allowed|authori[sz]ed|ingested|permitted|recorded|saved|stored|written))\b|\bauthenti?cation\b.{0,20}\b(failed|missing|required)\b/i;

const NOT_TAKEN_OR_WRONG = new RegExp(`${TOKEN_IS_WRONG.source}|${NOT_TAKEN.source}`, "i");

/** The header that shows that an answer is not the place's own to this request; undefined if none does. */
export function notItsOwn(headers: AnswerHeaders): string | undefined {
	const known = headerSign(headers, NOT_ITS_OWN);
	if (known !== undefined) return known;
	const hits = Object.keys(headers)
		.filter((name) => CACHE_NAME.test(name))
		.map((name) => [name, name.endsWith("-hits") ? CACHE_COUNT : CACHE_HIT] as const);
	return headerSign(headers, Object.fromEntries(hits));
}

/** The header of a success that contradicts it; undefined if none does. */
export function contradictingHeader(headers: AnswerHeaders): string | undefined {
	return headerSign(headers, { ...NOT_BESIDE_SUCCESS, "grpc-message": NOT_TAKEN_OR_WRONG });
}

/** Whether the end of an HTTP/1 body is that of the connection, so that a whole answer and the first bytes of one look alike. */
export function endsByClosing(headers: AnswerHeaders): boolean {
	return headers["content-length"] === undefined && !/\bchunked\b/i.test(headers["transfer-encoding"] ?? "");
}

/** Whether the words of a success say that the token is wrong, or that the record was not taken. */
export function saysNotTaken(words: string): boolean {
	return NOT_TAKEN_OR_WRONG.test(words);
}
