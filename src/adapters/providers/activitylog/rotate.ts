/**
 * How a token of ActivityLog is rotated: a person mints a second one for the same system and, when nothing sends with the first, revokes that.
 * The value is shown once. A replacement with another retention changes the policy without a word, and one of another system puts telemetry
 * in the wrong place: both are compared by `GET /systems/me` as far as that tells them.
 *
 * Sources: https://www.activitylog.com/docs/20-setup-system-tokens, https://www.activitylog.com/docs/51-ingest-otlp.
 */
import type { ProviderRotation } from "../rotation.ts";
import { provider } from "./index.ts";

export const rotation: ProviderRotation = {
	id: provider.id,
	settings: [
		{
			name: "retention",
			form: "text",
			description: "The retention of the token in days, for the person who mints the next one.",
			example: "7",
		},
	],
	strategies: [
		{
			id: "mint-revoke",
			title:
				"a person mints a second token and, when nothing sends with the old one, revokes that; both are accepted until then",
			by: "person",
			ends: "revoke",
			noReturn: "the revocation of the old token, which cannot be undone",
			lost: "revoke the token whose value was lost, by its row (never the old one's), and mint another",
			again: "no",
			ask: ({ settings }) => [
				"In ActivityLog, open the system's tokens. The free tier holds two: if there are two, revoke the one that nothing uses first.",
				`Mint a token with the retention of the old one${settings["retention"] === undefined ? "" : `: ${settings["retention"]} days`}, in the same system and environment.`,
				"Copy the value, which is shown once.",
			],
			askRevoke: (_, which) => [
				`In ActivityLog, open the system's tokens and revoke the ${which} one. Compare the row twice: this cannot be undone.`,
			],
		},
	],
	whoami: () => ({ method: "GET", path: "../systems/me", by: "token", same: ["id", "retentionDays"] }),
	sources: provider.sources,
};
