/**
 * How OpenTelemetry's exporters for JavaScript make headers and URLs of their variables; several CLIs send with them. What is said here was
 * compared with requests of real CLIs (test/real/emission.test.ts).
 *
 * Sources: https://github.com/open-telemetry/opentelemetry-js/tree/main/experimental/packages/otlp-exporter-base/src/configuration,
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import { decoded, type EmittedSignal, LONG_ENOUGH_MS, type SentHeader } from "./emission.ts";
import { POSITIVE } from "./setting-form.ts";

/** Headers of the connection: a setting that names one of them has effects that are not known here. */
const OF_CONNECTION =
	/^(host|connection|content-length|content-encoding|transfer-encoding|expect|te|trailer|upgrade|keep-alive|proxy-.*|date|cookie)$/i;
/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What Node sends in a value; other characters make it throw. */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/**
 * Pairs of a variable such as OTEL_EXPORTER_OTLP_HEADERS: cut at `,` and `;`, decoded. `isMalformed` if an escape cannot be decoded, or blanks
 * stand in the place of a name.
 */
export function pairsOf(list: string | undefined, from: string): { pairs: SentHeader[]; isMalformed: boolean } {
	const pairs: SentHeader[] = [];
	let isMalformed = false;
	for (const entry of (list ?? "").split(",")) {
		const [pair = ""] = entry.split(";");
		const at = pair.indexOf("=");
		if (at <= 0) continue;
		try {
			const [name, value] = [pair.slice(0, at), pair.slice(at + 1)].map((text) => decodeURIComponent(text.trim()));
			if (name === "") isMalformed = true;
			if (name && value) pairs.push({ name, value, from });
		} catch {
			isMalformed = true;
		}
	}
	return { pairs, isMalformed };
}

/**
 * What of these variables is no number above 0 in digits, in words; undefined if none is: what an exporter makes of others differs, and with
 * some of them nothing is sent, of no signal.
 */
export function oddNumber(get: (pointer: string) => string | undefined, names: readonly string[]): string | undefined {
	const isOdd = (text: string | undefined) => text !== undefined && !POSITIVE.test(text);
	const name = names.find((each) => isOdd(get(`/env/${each}`)));
	return name && `${name} is not a number above 0 in digits, and what is sent with that is not known`;
}

/**
 * Seen of a server that answers after 1.5 s: with 1, 20 and 1.5 the request is ended at once, in Claude Code 2.1.81 and 2.1.330, Gemini CLI 0.61.0
 * and Qwen Code 0.24.4; what is no number above 0 does not count. Undefined if there is time enough.
 */
export function shortTimeout(get: (pointer: string) => string | undefined, signal: EmittedSignal): string | undefined {
	const names = ["", `${signal.toUpperCase()}_`].map((word) => `OTEL_EXPORTER_OTLP_${word}TIMEOUT`);
	const name = names.find((each) => {
		const ms = Number(get(`/env/${each}`) ?? "");
		return ms > 0 && ms < LONG_ENOUGH_MS;
	});
	return name && `${name} may end it before it is answered`;
}

/** Queues and times of what is sent in batches, logs and spans. */
export const batchNumbers = ["BLRP", "BSP"].flatMap((kind) =>
	["EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE"].map((what) => `OTEL_${kind}_${what}`),
);

/** What becomes of headers that are set one after the other. */
export type Assembled =
	| { readonly headers: readonly SentHeader[] }
	| { readonly why: string; readonly isKnown: boolean };

/**
 * The headers of a request: a later one replaces an earlier one of the same name, in its place. Names are compared with their case first, as
 * keys of an object, and then without, as Node does when it sends them.
 */
export function assembled(...lists: readonly (readonly SentHeader[])[]): Assembled {
	const exact = new Map<string, SentHeader>();
	for (const header of lists.flat()) exact.set(header.name, header);
	const sent = new Map<string, SentHeader>();
	for (const header of exact.values()) {
		const { name, value } = header;
		if (OF_CONNECTION.test(name) || /^\d+$/.test(name) || name === "__proto__") {
			return { why: `the effect of the header ${NAME.test(name) ? name : "in it"} is not known`, isKnown: false };
		}
		if (!NAME.test(name) || !VALUE.test(value)) {
			return { why: "a header has a name or a value that cannot be sent, so nothing is sent", isKnown: true };
		}
		// The space around a value does not reach the server.
		sent.set(name.toLowerCase(), { ...header, value: value.replace(/^[\t ]+|[\t ]+$/g, "") });
	}
	return { headers: withoutOwn([...sent.values()]) };
}

/** The user and the password of a URL as the header that Node makes of them; undefined if it has none. The URL must be valid. */
export function loginIn(url: string, from: string | undefined): SentHeader | undefined {
	const { username, password } = new URL(url);
	if (username === "" && password === "") return undefined;
	const login = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
	return { name: "Authorization", value: `Basic ${login}`, from };
}

/** Node sends the login of a URL only where no other Authorization is set. */
export function withLogin(found: Assembled, login: SentHeader | undefined): Assembled {
	if (!("headers" in found) || login === undefined) return found;
	const isSigned = found.headers.some(({ name }) => name.toLowerCase() === "authorization");
	return isSigned ? found : { headers: [...found.headers, login] };
}

/** A URL as it is requested, without user and password; any other text unchanged. */
export function withoutLogin(text: string): string {
	if (!URL.canParse(text)) return text;
	const url = new URL(text);
	if (url.username === "" && url.password === "") return text;
	url.username = "";
	url.password = "";
	return url.href;
}

/** Without those that the exporters set to their own values. */
function withoutOwn(headers: readonly SentHeader[]): readonly SentHeader[] {
	return headers.filter(({ name }) => !/^(content-type|user-agent)$/i.test(name));
}
