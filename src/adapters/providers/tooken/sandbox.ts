/**
 * How Tooken behaves, for `crossfade sandbox`: an API for tokens with scopes, names, expiry and a limit by the minute; a rotation ends
 * the old secret at once. There is no OTLP. What its pages leave open is marked as assumed below.
 *
 * Sources: https://docs.tooken.ai/api-reference/introduction, https://docs.tooken.ai/api-reference/errors,
 * https://docs.tooken.ai/api-reference/tokens/create, https://docs.tooken.ai/api-reference/tokens/list.
 */
import { MINUTE_MS } from "../../../base/duration.ts";
import { timeOrWordSetting, wholeNumberSetting, wordsSetting } from "../../../base/settings.ts";
import {
	type Admission,
	type ApiRoute,
	isoTime,
	jsonAnswer,
	Refused,
	type SandboxServices,
	sandboxProvider,
	stateOf,
	type TokenRecord,
	type TokenRequest,
	textField,
	textListField,
} from "../sandbox.ts";
import { provider } from "./index.ts";

interface TookenToken {
	readonly name: string;
	readonly scopes: readonly string[];
	readonly expiresAt: number;
}

/** https://docs.tooken.ai/api-reference/errors */
const errorCodes: Readonly<Record<number, string>> = {
	400: "bad_request",
	401: "unauthorized",
	403: "forbidden",
	404: "not_found",
	409: "conflict",
	422: "unprocessable_entity",
	429: "rate_limited",
};

const SCOPES = ["read", "write", "revoke", "rotate"].map((verb) => `tokens:${verb}`);
const ALL_SCOPES = [...SCOPES, "audit:read", "webhooks:read", "webhooks:write"];

/**
 * Tokens are made, rotated and revoked with an API key; a rotation ends the old secret at once, and keeps id, name and scopes. Assumed:
 * a rotation keeps the times of creation, expiry and last use too; a token that is revoked or expired cannot be rotated (422); limit
 * headers come only with a good credential.
 */
export const sandbox = sandboxProvider({
	id: provider.id,
	title: provider.title,
	about: "POST /v1/tokens/:id/rotate; the old secret ends at once; no OTLP",
	prefix: "tok_live_",
	adminKey: { prefix: "tok_live_", what: "an API key with every scope, as Bearer" },
	settings: {
		scopes: wordsSetting("tokens:read", "of tokens made in the portal"),
		expires: timeOrWordSetting("never", "never", "when tokens made in the portal expire"),
		limit: wholeNumberSetting("1000", "requests per minute", 1),
	},
	conflict: ({ scopes }) =>
		scopes.every((scope) => ALL_SCOPES.includes(scope)) ? undefined : `scopes are ${ALL_SCOPES.join(", ")}`,
	start({ scopes, expires, limit }, services: SandboxServices<TookenToken>) {
		const tokens = tokenRules(services.ledger);
		return {
			overlapMs: 0,
			portal: ["mint", "revoke"],
			mint: (token, wanted, now) => {
				const standard = { name: `token-${services.ledger.tokens.length + 1}`, scopes };
				const until = Number.isFinite(expires) ? { expires_at: new Date(now + expires).toISOString() } : {};
				return tokens.mint(token, { ...standard, ...until, ...wanted }, now);
			},
			rotate: (old, token, _, now) => tokens.rotate(old, token, now),
			admit: minuteLimit(limit),
			refusal: (status, message) => ({ error: errorCodes[status] ?? "internal_error", message, status }),
			routes: routes(services, tokens),
		};
	},
	sources: [
		"https://docs.tooken.ai/api-reference/introduction",
		"https://docs.tooken.ai/api-reference/errors",
		"https://docs.tooken.ai/api-reference/tokens/create",
		"https://docs.tooken.ai/api-reference/tokens/list",
		"https://docs.tooken.ai/api-reference/tokens/revoke",
		"https://docs.tooken.ai/concepts/expiration",
		"https://docs.tooken.ai/guides/rotate-tokens",
	],
});

type TookenRecord = TokenRecord<TookenToken>;
type TokenRules = ReturnType<typeof tokenRules>;

/** What the provider does with its tokens; every method but the first two throws `Refused`. */
function tokenRules(ledger: SandboxServices<TookenToken>["ledger"]) {
	/** Without secrets replaced by a rotation. */
	const current = () => ledger.tokens.filter((token) => ledger.find(token.id) === token);
	return {
		current,
		/** A token as in every response but the first. https://docs.tooken.ai/concepts/tokens */
		shape(token: TookenRecord, now: number) {
			const secrets = ledger.tokens.filter(({ id }) => id === token.id);
			const lastUsedAt = Math.max(...secrets.map((each) => each.lastUsedAt ?? 0));
			const { name, scopes, expiresAt } = token.details;
			return {
				id: token.id,
				name,
				scopes,
				status: stateOf(token, now),
				created_at: isoTime(Math.min(...secrets.map((each) => each.createdAt))),
				expires_at: Number.isFinite(expiresAt) ? isoTime(expiresAt) : null,
				last_used_at: lastUsedAt === 0 ? null : isoTime(lastUsedAt),
				created_by: "sandbox@example.com",
			};
		},
		byId(id = ""): TookenRecord {
			const found = current().find((token) => token.id === id);
			if (!found) throw new Refused(404, "Token not found");
			return found;
		},
		mint(token: string, wanted: TokenRequest, now: number): TookenRecord {
			const name = textField(wanted, "name");
			const scopes = textListField(wanted, "scopes") ?? [];
			if (scopes.length === 0) throw new Refused(400, "scopes must hold at least one");
			if (!scopes.every((scope) => ALL_SCOPES.includes(scope)))
				throw new Refused(422, `scopes are ${ALL_SCOPES.join(", ")}`);
			const taken = current().some(({ details }) => details.name === name);
			if (taken) throw new Refused(409, "A token with the same name already exists in your workspace");
			const expiresAt = expiry(wanted["expires_at"], now);
			return ledger.mint({ token, now, details: { name, scopes, expiresAt }, endsAt: expiresAt });
		},
		rotate(old: TookenRecord, token: string, now: number): TookenRecord {
			if (stateOf(old, now) !== "active")
				throw new Refused(422, `a token that is ${stateOf(old, now)} cannot be rotated`);
			const { id, details } = old;
			return ledger.rotate([old], { token, now, id, details, endsAt: details.expiresAt }, 0);
		},
	};
}

/** A number of requests per clock minute. */
function minuteLimit(limit: number): (records: number, now: number) => Admission {
	const window = { minute: 0, used: 0 };
	return (_, now) => {
		const minute = Math.floor(now / MINUTE_MS);
		if (minute !== window.minute) Object.assign(window, { minute, used: 0 });
		const refused = window.used >= limit;
		if (!refused) window.used++;
		return {
			refused,
			headers: {
				"x-ratelimit-limit": String(limit),
				"x-ratelimit-remaining": String(limit - window.used),
				"x-ratelimit-reset": String((minute + 1) * 60),
			},
		};
	};
}

/** https://docs.tooken.ai/api-reference/introduction */
function routes(
	{ ledger, newToken }: SandboxServices<TookenToken>,
	{ current, shape, byId, mint, rotate }: TokenRules,
): ApiRoute<TookenToken>[] {
	return [
		route("POST /v1/tokens", "tokens:write", (call) => {
			const token = newToken();
			const { id, ...rest } = shape(mint(token, call.body(), call.now), call.now);
			return jsonAnswer(201, { id, token, ...rest });
		}),
		route("GET /v1/tokens", "tokens:read", ({ query, now }) => {
			const page = range(query, "page", 1, 1_000_000, 1);
			const size = range(query, "per_page", 1, 100, 25);
			const name = query.get("name")?.toLowerCase() ?? "";
			const status = query.get("status");
			const all = current()
				.map((token) => shape(token, now))
				.filter((each) => each.name.toLowerCase().includes(name) && (status === null || each.status === status));
			const data = all.slice((page - 1) * size, page * size);
			return jsonAnswer(200, { data, meta: { page, per_page: size, total: all.length } });
		}),
		route("GET /v1/tokens/:id", "tokens:read", ({ path, now }) => jsonAnswer(200, shape(byId(path["id"]), now))),
		route("DELETE /v1/tokens/:id", "tokens:revoke", ({ path, now }) => {
			ledger.revoke(byId(path["id"]), now);
			return { status: 204, contentType: "application/json", body: "" };
		}),
		route("POST /v1/tokens/:id/rotate", "tokens:rotate", ({ path, now }) => {
			const token = newToken();
			const { id, details } = rotate(byId(path["id"]), token, now);
			return jsonAnswer(200, { id, token, scopes: details.scopes, rotated_at: isoTime(now) });
		}),
	];
}

/** A route that requires a scope if called with a token instead of the API key. */
function route(
	line: `${ApiRoute["method"]} ${string}`,
	scope: string,
	answer: ApiRoute<TookenToken>["answer"],
): ApiRoute<TookenToken> {
	const [method, path = ""] = line.split(" ") as [ApiRoute["method"], string];
	return {
		method,
		path,
		by: ["token", "admin"],
		answer(call) {
			if (call.token && !call.token.details.scopes.includes(scope))
				throw new Refused(403, `this needs the scope ${scope}`);
			return answer(call);
		},
	};
}

function expiry(wanted: unknown, now: number): number {
	if (wanted === undefined || wanted === null) return Number.POSITIVE_INFINITY;
	const at = typeof wanted === "string" ? Date.parse(wanted) : Number.NaN;
	if (Number.isNaN(at) || at <= now) throw new Refused(422, "expires_at must be a future ISO 8601 time");
	return at;
}

function range(query: URLSearchParams, name: string, least: number, most: number, standard: number): number {
	const value = Number(query.get(name) ?? standard);
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw new Refused(400, `${name} must be a number from ${least} to ${most}`);
}
