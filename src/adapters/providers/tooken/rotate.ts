/**
 * How a token of Tooken is rotated, by its API with a management key. `rotate` gives the token a new secret and ends the old one at once, so
 * nothing overlaps; a lost answer does no more harm than the first call did, and the call is made again. `mint-revoke` makes another token
 * with the same scopes and expiry under a new name, and revokes the first when nothing uses it: both are accepted until then. Names are
 * unique in a workspace, so a token that a lost call made is found by its name, revoked, and made again.
 *
 * Sources: https://docs.tooken.ai/guides/rotate-tokens, https://docs.tooken.ai/api-reference/tokens/create,
 * https://docs.tooken.ai/api-reference/tokens/list, https://docs.tooken.ai/api-reference/introduction.
 */
import { jsonField } from "../../../base/json.ts";
import { answerText, type ProviderCall, type ProviderRotation, type RotationAbout, timeIn } from "../rotation.ts";
import { provider } from "./index.ts";

/** Its name of at most 100 characters; each attempt has its own, because names are unique. */
function nameOf({ prepared, operation, attempt }: RotationAbout): string {
	const base = String(prepared?.["name"] ?? "token").replace(/-cf-[0-9a-f]{8}-\d+$/, "");
	return `${base.slice(0, 80)}-cf-${operation.replaceAll("-", "").slice(-8)}-${attempt}`;
}

/** The longest page of a list. */
const PAGE = 100;

const idOf = (id: string | undefined) => encodeURIComponent(id ?? "");

function read({ tokenId }: RotationAbout): ProviderCall {
	return { method: "GET", path: `v1/tokens/${idOf(tokenId)}`, by: "admin" };
}

/** Whether an id is of a token that is expired or revoked, and so is not of the one in use. https://docs.tooken.ai/concepts/tokens */
function isOver(body: string): boolean {
	const status = answerText(body, "status");
	return status !== undefined && status !== "active";
}

export const rotation: ProviderRotation = {
	id: provider.id,
	api: "https://api.tooken.io",
	settings: [
		{
			name: "admin",
			form: "reference",
			description:
				"The management API key, with the scopes tokens:read and tokens:rotate, or tokens:write and tokens:revoke.",
			example: "file:admin.key",
			neededBy: ["mint-revoke", "rotate"],
		},
		{
			name: "token-id",
			form: "text",
			description: "The id of the token in use; after the first rotation the journal knows it.",
			example: "tok_123",
			neededBy: ["mint-revoke", "rotate"],
		},
	],
	strategies: [
		{
			id: "mint-revoke",
			title:
				"a second token with the same scopes and expiry is made by API; the old one is revoked when nothing uses it",
			by: "api",
			ends: "revoke",
			noReturn: "the revocation of the old token, which cannot be undone",
			lost: "it is found by its name, revoked, and another is made",
			again: "orphan",
			prepare: read,
			prepared(body) {
				const [name, scopes, expires] = [
					answerText(body, "name"),
					jsonField(body, "scopes"),
					jsonField(body, "expires_at"),
				];
				if (name === undefined || !Array.isArray(scopes) || isOver(body)) return undefined;
				return { name, scopes, ...(typeof expires === "string" ? { expires_at: expires } : {}) };
			},
			issue(about) {
				const { scopes, expires_at } = about.prepared ?? {};
				const json = { name: nameOf(about), scopes, ...(expires_at === undefined ? {} : { expires_at }) };
				return { method: "POST", path: "v1/tokens", by: "admin", json };
			},
			issued(body) {
				const [token, id] = [answerText(body, "token"), answerText(body, "id")];
				return token === undefined || id === undefined ? undefined : { token, id, at: timeIn(body, "created_at") };
			},
			orphan: (about) => ({
				method: "GET",
				path: `v1/tokens?per_page=${PAGE}&name=${encodeURIComponent(nameOf(about))}`,
				by: "admin",
			}),
			orphaned(body, about) {
				const data = jsonField(body, "data");
				if (!Array.isArray(data)) return undefined;
				const found = data.find((each: unknown) => jsonField(JSON.stringify(each), "name") === nameOf(about));
				// On a full page it may be on the next one.
				if (found === undefined) return data.length < PAGE ? "none" : undefined;
				// A revoked one is no longer in the way.
				const [id, status] = ["id", "status"].map((name) => answerText(JSON.stringify(found), name));
				return status === "active" ? id : "none";
			},
			revoke: (_, id) => ({ method: "DELETE", path: `v1/tokens/${idOf(id)}`, by: "admin" }),
		},
		{
			id: "rotate",
			title:
				"the token gets a new secret by API; the old one ends at once, and who has it is refused until the new one arrives",
			by: "api",
			ends: "at-once",
			overlapMs: () => 0,
			noReturn: "the call itself",
			lost: "the call is made again; the old secret is dead in any case",
			again: "yes",
			prepare: read,
			prepared: (body) => (answerText(body, "id") === undefined || isOver(body) ? undefined : {}),
			issue: ({ tokenId }) => ({ method: "POST", path: `v1/tokens/${idOf(tokenId)}/rotate`, by: "admin" }),
			issued(body) {
				const token = answerText(body, "token");
				return token === undefined ? undefined : { token, id: answerText(body, "id"), at: timeIn(body, "rotated_at") };
			},
		},
	],
	// A token without the scope for it, or without this id in sight, is accepted all the same.
	whoami: ({ tokenId }) => ({ ...readAs(tokenId), by: "token", accepted: [403, 404] }),
	sources: provider.sources,
};

function readAs(tokenId: string | undefined): Pick<ProviderCall, "method" | "path"> {
	return { method: "GET", path: `v1/tokens/${idOf(tokenId)}` };
}
