/**
 * How a token of any other OTLP backend is rotated: by a person, who gets a second token and ends the old one, or who says how long the old
 * one is accepted (`overlap` of the rotation) when it ends by itself; or by an HTTP API that the fleet file declares: which request issues a
 * token, where in its answer token, id and times stand, and which request ends a token. What such an API does with a request that is made
 * twice is not known, so a lost answer is for a person.
 *
 * Sources: https://opentelemetry.io/docs/specs/otel/protocol/exporter/, https://www.rfc-editor.org/rfc/rfc6901
 */
import { ownEntry } from "../../../base/lookup.ts";
import { declaredText, declaredTime, isRequest, requestOf } from "../declared-api.ts";
import type { ProviderRotation, RotationAbout, RotationStrategy } from "../rotation.ts";
import { provider } from "./index.ts";

const GET = ["Get a second token from your backend, with the rights of the old one.", "Copy it."];
const BOTH = ["api-revoke", "api-clock"];

const byApi = {
	by: "api",
	lost: "look at your backend which token was made last; end it, and get another by hand",
	again: "no",
	issue: (about: RotationAbout) => requestOf(about, "issue", about.settings["issue-json"]),
	issued(body: string, { settings }: RotationAbout) {
		const token = declaredText(body, settings["token-at"]);
		if (token === undefined) return undefined;
		return {
			token,
			id: declaredText(body, settings["id-at"]),
			publicId: declaredText(body, settings["public-id-at"]),
			oldEnds: declaredTime(body, settings["old-ends-at"]),
			facts: { expires: declaredTime(body, settings["expires-at"]) ?? "not told" },
		};
	},
} satisfies Partial<RotationStrategy>;

export const rotation: ProviderRotation = {
	id: provider.id,
	settings: [
		{ name: "admin", form: "reference", description: "The credential for the token API.", neededBy: BOTH },
		{ name: "admin-header", form: "text", description: "Its header; default: Authorization." },
		{ name: "admin-scheme", form: "text", description: "The word before it, or none; default: Bearer." },
		{
			name: "issue",
			form: "text",
			description: "The request that issues a token: POST https://api.example.com/v1/tokens.",
			neededBy: BOTH,
		},
		{
			name: "issue-json",
			form: "text",
			description: "Its JSON body; {operation}, {attempt} and {token-id} in its texts are filled in.",
		},
		{
			name: "token-at",
			form: "text",
			description: "JSON pointer to the token in the answer: /data/token.",
			neededBy: BOTH,
		},
		{ name: "id-at", form: "text", description: "JSON pointer to the token's id.", neededBy: ["api-revoke"] },
		{ name: "public-id-at", form: "text", description: "JSON pointer to the public id, of a backend with pairs." },
		{ name: "expires-at", form: "text", description: "JSON pointer to when the new token expires." },
		{ name: "old-ends-at", form: "text", description: "JSON pointer to when the old token ends." },
		{
			name: "token-id",
			form: "text",
			description: "The id of the token in use, for the first rotation.",
			neededBy: ["api-revoke"],
		},
		{
			name: "end",
			form: "text",
			description: "The request that ends a token: DELETE https://api.example.com/v1/tokens/{token-id}.",
			neededBy: ["api-revoke"],
		},
		{ name: "headers", form: "headers", description: "Further headers of these requests, each by reference." },
	],
	conflict(settings) {
		for (const name of ["issue", "end"]) {
			const text = ownEntry(settings, name);
			if (text !== undefined && !isRequest(text))
				return `${name} is a method and an https URL, such as POST https://api.example.com/v1/tokens`;
		}
		const pointers = Object.entries(settings).filter(([name]) => name.endsWith("-at"));
		const wrong = pointers.find(([, text]) => !text.startsWith("/"));
		if (wrong) return `${wrong[0]} is a JSON pointer, such as /data/token`;
		if (!/^[A-Za-z0-9-]{1,100}$/.test(settings["admin-header"] ?? "Authorization"))
			return "admin-header is the name of a header";
		try {
			JSON.parse(settings["issue-json"] ?? "{}");
			return undefined;
		} catch {
			return "issue-json is no JSON";
		}
	},
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
		{
			...byApi,
			id: "api-revoke",
			title: "a second token is issued by the declared API; the old one is ended by it when nothing uses it",
			ends: "revoke",
			noReturn: "the end of the old token",
			revoke: (about, id) => requestOf({ ...about, tokenId: id }, "end", undefined),
		},
		{
			...byApi,
			id: "api-clock",
			title: "the declared API issues a token; the old one ends by itself after the overlap of the rotation",
			ends: "clock",
			noReturn: "the end of the overlap",
			asksEnd: true,
		},
	],
	sources: provider.sources,
};
