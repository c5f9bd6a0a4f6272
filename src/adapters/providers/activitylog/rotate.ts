/**
 * How a token of ActivityLog is rotated: a person mints a second one for the same system and, when nothing sends with the first, revokes that.
 * The value is shown once. A replacement with another retention changes the policy without a word, and one of another system puts telemetry
 * in the wrong place: both are compared by `GET /systems/me` as far as that tells them. The new one is also tried on its native API and on the
 * one for Langfuse's SDKs, which signs in with a pair, where a store has one: a public half from another row shows there, and nowhere else.
 *
 * Sources: https://www.activitylog.com/docs/20-setup-system-tokens, https://www.activitylog.com/docs/50-ingest-native,
 * https://www.activitylog.com/docs/51-ingest-otlp, https://www.activitylog.com/docs/52-ingest-langfuse. Unverified: that an event of the type
 * `trace-create` with these fields is taken; `ingest: none` leaves both out.
 */
import { jsonField } from "../../../base/json.ts";
import type { ProviderCall, ProviderRotation, RotationAbout } from "../rotation.ts";
import { provider } from "./index.ts";

const NAME = "crossfade-probe";

/** A message of its native API. */
function native({ operation }: RotationAbout): ProviderCall {
	return {
		method: "POST",
		path: "../messages",
		by: "token",
		json: { stream: NAME, type: "crossfade.probe", body: operation },
	};
}

/**
 * An event as the SDKs of Langfuse send it, to the site's root. The public half and the token are user and password, where both are known; the
 * answer is 207 and lists what was taken. https://www.activitylog.com/docs/52-ingest-langfuse
 */
function langfuse({ operation, attempt, publicId }: RotationAbout): ProviderCall {
	const id = `${operation}-${attempt}`;
	// The first 48 bits of the operation's id are the time in milliseconds.
	const timestamp = new Date(Number.parseInt(operation.replace("-", "").slice(0, 12), 16) || 0).toISOString();
	const event = { id, type: "trace-create", timestamp, body: { id, timestamp, name: NAME } };
	return {
		method: "POST",
		path: "../../public/ingestion",
		by: "token",
		...(publicId === undefined ? {} : { user: publicId }),
		json: { batch: [event] },
		took(body) {
			const [taken, failed] = [jsonField(body, "successes"), jsonField(body, "errors")];
			return Array.isArray(taken) && taken.length === 1 && Array.isArray(failed) && failed.length === 0;
		},
	};
}

export const rotation: ProviderRotation = {
	id: provider.id,
	otherKinds: [
		{
			// https://www.activitylog.com/docs/53-ingest-webhooks
			starts: "alw_",
			is: "the token of a webhook, which stands in that webhook's address and nowhere else",
			fix: "name a token that starts with al_, or rotate the webhook's by hand",
		},
	],
	settings: [
		{
			name: "retention",
			form: "text",
			description: "The retention of the token in days, for the person who mints the next one.",
			example: "7",
		},
		{
			name: "ingest",
			form: "text",
			description:
				"Where besides OTLP the new token is tried, with one test record each: native, langfuse, both or none; default: native, and langfuse where a store has a pair.",
			example: "none",
		},
	],
	conflict: ({ ingest = "both" }) =>
		["native", "langfuse", "both", "none"].includes(ingest) ? undefined : "ingest is native, langfuse, both or none",
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
	withoutIngests: "ingest: none",
	ingests(about) {
		// Langfuse's SDKs sign in with a pair: half of one says nothing about that way in.
		const { ingest = about.publicId === undefined ? "native" : "both" } = about.settings;
		return [native(about), langfuse(about)].filter(
			(_, index) => ingest === "both" || ingest === ["native", "langfuse"][index],
		);
	},
	whoami: () => ({ method: "GET", path: "../systems/me", by: "token", same: ["id", "retentionDays"] }),
	sources: provider.sources,
};
