/**
 * How Glean's indexing API behaves, for `crossfade sandbox`: a token rotates itself and has to within its period, documents are indexed
 * with it, and there is no OTLP. What its pages leave open is marked as assumed below.
 *
 * Sources: https://developers.glean.com/docs/indexing_api_token_rotation,
 * https://developers.glean.com/api-reference/indexing/authentication/rotate-token,
 * https://developers.glean.com/docs/indexing_api_tokens.
 */
import { MINUTE_MS } from "../../../base/duration.ts";
import { timeSetting } from "../../../base/settings.ts";
import {
	type ApiRoute,
	jsonAnswer,
	Refused,
	type SandboxServices,
	sandboxProvider,
	stateOf,
	type TokenRecord,
	type TokenRequest,
	textField,
} from "../sandbox.ts";
import { provider } from "./index.ts";

interface GleanToken {
	/** The expiry set at creation; a rotation does not change it. */
	readonly expiresAt: number;
}

/**
 * A token rotates itself with `POST /rotatetoken`; the old secret lives for ten more minutes. It dies when it is not rotated within its
 * period, and at its expiry in any case, which no answer tells. Assumed: an old secret cannot rotate again (400), which is the worse
 * case for a client that lost the response; the responses to other requests are empty objects.
 */
export const sandbox = sandboxProvider({
	id: provider.id,
	title: provider.title,
	about: "POST /api/index/v1/rotatetoken; the old secret lives for 10 minutes; no OTLP",
	prefix: "glean_",
	settings: {
		overlap: timeSetting("10m", "how long the old secret is accepted"),
		period: timeSetting("30d", "a token not rotated within this time expires", "24h"),
		expires: timeSetting("365d", "when the token expires, rotated or not"),
	},
	start({ overlap, period, expires }, { ledger, newToken }: SandboxServices<GleanToken>) {
		const issue = (token: string, now: number, expiresAt: number) => ({
			token,
			now,
			details: { expiresAt },
			endsAt: Math.min(now + period, expiresAt),
		});
		const rotate = (old: TokenRecord<GleanToken>, token: string, _: TokenRequest, now: number) => {
			if (stateOf(old, now) !== "active") throw new Refused(401, "Not Authorized");
			if (ledger.find(old.id) !== old) throw new Refused(400, "Bad Request: this secret was rotated already");
			return ledger.rotate([old], { ...issue(token, now, old.details.expiresAt), id: old.id }, overlap);
		};
		const documents = (name: string, count: (body: TokenRequest) => number): ApiRoute<GleanToken> => ({
			method: "POST",
			path: `/api/index/v1/${name}`,
			by: ["token"],
			records(call) {
				textField(call.body(), "datasource");
				return count(call.body());
			},
			answer: () => jsonAnswer(200, {}),
		});
		const rotateToken: ApiRoute<GleanToken> = {
			method: "POST",
			path: "/api/index/v1/rotatetoken",
			by: ["token"],
			answer({ token: old, now }) {
				if (!old) throw new Refused(401, "Not Authorized");
				const rawSecret = newToken();
				const { createdAt } = rotate(old, rawSecret, {}, now);
				const seconds = Math.floor(createdAt / 1000);
				return jsonAnswer(200, { rawSecret, createdAt: seconds, rotationPeriodMinutes: period / MINUTE_MS });
			},
		};
		return {
			overlapMs: overlap,
			portal: ["mint", "revoke"],
			mint: (token, _, now) => ledger.mint(issue(token, now, now + expires)),
			rotate,
			refusal: (_, message) => ({ message }),
			routes: [
				rotateToken,
				{
					method: "POST",
					path: "/api/index/v1/getdatasourceconfig",
					by: ["token"],
					answer: (call) => jsonAnswer(200, { name: textField(call.body(), "datasource") }),
				},
				documents("indexdocument", () => 1),
				documents("indexdocuments", ({ documents }) => (Array.isArray(documents) ? documents.length : 0)),
			],
		};
	},
	sources: [
		"https://developers.glean.com/docs/indexing_api_token_rotation",
		"https://developers.glean.com/api-reference/indexing/authentication/rotate-token",
		"https://developers.glean.com/docs/indexing_api_tokens",
	],
});
