import { senderOf } from "../../adapters/clis/senders.ts";
import type { Signal } from "../../adapters/providers/provider.ts";
import { maskedSender } from "../../base/mask.ts";
import type { ExchangeOutcome, ExchangeWatcher, WatchedExchange } from "../../effects/net/forwarding.ts";
import { redact } from "../../token/guard.ts";
import { isMadeUp } from "../../token/made-up.ts";
import { secretForms } from "../../token/secret.ts";
import type { Sighting } from "../evidence/traffic.ts";
import { MalformedOtlp, newScanner } from "../otlp/scan.ts";
import type { OtlpSender, Scan, Scanner } from "../otlp/senders.ts";
import { credentialOf, otlpTarget, type SeenCredential } from "./credential.ts";

export interface AttributionOptions {
	readonly place: string;
	/** The host of data that names none; may be empty. */
	readonly host: string;
	/** Headers besides Authorization that may hold the token, in lower case. */
	readonly headers: readonly string[];
	/** Fingerprints that have a row of their own in any case. */
	readonly known?: Iterable<string>;
	readonly now: () => number;
	/** Takes what was seen: one call per request and sender in it. */
	readonly add: (seen: Sighting) => void;
	/** Called for requests whose sender or records nobody knows. */
	readonly unknown: (why: Unknown) => void;
}

export type Unknown = "not otlp" | Exclude<ExchangeOutcome["body"], "whole">;

/**
 * Distinct credentials and names in rows of their own; a flood of made-up ones must not fill the memory. Credentials that were refused
 * have a table to themselves, so that nobody takes a row from one that is accepted without a token that is.
 */
const MAX_FINGERPRINTS = 1_000;
const MAX_HOSTS = 50_000;
const MAX_CLIS = 1_000;

/** Finds out of each OTLP request who sent what with which token. Keeps no token longer than its request takes. */
export function newAttribution(options: AttributionOptions): ExchangeWatcher {
	const fingerprints = credentialRows(options.known ?? []);
	const hosts = limited(MAX_HOSTS, "");
	const clis = limited(MAX_CLIS, "");
	return {
		begin(head): WatchedExchange | undefined {
			const target = otlpTarget(head);
			if (!target) {
				options.unknown("not otlp");
				return undefined;
			}
			const { signal } = target;
			const credential = credentialOf(head.headers, target, options.headers);
			const look = newLook(head.headers.get("content-type") ?? "", signal);
			const end = ({ status, bytes, body }: ExchangeOutcome) => {
				const { scan, why } = body === "whole" ? look.done() : { scan: undefined, why: body };
				if (why !== undefined) options.unknown(why);
				// A probe's question whether tokens are looked at is nobody's traffic.
				if (status >= 400 && isMadeUp(credential.value)) return;
				const at = options.now();
				const token = fingerprints(credential.fingerprint, status);
				const senders = scan && scan.resources.length > 0 ? scan.resources : NOBODY;
				let isFirst = true;
				for (const sender of senders) {
					const { host, cli, version } = names(sender, credential);
					// Written out: spreading objects here costs as much as all the rest.
					options.add({
						at,
						fingerprint: token,
						place: options.place,
						host: hosts(host || options.host),
						cli: clis(cli),
						version,
						signal,
						records: sender.records,
						requests: isFirst ? 1 : 0,
						bytes: isFirst ? bytes : 0,
						lastStatus: status,
					});
					isFirst = false;
				}
			};
			return { body: look.body, end };
		},
	};
}

const NOBODY: readonly OtlpSender[] = [{ host: "", service: "", version: "", scope: "", records: 0 }];

/** Looks into a body as it passes by; what is malformed is looked at no further. */
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
function names({ host, service, version, scope }: OtlpSender, { value }: SeenCredential) {
	const known = senderOf(service, scope);
	const safe = (name: string) => senderText(name, value);
	return {
		host: safe(host),
		cli: known?.id ?? safe(service),
		version: known && !known.tellsVersion ? "" : safe(version),
	};
}

/** Only what has such a piece can hold a token, in whatever encoding. */
const LONG_PIECE = /[A-Za-z0-9._~+/=%\\-]{20}/;

/** A name that holds the request's own token in any form is not repeated, and what is as random as a token is replaced by its length. */
function senderText(name: string, token: string): string {
	if (!LONG_PIECE.test(name)) return name;
	if (token !== "" && holdsForm(name, token)) return "[token]";
	return maskedSender(redact(name));
}

function holdsForm(name: string, token: string): boolean {
	const folded = name.toLowerCase();
	const hex = Buffer.from(token, "latin1").toString("hex");
	return [...secretForms(token), hex].some((form) => folded.includes(form.toLowerCase()));
}

/**
 * Names the credential of a request by its fingerprint while there is room: `others` are accepted ones beyond it, of which nobody knows
 * which they are, `refused` are those answered 401 or 403.
 */
function credentialRows(known: Iterable<string>): (fingerprint: string, status: number) => string {
	const always = new Set(["none", "short", ...known]);
	const accepted = limited(MAX_FINGERPRINTS, "others");
	const refused = limited(MAX_FINGERPRINTS, "refused");
	return (fingerprint, status) => {
		if (always.has(fingerprint)) return fingerprint;
		return status === 401 || status === 403 ? refused(fingerprint) : accepted(fingerprint);
	};
}

/** Lets so many different values through, and gives the rest another name. */
function limited(most: number, beyond: string): (value: string) => string {
	const known = new Set<string>();
	return (value) => {
		if (known.has(value)) return value;
		if (known.size >= most) return beyond;
		known.add(value);
		return value;
	};
}
