/**
 * Tooken: manages API tokens and takes no OTLP. `POST /v1/tokens/:id/rotate` gives a token a new secret; the old one ends at once. Id,
 * name and scopes stay.
 *
 * Sources: https://docs.tooken.ai/guides/rotate-tokens, https://docs.tooken.ai/concepts/expiration,
 * https://docs.tooken.ai/api-reference/introduction.
 */
import type { TokenIssuer } from "../provider.ts";

export const provider: TokenIssuer = {
	id: "tooken",
	title: "Tooken",
	order: 40,
	overlap: "none: the old secret ends as soon as the new one is issued",
	overlapMs: 0,
	rotation: "POST /v1/tokens/:id/rotate with an API key that has the scope tokens:rotate.",
	sources: [
		"https://docs.tooken.ai/guides/rotate-tokens",
		"https://docs.tooken.ai/concepts/expiration",
		"https://docs.tooken.ai/api-reference/introduction",
	],
};
