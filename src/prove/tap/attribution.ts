import { senderOf } from "../../adapters/clis/senders.ts";
import type { Signal } from "../../adapters/providers/provider.ts";
import { maskedSender } from "../../base/mask.ts";
import type {
	ExchangeAnswer,
	ExchangeOutcome,
	ExchangeWatcher,
	WatchedExchange,
} from "../../effects/net/forwarding.ts";
import { secretForms } from "../../token/forms.ts";
import { redact } from "../../token/guard.ts";
import { isMadeUp } from "../../token/made-up.ts";
import { fateOf, type Sighting } from "../evidence/traffic.ts";
import { isHtml, readExportResult } from "../otlp/response.ts";
import { MalformedOtlp, newScanner } from "../otlp/scan.ts";
import type { OtlpSender, Scan, Scanner } from "../otlp/senders.ts";
import { credentialsOf, otlpTarget, type SeenCredential } from "./credential.ts";

export interface AttributionOptions {
	readonly place: string;
	/** The host for data without one; may be empty. */
	readonly host: string;
	/** Other headers that may contain the token, in lower case. */
	readonly headers: readonly string[];
	/** Fingerprints that have a row of their own in any case. */
	readonly known?: Iterable<string>;
	readonly now: () => number;
	/** Receives what was seen: one call per request and sender. */
	readonly add: (seen: Sighting) => void;
	/** Called for requests with unknown sender or record count. */
	readonly unknown: (why: Unknown) => void;
	/** Called once for each table that is full, with what is no longer counted separately. */
	readonly full: (what: string) => void;
}

export type Unknown = "not otlp" | Exclude<ExchangeOutcome["body"], "whole">;

/**
 * Distinct credentials and names in rows of their own; a flood of made-up ones must not fill the memory. Only one that was accepted takes a
 * row in the table of those that are: credentials that never were have two tables to themselves, by `fateOf`.
 */
const MAX_FINGERPRINTS = 1_000;
const MAX_HOSTS = 50_000;
const MAX_CLIS = 1_000;

/** Determines who sent what with which token, for each OTLP request. Keeps no token longer than its request. */
export function newAttribution(options: AttributionOptions): ExchangeWatcher {
	const credentials = credentialRows(options);
	const hosts = limited(MAX_HOSTS, "", () => options.full("host names"));
	const clis = limited(MAX_CLIS, "", () => options.full("names of programs"));
	const places = { names: options.headers, isKnown: credentials.isKnown };
	/** Counts a request for every credential in it: which one the server used is unknown. */
	const note = (seen: readonly SeenCredential[], { status }: ExchangeOutcome, rest: Omit<Sighting, "fingerprint">) => {
		let isFirst = true;
		for (const { fingerprint } of seen) {
			const token = credentials.rowOf(fingerprint, status);
			// No object spread here: it would cost as much as everything else.
			if (isFirst) options.add({ ...rest, fingerprint: token });
			else options.add({ ...rest, fingerprint: token, records: 0, bytes: 0 });
			isFirst = false;
		}
	};
	return {
		begin(head): WatchedExchange | undefined {
			const target = otlpTarget(head);
			const seen = credentialsOf(head, target, places);
			const { now, place, host: ownHost, unknown } = options;
			if (!target) {
				unknown("not otlp");
				if (seen[0].fingerprint === "none" || seen[0].fingerprint === "short") return undefined;
				return {
					end(outcome) {
						const { status, bytes } = outcome;
						const row = { at: now(), place, host: hosts(ownHost), cli: "", version: "", signal: "other" } as const;
						const isTaken = fateOf(status) === "accepted";
						note(seen, outcome, { ...row, records: 0, requests: 1, bytes, lastStatus: status, isTaken });
					},
				};
			}
			const { signal } = target;
			const look = newLook(head.headers.get("content-type") ?? "", signal);
			const end = (outcome: ExchangeOutcome) => {
				const { status, bytes, body, answer } = outcome;
				const { scan, why } = body === "whole" ? look.done() : { scan: undefined, why: body };
				if (why !== undefined) unknown(why);
				// A probe's made-up token is not traffic.
				if (status >= 400 && seen.every(({ value }) => isMadeUp(value))) return;
				const at = now();
				// Without an answer, nobody knows that the records were accepted.
				const isTaken = answer !== undefined && tookAll(answer);
				const senders = scan && scan.resources.length > 0 ? scan.resources : NOBODY;
				let isFirst = true;
				for (const sender of senders) {
					const { host, cli, version } = names(sender, seen);
					note(seen, outcome, {
						at,
						place,
						host: hosts(host || ownHost),
						cli: clis(cli),
						version,
						signal,
						records: sender.records,
						requests: isFirst ? 1 : 0,
						bytes: isFirst ? bytes : 0,
						lastStatus: status,
						isTaken,
					});
					isFirst = false;
				}
			};
			return { body: look.body, end };
		},
	};
}

/**
 * Whether a successful response shows that every record was accepted: not if it is an HTML page, rejects records or is cut off.
 * https://opentelemetry.io/docs/specs/otlp/#partial-success-1
 */
function tookAll({ bytes, contentType, isWhole }: ExchangeAnswer): boolean {
	if (!isWhole || isHtml(bytes)) return false;
	if (bytes.length === 0) return true;
	const result = readExportResult(bytes, contentType);
	// Some servers just say OK.
	return result === undefined || result.rejected === 0n;
}

const NOBODY: readonly OtlpSender[] = [{ host: "", service: "", version: "", scope: "", records: 0 }];

/** Inspects a body as it passes; stops at malformed content. */
function newLook(contentType: string, signal: Signal) {
	const isJson = contentType.startsWith("application/json");
	let scanner: Scanner | undefined = isJson
		? newScanner("json", signal)
		: contentType.startsWith("application/x-protobuf")
			? newScanner("protobuf", signal)
			: undefined;
	const guarded = <T>(work: () => T): T | undefined => {
		try {
			return work();
		} catch (error) {
			scanner = undefined;
			if (error instanceof MalformedOtlp) return undefined;
			throw error;
		}
	};
	return {
		body: scanner && ((chunk: Buffer) => guarded(() => scanner?.push(chunk))),
		done(): { scan: Scan | undefined; why: Unknown | undefined } {
			const scan = guarded(() => scanner?.end());
			return { scan, why: scan ? undefined : "malformed" };
		},
	};
}

/** What rows call a sender. */
function names({ host, service, version, scope }: OtlpSender, credentials: readonly SeenCredential[]) {
	const known = senderOf(service, scope);
	const safe = (name: string) => senderText(name, credentials);
	return {
		host: safe(host),
		cli: known?.id ?? safe(service),
		version: known && !known.tellsVersion ? "" : safe(version),
	};
}

/** Only what has such a piece can hold a token, in whatever encoding. */
const LONG_PIECE = /[A-Za-z0-9._~+/=%\\-]{20}/;

/** A name that holds the request's own token in any form is not repeated, and what is as random as a token is replaced by its length. */
function senderText(name: string, credentials: readonly SeenCredential[]): string {
	if (!LONG_PIECE.test(name)) return name;
	if (credentials.some(({ value }) => value !== "" && holdsForm(name, value))) return "[token]";
	return maskedSender(redact(name));
}

function holdsForm(name: string, token: string): boolean {
	const folded = name.toLowerCase();
	const hex = Buffer.from(token, "latin1").toString("hex");
	return [...secretForms(token), hex].some((form) => folded.includes(form.toLowerCase()));
}

/**
 * Names a request's credential by its fingerprint, up to a limit: `others` are further accepted ones, of which it is unknown which they
 * are, `refused` are those that were refused, and `pending` those whose request may be repeated. A credential that was accepted once is
 * known from then on.
 */
function credentialRows({ known = [], full }: Pick<AttributionOptions, "known" | "full">) {
	const always = new Set(["none", "short", ...known]);
	const accepted = limited(MAX_FINGERPRINTS, "others", () => full("credentials"));
	const rows = {
		accepted,
		refused: limited(MAX_FINGERPRINTS, "refused"),
		pending: limited(MAX_FINGERPRINTS, "pending"),
	};
	return {
		isKnown: (fingerprint: string) => always.has(fingerprint) || accepted.has(fingerprint),
		rowOf(fingerprint: string, status: number): string {
			if (always.has(fingerprint)) return fingerprint;
			return rows[accepted.has(fingerprint) ? "accepted" : fateOf(status)](fingerprint);
		},
	};
}

/** Passes a limited number of different values, and renames the rest. */
function limited(most: number, beyond: string, onFull: () => void = () => {}) {
	const known = new Set<string>();
	let isFull = false;
	const nameOf = (value: string): string => {
		if (known.has(value)) return value;
		if (known.size >= most) {
			if (!isFull) onFull();
			isFull = true;
			return beyond;
		}
		known.add(value);
		return value;
	};
	return Object.assign(nameOf, { has: (value: string) => known.has(value) });
}
