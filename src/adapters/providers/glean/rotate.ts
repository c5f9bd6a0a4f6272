/**
 * How a token of Glean's indexing API is rotated: it rotates itself, with one request and no body. The old secret is accepted for ten minutes
 * more. The answer alone has the new one: without it, nothing gives it again. A request without an answer is therefore never repeated; after
 * the ten minutes the old secret shows what became of it: still accepted, nothing was rotated; refused, the new one is lost and a person
 * creates another token in the admin console.
 *
 * Sources: https://developers.glean.com/docs/indexing_api_token_rotation,
 * https://developers.glean.com/api-reference/indexing/authentication/rotate-token, https://developers.glean.com/docs/indexing_api_tokens.
 */
import { MINUTE_MS } from "../../../base/duration.ts";
import { answerText, numberIn, type ProviderRotation } from "../rotation.ts";
import { provider } from "./index.ts";

export const rotation: ProviderRotation = {
	id: provider.id,
	apiLike: "https://INSTANCE-be.glean.com",
	settings: [
		{
			name: "datasource",
			form: "text",
			description: "A data source of yours, whose configuration is read to see whether a token is accepted.",
			example: "wiki",
			neededBy: ["rotate"],
		},
		{
			name: "expires",
			form: "time",
			description: "When the token ends whatever happens: its expiry in the admin console.",
			example: "2027-01-31T12:00:00Z",
		},
	],
	strategies: [
		{
			id: "rotate",
			title: "the token rotates itself by API; the old secret is accepted for 10 minutes more",
			by: "api",
			ends: "clock",
			overlapMs: () => provider.overlapMs,
			noReturn: "10 minutes after the call, when the old secret ends",
			lost: "nothing gives it again: create a token in the admin console, and give that one",
			again: "if-old-lives",
			ask: () => [
				"In Glean's admin console, create a new indexing token with the scopes of the old one and rotation as before.",
				"Copy its secret, which is shown once.",
			],
			issue: () => ({ method: "POST", path: "api/index/v1/rotatetoken", by: "token" }),
			issued(body) {
				const [token, createdAt, period] = [
					answerText(body, "rawSecret"),
					numberIn(body, "createdAt"),
					numberIn(body, "rotationPeriodMinutes"),
				];
				if (token === undefined) return undefined;
				// Unix seconds.
				const at = createdAt === undefined ? undefined : createdAt * 1000;
				const due = at === undefined || period === undefined ? {} : { dueAt: at + (period * MINUTE_MS) / 2 };
				return { token, at, facts: { ...due, ...(period === undefined ? {} : { rotationPeriodMinutes: period }) } };
			},
		},
	],
	whoami: ({ settings: { datasource } }) =>
		datasource === undefined
			? undefined
			: { method: "POST", path: "api/index/v1/getdatasourceconfig", by: "token", json: { datasource } },
	refuses: ({ slowestMs }) =>
		slowestMs >= 10 * MINUTE_MS
			? "the old secret ends 10 minutes after the call, and a place may need as long or longer to take the new one"
			: undefined,
	sources: provider.sources,
};
