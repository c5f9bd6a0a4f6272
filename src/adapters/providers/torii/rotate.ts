/**
 * How a token of Torii is rotated: by a person in the portal, with 24 hours in which both are accepted. The card's Copy gives the whole new
 * value again. The old token cannot be ended sooner; its support may accept it for longer. What a second rotation within the 24 hours does
 * to the first old token is not documented, so it is never asked for.
 *
 * Sources: https://support.toriihq.com/hc/en-us/articles/50614780109211, https://support.toriihq.com/hc/en-us/articles/50614749248923.
 */
import type { ProviderRotation } from "../rotation.ts";
import { provider } from "./index.ts";

export const rotation: ProviderRotation = {
	id: provider.id,
	settings: [],
	strategies: [
		{
			id: "portal",
			title: "a person rotates in the portal; both tokens are accepted for 24 hours, then the old one ends by itself",
			by: "person",
			ends: "clock",
			overlapMs: () => provider.overlapMs,
			noReturn: "24 hours after the rotation, when the old token ends",
			lost: "copy it again: AI, Telemetry, Credentials, Copy; never rotate a second time within 24 hours",
			again: "no",
			ask: ({ isLeaked }) => [
				"In Torii, open AI, Telemetry, Credentials.",
				"Choose Rotate and confirm. Once only: never a second time within 24 hours.",
				"Choose Copy, which copies the whole new token.",
				...(isLeaked
					? ["The leaked token stays accepted for 24 hours: write to Torii's support and ask to end it now."]
					: []),
			],
		},
	],
	sources: provider.sources,
};
