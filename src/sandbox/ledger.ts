import { createHash } from "node:crypto";
import type { Signal } from "../adapters/providers/provider.ts";
import { FINGERPRINT_LENGTH } from "../fingerprint.ts";

/** A token as the sandbox knows it: never its value, only its whole SHA-256 in hex. */
interface TokenRecord {
	readonly digest: string;
	/** Milliseconds since the epoch at which it stops being accepted; undefined for the current one. */
	endsAt: number | undefined;
}

/** Counters of one credential and signal. */
export interface Counter {
	readonly fingerprint: string;
	readonly signal: Signal;
	readonly accepted: boolean;
	requests: number;
	records: number;
	bytes: number;
	firstSeen: number;
	lastSeen: number;
}

/** One line of the event tail. */
export interface SandboxEvent {
	readonly at: string;
	readonly kind: "request" | "rotate" | "clock";
	readonly fingerprint?: string;
	readonly signal?: Signal;
	readonly status?: number;
	readonly records?: number;
}

export interface Status {
	readonly provider: string;
	readonly now: string;
	readonly overlapMs: number;
	readonly tokens: readonly { readonly role: "new" | "old"; readonly fingerprint: string; readonly endsAt?: string }[];
	readonly traffic: readonly (Omit<Counter, "firstSeen" | "lastSeen"> & {
		readonly firstSeen: string;
		readonly lastSeen: string;
	})[];
}

/** What a provider remembers: which tokens it accepts until when, and who sent with what. All times are passed in. */
export interface Ledger {
	/** Makes a token the current one; the one before is accepted until the overlap ends. */
	rotate(token: string, now: number): { fingerprint: string; oldEndsAt: number | undefined };
	/** Whether a credential is accepted now, and its fingerprint. */
	judge(credential: string, now: number): { accepted: boolean; fingerprint: string };
	count(seen: {
		fingerprint: string;
		accepted: boolean;
		signal: Signal;
		records: number;
		bytes: number;
		now: number;
	}): void;
	status(now: number): Status;
}

/** Whoever guesses credentials makes many; beyond this many counters the rest are counted together. */
const MAX_COUNTERS = 1000;
const OTHERS = "others";

/** A ledger with the rule that all providers share: after a rotation the old token lives on for the overlap. */
export function newLedger(provider: string, overlapMs: number): Ledger {
	const tokens: TokenRecord[] = [];
	const counters = new Map<string, Counter>();
	const digestOf = (credential: string) => createHash("sha256").update(credential).digest("hex");
	const iso = (time: number) => new Date(time).toISOString();

	return {
		rotate(token, now) {
			const ends = now + overlapMs;
			for (const old of tokens) old.endsAt = Math.min(old.endsAt ?? ends, ends);
			const digest = digestOf(token);
			tokens.unshift({ digest, endsAt: undefined });
			return { fingerprint: fingerprintOf(digest), oldEndsAt: tokens.length > 1 ? ends : undefined };
		},
		judge(credential, now) {
			const digest = digestOf(credential);
			const token = tokens.find((each) => each.digest === digest);
			const accepted = token !== undefined && (token.endsAt === undefined || now < token.endsAt);
			return { accepted, fingerprint: fingerprintOf(digest) };
		},
		count({ fingerprint, accepted, signal, records, bytes, now }) {
			const keyFor = (id: string) => `${id} ${signal} ${accepted}`;
			const own = counters.has(keyFor(fingerprint)) || counters.size < MAX_COUNTERS;
			const id = own ? fingerprint : OTHERS;
			const fresh = {
				fingerprint: id,
				signal,
				accepted,
				requests: 0,
				records: 0,
				bytes: 0,
				firstSeen: now,
				lastSeen: now,
			};
			const counter = counters.get(keyFor(id)) ?? fresh;
			counters.set(keyFor(id), counter);
			counter.requests++;
			counter.records += records;
			counter.bytes += bytes;
			counter.lastSeen = now;
		},
		status(now) {
			return {
				provider,
				now: iso(now),
				overlapMs,
				tokens: tokens.map(({ digest, endsAt }) => ({
					role: endsAt === undefined ? "new" : "old",
					fingerprint: fingerprintOf(digest),
					...(endsAt === undefined ? {} : { endsAt: iso(endsAt) }),
				})),
				traffic: [...counters.values()].map((counter) => ({
					...counter,
					firstSeen: iso(counter.firstSeen),
					lastSeen: iso(counter.lastSeen),
				})),
			};
		},
	};
}

function fingerprintOf(digest: string): string {
	return digest.slice(0, FINGERPRINT_LENGTH);
}
