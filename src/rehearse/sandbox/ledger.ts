import type { Signal } from "../../adapters/providers/provider.ts";
import {
	digestOf,
	type NewToken,
	stateOf,
	type TokenLedger,
	type TokenRecord,
	type TokenState,
} from "../../adapters/providers/sandbox.ts";
import { FINGERPRINT_LENGTH } from "../../token/fingerprint-length.ts";
import type { FaultState } from "./faults.ts";
import type { StatusCard } from "./status-cards.ts";

/** Kinds of traffic: the OTLP signals, and everything else. */
export type Traffic = Signal | "api";

/** Counters of one credential and kind of traffic. */
export interface Counter {
	readonly fingerprint: string;
	readonly signal: Traffic;
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
	/** A `control` is a request with a made-up token, which a probe sends to see whether tokens are checked. */
	readonly kind: "request" | "control" | "mint" | "rotate" | "revoke" | "clock" | "fault";
	readonly fingerprint?: string;
	readonly signal?: Traffic;
	readonly status?: number;
	readonly records?: number;
}

export interface SandboxStatus {
	readonly provider: string;
	readonly now: string;
	/** How long the old token works after a rotation; absent if until revoked. */
	readonly overlapMs?: number;
	/** The newest first. */
	readonly tokens: readonly {
		readonly role: "new" | "old";
		readonly id: string;
		readonly fingerprint: string;
		readonly state: TokenState;
		readonly endsAt?: string;
		readonly lastUsedAt?: string;
	}[];
	readonly traffic: readonly (Omit<Counter, "firstSeen" | "lastSeen"> & {
		readonly firstSeen: string;
		readonly lastSeen: string;
	})[];
	/** Of a provider whose page has a card for each tool. */
	readonly cards?: readonly StatusCard[];
	/** Requests with a made-up token, not included in other counts. */
	readonly controls: { readonly requests: number; readonly accepted: number };
	readonly faults: readonly FaultState[];
}

/** A provider's state: which tokens it accepts until when, and who sent with which. */
export interface Ledger<D = unknown> extends TokenLedger<D> {
	/** Whether a credential is accepted now, and its fingerprint. */
	judge(credential: string, now: number): Judged<D>;
	/** Records that a token was presented and accepted. */
	use(token: TokenRecord | undefined, now: number): void;
	count(seen: Seen): void;
	/** Counts a request with a made-up token. */
	countControl(isAccepted: boolean): void;
	status(now: number): Pick<SandboxStatus, "tokens" | "traffic" | "controls">;
}

export interface Judged<D = unknown> {
	readonly accepted: boolean;
	readonly fingerprint: string;
	/** The token, accepted or not; undefined if it was never issued. */
	readonly token: TokenRecord<D> | undefined;
}

interface Seen extends Pick<Counter, "fingerprint" | "signal" | "accepted" | "records" | "bytes"> {
	readonly now: number;
}

/** Maximum number of counters; the rest, such as guessed credentials, are counted together. */
const MAX_COUNTERS = 1000;
const OTHERS = "others";

/** An empty ledger; `log` is called for every token issued or ended. */
export function newLedger<D>(log: (event: SandboxEvent) => void): Ledger<D> {
	const tokens = newTokenLedger<D>(log);
	const traffic = newTrafficCounters();
	const controls = { requests: 0, accepted: 0 };
	return {
		...tokens,
		count: traffic.count,
		countControl(isAccepted) {
			controls.requests++;
			if (isAccepted) controls.accepted++;
		},
		status: (now) => ({
			tokens: tokenStatus(tokens.tokens, now),
			traffic: traffic.status(),
			controls: { ...controls },
		}),
	};
}

/** Tokens by their digests. */
function newTokenLedger<D>(log: (event: SandboxEvent) => void): Omit<Ledger<D>, "count" | "countControl" | "status"> {
	type Entry = { -readonly [K in keyof TokenRecord<D>]: TokenRecord<D>[K] };
	const tokens: Entry[] = [];
	const byDigest = new Map<string, Entry>();
	const entryOf = ({ digest }: TokenRecord) => byDigest.get(digest);
	const add = (made: NewToken<D>, kind: "mint" | "rotate"): Entry => {
		const entry = newRecord(made);
		tokens.unshift(entry);
		byDigest.set(entry.digest, entry);
		log({ at: iso(made.now), kind, fingerprint: entry.fingerprint });
		return entry;
	};
	return {
		tokens,
		mint: (made) => add(made, "mint"),
		rotate(old, made, overlapMs) {
			for (const entry of old.map(entryOf)) {
				if (entry) entry.endsAt = Math.min(entry.endsAt, made.now + overlapMs);
			}
			return add(made, "rotate");
		},
		revoke(record, now) {
			const entry = entryOf(record);
			if (!entry) return;
			entry.revokedAt = Math.min(entry.revokedAt, now);
			log({ at: iso(now), kind: "revoke", fingerprint: entry.fingerprint });
		},
		find: (name) => tokens.find(({ id, fingerprint }) => id === name || fingerprint === name),
		judge(credential, now) {
			const digest = digestOf(credential);
			const token = byDigest.get(digest);
			const accepted = token !== undefined && stateOf(token, now) === "active";
			return { accepted, fingerprint: fingerprintOf(digest), token };
		},
		use(token, now) {
			const entry = token && entryOf(token);
			if (entry) entry.lastUsedAt = now;
		},
	};
}

function newRecord<D>({ token, now, details, id, endsAt }: NewToken<D>): TokenRecord<D> {
	const digest = digestOf(token);
	return {
		id: id ?? `tok_${digest.slice(-24)}`,
		digest,
		fingerprint: fingerprintOf(digest),
		createdAt: now,
		endsAt: endsAt ?? Number.POSITIVE_INFINITY,
		revokedAt: Number.POSITIVE_INFINITY,
		lastUsedAt: undefined,
		details,
	};
}

/** Received traffic, by credential, kind, and whether it was accepted. */
function newTrafficCounters(): { count(seen: Seen): void; status(): SandboxStatus["traffic"] } {
	const counters = new Map<string, Counter>();
	return {
		count({ fingerprint, accepted, signal, records, bytes, now }) {
			const keyFor = (id: string) => `${id} ${signal} ${accepted}`;
			const own = counters.has(keyFor(fingerprint)) || counters.size < MAX_COUNTERS;
			const id = own ? fingerprint : OTHERS;
			const empty = { requests: 0, records: 0, bytes: 0, firstSeen: now, lastSeen: now };
			const counter = counters.get(keyFor(id)) ?? { fingerprint: id, signal, accepted, ...empty };
			counters.set(keyFor(id), counter);
			counter.requests++;
			counter.records += records;
			counter.bytes += bytes;
			counter.lastSeen = now;
		},
		status: () =>
			[...counters.values()].map((counter) => ({
				...counter,
				firstSeen: iso(counter.firstSeen),
				lastSeen: iso(counter.lastSeen),
			})),
	};
}

function tokenStatus(tokens: readonly TokenRecord[], now: number): SandboxStatus["tokens"] {
	const current = tokens.find((token) => stateOf(token, now) === "active");
	return tokens.map((token) => {
		const ends = Math.min(token.endsAt, token.revokedAt);
		return {
			role: token === current ? "new" : "old",
			id: token.id,
			fingerprint: token.fingerprint,
			state: stateOf(token, now),
			...(Number.isFinite(ends) ? { endsAt: iso(ends) } : {}),
			...(token.lastUsedAt === undefined ? {} : { lastUsedAt: iso(token.lastUsedAt) }),
		};
	});
}

function iso(time: number): string {
	return new Date(time).toISOString();
}

function fingerprintOf(digest: string): string {
	return digest.slice(0, FINGERPRINT_LENGTH);
}
