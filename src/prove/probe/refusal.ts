import { ownEntry } from "../../base/lookup.ts";
import type { HttpAnswer } from "../../effects/net/http.ts";
import { isHtml, readErrorMessage } from "../otlp/response.ts";
import { isOtlpType, type ProbedRequest } from "./acceptance.ts";
import type { RefusalKind } from "./causes.ts";

/** Who refused a request, as far as the response shows. */
export type Refuser =
	/** The place itself, because of the token. */
	| { readonly by: "place" }
	/** A proxy, firewall, gateway or portal in between: it says nothing about the token. */
	| { readonly by: "between"; readonly why: string }
	/** A server that requires a client certificate. */
	| { readonly by: "certificate" }
	/** The response does not mention the token as the reason. */
	| { readonly by: "unknown" };

/** Headers of responses generated in between. */
const MADE_IN_BETWEEN: Readonly<Record<string, RegExp>> = {
	"x-squid-error": /./,
	"proxy-authenticate": /./,
	"proxy-status": /error=/i,
	"cf-mitigated": /./,
	"x-amzn-waf-action": /./,
	// API Gateway's own refusals have it, those of its backend do not. https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
	"x-amzn-errortype": /./,
	// Not the scheme used for tokens.
	"www-authenticate": /^(basic|digest|negotiate|ntlm|kerberos)\b/i,
};

/** Headers of responses that passed through an intermediary, which may also have generated them. */
const PASSED_THROUGH: Readonly<Record<string, RegExp>> = {
	via: /./,
	"x-cache": /./,
	"cf-ray": /./,
	"x-iinfo": /./,
	"x-sucuri-id": /./,
	"x-datadome": /./,
	server:
		/^(cloudflare|cloudfront|akamaighost|awselb|squid|varnish|envoy|istio-envoy|bluecoat|zscaler|fortigate|big-?ip|imperva|barracuda)/i,
};

/**
 * Who gave an answer, by what servers on the way add to every answer: the program in `Server` without its version, and how many hops `Via`
 * has. Two answers of one place to one kind of request have the same. https://www.rfc-editor.org/rfc/rfc9110#field.via
 */
export function speakerOf({ server = "", via = "" }: Readonly<Record<string, string>>): string {
	const hops = via.split(",").filter((hop) => hop.trim() !== "").length;
	return `${server.trim().toLowerCase().split(/[\s/]/, 1)[0]} ${hops}`;
}

const ABOUT_CERTIFICATE = /\b(client|ssl|tls)[ -]certificate|\bmtls\b/i;

/** Words of firewalls, meshes and gateways that an ingest does not use about a token. */
const ABOUT_SOMETHING_ELSE =
	/\bip\b|\ballow-?list|\bwhitelist|\bfirewall|\bwaf\b|captcha|\b(request|access|you)\b.{0,20}\bblocked\b|\bcountry\b|\brbac: access denied|\bjwt (is|verification|issuer)\b|missing authentication token|\b[cx]srf\b/i;

const TOKEN = "(token|(api|access|ingest|license)[ _-]?key|credentials?)";
const WRONG =
	"(invalid|unknown|unrecogni[sz]ed|expired|revoked|disabled|inactive|malformed|wrong|bad|no such|not (found|valid|recogni[sz]ed|accepted)|does not exist)";

const CREDENTIAL = `((authorization )?header|((access|bearer|auth(entication)?) )?${TOKEN})`;
/** That no credential was seen, although one was sent: a gateway or the place itself looks somewhere else. */
const SAW_NONE = new RegExp(
	`\\b(no|missing|without( an?| any)?|did(n.t| not) provide( an?| any)?) ${CREDENTIAL}\\b(?! (is |was )?(match|valid|like|with))|\\b${CREDENTIAL} (is |was )?(missing(?! \\w)|not provided|not sent)\\b`,
	"i",
);
const IS_WRONG = new RegExp(`\\b(${WRONG}|incorrect)\\b`, "i");

const ABOUT_TOKEN = new RegExp(`\\b${TOKEN}\\b|\\bscopes?\\b|\\bunauthenticated\\b`, "i");
export const TOKEN_IS_WRONG = new RegExp(
	`\\b${WRONG}\\b.{0,30}\\b${TOKEN}\\b|\\b${TOKEN}\\b.{0,30}\\b${WRONG}\\b`,
	"i",
);
/** Parsers also use the word "token". */
const ABOUT_SYNTAX = /\bjson\b|\bsyntax|\bpars(e|er|ing)\b|\bunexpected\b|\bunmarshal|\bposition\b/i;

const MAX_READ = 4096;

/** Distinguishes a refusal by the place from one in between. `words` is the message of a gRPC status; otherwise the HTTP body is read. */
export function refuserOf(kind: RefusalKind, answer: HttpAnswer, asked: ProbedRequest, words?: string): Refuser {
	const { headers, body } = answer;
	const said = words ?? Buffer.from(body.subarray(0, MAX_READ)).toString("latin1");
	if (ABOUT_CERTIFICATE.test(said)) return { by: "certificate" };
	if (kind === "request") return namesWrongToken(said, body) ? { by: "place" } : { by: "unknown" };
	const why = madeInBetween(answer, asked, said, words !== undefined);
	if (why !== undefined) return { by: "between", why };
	const isPlain = ABOUT_TOKEN.test(said) && !ABOUT_SYNTAX.test(said);
	if (isPlain || isStatus(answer, asked, words)) return { by: "place" };
	const passed = headerSign(headers, PASSED_THROUGH);
	if (passed !== undefined) return { by: "between", why: passed };
	return kind === "credentials" ? { by: "place" } : { by: "unknown" };
}

function namesWrongToken(said: string, body: Uint8Array): boolean {
	const isOther = isHtml(body) || ABOUT_SYNTAX.test(said) || ABOUT_SOMETHING_ELSE.test(said);
	return TOKEN_IS_WRONG.test(said) && !isOther;
}

function madeInBetween(
	{ headers, body }: HttpAnswer,
	{ protocol, scheme }: ProbedRequest,
	said: string,
	isGrpcStatus: boolean,
): string | undefined {
	const { "www-authenticate": challenge, ...others } = MADE_IN_BETWEEN;
	const isOurScheme = /^basic$/i.test(scheme ?? "");
	const sign = headerSign(headers, isOurScheme || !challenge ? others : MADE_IN_BETWEEN);
	if (sign !== undefined) return sign;
	if (isHtml(body) || /^text\/html\b/i.test(headers["content-type"] ?? "")) return "it is an HTML page";
	if (ABOUT_SOMETHING_ELSE.test(said)) return "the text is typical of a firewall or gateway";
	if (SAW_NONE.test(said) && !IS_WRONG.test(said)) return "it says that no credential was there, and one was sent";
	if (protocol === "grpc" && !isGrpcStatus) return "it is not a gRPC response";
	return undefined;
}

/** The first of these headers that an answer has, with its value, for a person; undefined if it has none. */
export function headerSign(
	headers: Readonly<Record<string, string>>,
	signs: Readonly<Record<string, RegExp>>,
): string | undefined {
	const found = Object.entries(signs).find(([name, pattern]) => pattern.test(ownEntry(headers, name) ?? ""));
	return found && `${found[0]}: ${ownEntry(headers, found[0]) ?? ""}`.slice(0, 80);
}

/** Whether the refusal is a `Status` in the encoding of the request, which only OTLP servers send. https://opentelemetry.io/docs/specs/otlp/#failures-1 */
function isStatus({ headers, body }: HttpAnswer, { protocol }: ProbedRequest, words: string | undefined): boolean {
	const type = headers["content-type"] ?? "";
	if (!isOtlpType(protocol, type)) return false;
	if (protocol === "grpc") return words !== undefined && words !== "";
	if (protocol === "http/json")
		return /"code"\s*:\s*\d/.test(Buffer.from(body.subarray(0, MAX_READ)).toString("latin1"));
	return readErrorMessage(body, type) !== "" && body[0] !== 0x7b;
}
