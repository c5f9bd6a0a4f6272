/**
 * Glean: its indexing API takes no OTLP. A token rotates itself with `POST /api/index/v1/rotatetoken`; the old secret is accepted for ten
 * minutes more, and a token that is not rotated within its period ends.
 *
 * Sources: https://developers.glean.com/docs/indexing_api_token_rotation, https://developers.glean.com/docs/indexing_api_tokens,
 * https://developers.glean.com/api-reference/indexing/authentication/rotate-token.
 */
import type { TokenIssuer } from "../provider.ts";

export const provider: TokenIssuer = {
	id: "glean",
	title: "Glean",
	order: 30,
	overlap: "10 minutes from the rotation",
	overlapMs: 10 * 60_000,
	rotation: "POST /api/index/v1/rotatetoken with the current token; only the response contains the new secret.",
	sources: [
		"https://developers.glean.com/docs/indexing_api_token_rotation",
		"https://developers.glean.com/api-reference/indexing/authentication/rotate-token",
		"https://developers.glean.com/docs/indexing_api_tokens",
	],
};
