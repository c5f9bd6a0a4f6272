/**
 * How a token of any other OTLP backend is rotated: by a person, who gets a second token and ends the old one, or who says how long the old
 * one is accepted (`overlap` of the rotation) when it ends by itself.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import type { ProviderRotation } from "../rotation.ts";
import { provider } from "./index.ts";

const GET = ["Get a second token from your backend, with the rights of the old one.", "Copy it."];

export const rotation: ProviderRotation = {
	id: provider.id,
	settings: [],
	strategies: [
		{
			id: "mint-revoke",
			title: "a person gets a second token and, when nothing sends with the old one, ends that",
			by: "person",
			ends: "revoke",
			noReturn: "the end of the old token",
			lost: "end the token whose value was lost, and get another",
			again: "no",
			ask: () => GET,
			askRevoke: (_, which) => [`End the ${which} token at your backend. Look twice which one it is.`],
		},
		{
			id: "clock",
			title: "a person rotates; the old token ends by itself after the overlap of the rotation",
			by: "person",
			ends: "clock",
			noReturn: "the end of the overlap",
			lost: "look whether your backend shows it again; if not, rotate once more",
			again: "no",
			asksEnd: true,
			ask: () => ["Rotate the token at your backend.", "Copy the new one, and note when the old one ends."],
		},
	],
	sources: provider.sources,
};
