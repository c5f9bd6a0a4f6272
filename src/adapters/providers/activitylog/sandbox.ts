/**
 * How ActivityLog behaves, for `crossfade sandbox`: OTLP for logs and traces, messages, Langfuse's ingest, whoami, sign-in and tokens of a
 * system, with the limits and the sampling of its tiers. What its pages leave open is marked as assumed below.
 *
 * Sources: https://www.activitylog.com/docs/20-setup-system-tokens, https://www.activitylog.com/docs/50-ingest-native,
 * https://www.activitylog.com/docs/51-ingest-otlp, https://www.activitylog.com/docs/60-query-api.
 */
import { ownEntry } from "../../../base/lookup.ts";
import { choiceSetting, wholeNumberOrWordSetting, wholeNumberSetting } from "../../../base/settings.ts";
import {
	type Admission,
	type ApiCall,
	type ApiRoute,
	digestOf,
	isoTime,
	jsonAnswer,
	Refused,
	type RequestHeaders,
	type SandboxServices,
	sandboxProvider,
	stateOf,
	type TokenLedger,
	type TokenRecord,
	type TokenRequest,
	textField,
} from "../sandbox.ts";
import { provider } from "./index.ts";

interface ActivitylogToken {
	readonly retentionDays: number;
}

interface Tier {
	readonly name: string;
	/** Tokens per system. */
	readonly tokens: number;
	/** The longest retention, in days. */
	readonly retention: number;
	/** Of a message's body, in bytes. */
	readonly body: number;
	/** Messages per second, and per burst. */
	readonly rate: number;
	readonly burst: number;
}

const KIB = 1024;
const NONE = Number.POSITIVE_INFINITY;

/** Assumed: no limit where the pages give no number. */
const tiers = {
	free: { name: "free", tokens: 2, retention: 7, body: 16 * KIB, rate: 100, burst: 1_000 },
	pro: { name: "pro", tokens: 50, retention: 90, body: 256 * KIB, rate: 5_000, burst: 50_000 },
	enterprise: { name: "enterprise", tokens: NONE, retention: NONE, body: 256 * KIB, rate: NONE, burst: NONE },
} as const satisfies Record<string, Tier>;

/** https://www.activitylog.com/docs/20-setup-system-tokens; -1 is for ever. */
const RETENTIONS = [7, 30, 90, 180, 365, 730, 1095, 1825, -1];
const SYSTEM = "01JSANDBX0000000000000SYST";
const SESSION_MS = 3_600_000;
const MAX_SESSIONS = 100;

/**
 * No rotation: a second token is minted, and the old one lives until it is revoked. Documented: ingest, whoami, limits, tiers, login.
 * Assumed, because a person does it in the portal: the paths and bodies below `/systems/<id>/tokens`, the status 409 when a system is
 * full, the fields of whoami, the shape of errors, that OTLP records count as messages.
 */
export const sandbox = sandboxProvider({
	id: provider.id,
	title: provider.title,
	about: "OTLP without metrics; mint a second token, revoke the old one",
	prefix: "al_",
	adminKey: { prefix: "", what: "a user's password for POST /api/v1/auth/login, whatever the email" },
	otlp: { base: "/api/v1/otlp", signals: ["logs", "traces"], pathToken: false },
	settings: {
		tier: choiceSetting<Tier>("free", "the tier whose limits apply", tiers),
		retention: choiceSetting("7", "days; -1 means forever", retentions()),
		sample: wholeNumberSetting("0", "drop every Nth request and say so; 0 means off"),
		rate: wholeNumberOrWordSetting("tier", "tier", "messages per second, at most the tier's"),
		burst: wholeNumberOrWordSetting("tier", "tier", "messages per burst, at most the tier's", 1),
	},
	conflict({ tier, retention, sample }) {
		if (sample > 0 && tier.name !== "free") return "only the free tier samples";
		return retentionProblem(tier, retention);
	},
	start({ tier, retention, sample, rate, burst }, services: SandboxServices<ActivitylogToken>) {
		const sessions = newSessions(services.newToken);
		const limit = rateLimit(Math.min(rate, tier.rate), Math.min(burst, tier.burst));
		let admitted = 0;
		const mint = (token: string, wanted: TokenRequest, now: number) => {
			const live = services.ledger.tokens.filter((each) => stateOf(each, now) === "active");
			if (live.length >= tier.tokens) throw new Refused(409, `a system on this tier can have ${tier.tokens} tokens`);
			const { retentionDays = retention } = wanted;
			const problem = retentionProblem(tier, retentionDays);
			if (problem !== undefined) throw new Refused(400, problem);
			return services.ledger.mint({ token, now, details: { retentionDays: Number(retentionDays) } });
		};
		return {
			portal: ["mint", "revoke"],
			mint,
			rotate: (_, token, wanted, now) => mint(token, wanted, now),
			isAdmin: sessions.isOpen,
			tokenOf: (headers, path) =>
				(path === LANGFUSE ? pairOf(headers, services.ledger) : undefined) ?? bearerOf(headers),
			admit(records, now) {
				const { refused, headers } = limit(records, now);
				if (refused) return { refused, headers };
				admitted++;
				const dropped = sample > 0 && admitted % sample === 0;
				return { headers: dropped ? { ...headers, "x-al-sampled": "true" } : headers, dropped };
			},
			refusal: (_, message) => ({ error: message }),
			routes: [
				messageRoute(tier, () => admitted),
				langfuseRoute,
				whoamiRoute(tier),
				...loginRoutes(services, sessions),
				...tokenRoutes(services, mint),
			],
		};
	},
	sources: [
		"https://www.activitylog.com/docs/20-setup-system-tokens",
		"https://www.activitylog.com/docs/50-ingest-native",
		"https://www.activitylog.com/docs/51-ingest-otlp",
		"https://www.activitylog.com/docs/52-ingest-langfuse",
		"https://www.activitylog.com/docs/60-query-api",
	],
});

function route(
	line: `${ApiRoute["method"]} ${string}`,
	by: ApiRoute["by"],
	answer: ApiRoute<ActivitylogToken>["answer"],
): ApiRoute<ActivitylogToken> {
	const [method, path] = line.split(" ") as [ApiRoute["method"], string];
	return { method, path: `/api/v1${path}`, by, answer };
}

/** https://www.activitylog.com/docs/50-ingest-native */
function messageRoute(tier: Tier, admitted: () => number): ApiRoute<ActivitylogToken> {
	return {
		...route("POST /messages", ["token"], ({ now }) =>
			jsonAnswer(201, { id: `01J${String(admitted()).padStart(23, "0")}`, ingestedAt: new Date(now).toISOString() }),
		),
		records(call) {
			const { body = "" } = call.body();
			textField(call.body(), "stream", 80);
			const size = Buffer.byteLength(typeof body === "string" ? body : JSON.stringify(body));
			if (size > tier.body) throw new Refused(413, `a body can have at most ${tier.body} bytes on this tier`);
			return 1;
		},
	};
}

const LANGFUSE = "/api/public/ingestion";

/** A batch of events, each taken or not. https://www.activitylog.com/docs/52-ingest-langfuse; https://api.reference.langfuse.com */
const langfuseRoute: ApiRoute<ActivitylogToken> = {
	method: "POST",
	path: LANGFUSE,
	by: ["token"],
	records: (call) => eventsOf(call).filter(isEvent).length,
	answer(call) {
		const events = eventsOf(call);
		const shown = (good: boolean, status: number, more = {}) =>
			events.filter((each) => isEvent(each) === good).map((each) => ({ id: idOf(each), status, ...more }));
		return jsonAnswer(207, { successes: shown(true, 201), errors: shown(false, 400, { message: "not an event" }) });
	},
};

function eventsOf(call: ApiCall): readonly unknown[] {
	const { batch } = call.body();
	if (!Array.isArray(batch)) throw new Refused(400, "batch must be a list of events");
	return batch;
}

const textOf = (value: unknown, name: string) => {
	const found =
		typeof value === "object" && value !== null ? ownEntry(value as Record<string, unknown>, name) : undefined;
	return typeof found === "string" && found !== "" ? found : undefined;
};
const idOf = (event: unknown) => textOf(event, "id") ?? "";
const isEvent = (event: unknown) => ["id", "type", "timestamp"].every((name) => textOf(event, name) !== undefined);

/** The password, if the user is the public half of the same token; assumed: that is its id, and another one's is refused. */
function pairOf({ authorization = "" }: RequestHeaders, { tokens }: TokenLedger): string | undefined {
	const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization) ?? [];
	if (encoded === undefined) return undefined;
	const [user = "", ...password] = Buffer.from(encoded, "base64").toString("utf8").split(":");
	const token = password.join(":");
	return tokens.some(({ id, digest }) => id === user && digest === digestOf(token)) ? token : undefined;
}

const bearerOf = ({ authorization = "" }: RequestHeaders) => /^Bearer (\S+)$/.exec(authorization)?.[1];

function whoamiRoute(tier: Tier): ApiRoute<ActivitylogToken> {
	return route("GET /systems/me", ["token"], ({ token }) =>
		jsonAnswer(200, {
			id: SYSTEM,
			name: "sandbox",
			tier: tier.name,
			tokenId: token?.id,
			retentionDays: token?.details.retentionDays,
		}),
	);
}

function loginRoutes(
	{ isAdminKey }: SandboxServices<ActivitylogToken>,
	sessions: ReturnType<typeof newSessions>,
): ApiRoute<ActivitylogToken>[] {
	return [
		route("POST /auth/login", [], (call) => {
			if (!isAdminKey(textField(call.body(), "password", 1000))) throw new Refused(401, "wrong email or password");
			return jsonAnswer(200, sessions.open(call.now));
		}),
		route("POST /auth/refresh", [], (call) => {
			if (!sessions.isRefresh(textField(call.body(), "refreshToken", 1000)))
				throw new Refused(401, "not a refresh token");
			return jsonAnswer(200, sessions.open(call.now));
		}),
	];
}

/** The portal's actions. */
function tokenRoutes(
	{ ledger, newToken }: SandboxServices<ActivitylogToken>,
	mint: (token: string, wanted: TokenRequest, now: number) => TokenRecord<ActivitylogToken>,
): ApiRoute<ActivitylogToken>[] {
	const ownSystem = ({ path }: ApiCall) => {
		if (path["system"] !== SYSTEM) throw new Refused(404, "no such system");
	};
	return [
		route("GET /systems/:system/tokens", ["admin"], (call) => {
			ownSystem(call);
			return jsonAnswer(200, { items: ledger.tokens.map((token) => shape(token, call.now)) });
		}),
		route("POST /systems/:system/tokens", ["admin"], (call) => {
			ownSystem(call);
			const token = newToken();
			const { id, ...rest } = shape(mint(token, call.body(), call.now), call.now);
			return jsonAnswer(201, { id, token, ...rest });
		}),
		route("DELETE /systems/:system/tokens/:id", ["admin"], (call) => {
			ownSystem(call);
			const found = ledger.find(call.path["id"] ?? "");
			if (!found) throw new Refused(404, "no such token");
			ledger.revoke(found, call.now);
			return { status: 204, contentType: "application/json", body: "" };
		}),
	];
}

function shape(token: TokenRecord<ActivitylogToken>, now: number) {
	const { id, createdAt, details } = token;
	return { id, retentionDays: details.retentionDays, status: stateOf(token, now), createdAt: isoTime(createdAt) };
}

function retentions(): Record<string, number> {
	return Object.fromEntries(RETENTIONS.map((days) => [String(days), days]));
}

function retentionProblem(tier: Tier, days: unknown): string | undefined {
	const allowed = RETENTIONS.filter((each) => (each === -1 ? NONE : each) <= tier.retention);
	return allowed.some((each) => each === days)
		? undefined
		: `retentionDays on this tier is one of ${allowed.join(", ")}`;
}

/** Sessions of the portal's user, one hour each, stored as digests. */
function newSessions(newToken: () => string) {
	const ends = new Map<string, number>();
	const refreshes = new Set<string>();
	const keep = (kept: { size: number; keys(): Iterator<string>; delete(key: string): boolean }) => {
		const oldest = kept.keys().next();
		if (kept.size > MAX_SESSIONS && !oldest.done) kept.delete(oldest.value);
	};
	return {
		open(now: number) {
			const [accessToken, refreshToken] = [newToken(), newToken()];
			ends.set(digestOf(accessToken), now + SESSION_MS);
			refreshes.add(digestOf(refreshToken));
			keep(ends);
			keep(refreshes);
			return { accessToken, refreshToken, expiresAt: isoTime(now + SESSION_MS) };
		},
		isOpen: (credential: string, now: number) => now < (ends.get(digestOf(credential)) ?? 0),
		isRefresh: (credential: string) => refreshes.has(digestOf(credential)),
	};
}

/**
 * A bucket of `burst` records that fills with `rate` a second. A request larger than what is left is still taken while anything is left, so
 * that no request is too large for ever; the ones after it wait for that.
 */
function rateLimit(rate: number, burst: number): (records: number, now: number) => Admission {
	if (!Number.isFinite(rate) || !Number.isFinite(burst)) return () => ({ headers: {} });
	const bucket = { left: burst, at: 0 };
	return (records, now) => {
		const seconds = Math.max(0, now - bucket.at) / 1000;
		bucket.left = Math.min(burst, bucket.left + seconds * rate);
		bucket.at = now;
		const refused = bucket.left < 1;
		if (!refused) bucket.left -= records;
		const headers = {
			"x-ratelimit-limit": String(burst),
			"x-ratelimit-remaining": String(Math.max(0, Math.floor(bucket.left))),
		};
		if (!refused) return { headers };
		const wait = rate === 0 ? 3600 : Math.ceil((1 - bucket.left) / rate);
		return { refused, headers: { ...headers, "retry-after": String(wait) } };
	};
}
