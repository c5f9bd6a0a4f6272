/**
 * A custom variable of Fleet (fleetdm.com), which the server puts into scripts and profiles as `$FLEET_SECRET_…`. Writing is idempotent and
 * touches only the variable that is named; it cannot be read, and nothing compares before a write. The server has to have a private key. A
 * check sends the same request as a dry run, for a variable that no script has.
 *
 * Sources: https://fleetdm.com/guides/secrets-in-scripts-and-configuration-profiles,
 * https://github.com/fleetdm/fleet/blob/main/server/service/secret_variables.go, https://fleetdm.com/docs/rest-api/rest-api#custom-variables.
 */
import { jsonOf, notWritten, objectAt, textIn, troubleOf } from "../http.ts";
import {
	messageOf,
	type Store,
	type StoreCheck,
	type StoreHolds,
	type StoreKind,
	type StoreReach,
	type StoreRequest,
	type StoreSettings,
	type StoreTrouble,
	type StoreWrite,
	type StoreWritten,
	settingOf,
} from "../store.ts";

const PREFIX = "FLEET_SECRET_";
/** A variable of no script: a release that knows no dry runs would store it. */
const CHECKED = `${PREFIX}CROSSFADE_CHECK`;

export const store: StoreKind = {
	id: "fleet-variable",
	title: "Fleet custom variable",
	order: 80,
	settings: [
		{ name: "url", form: "url", required: true, description: "The Fleet server." },
		{
			name: "name",
			form: "text",
			standard: `${PREFIX}CROSSFADE_TOKEN`,
			description: "The variable, as scripts name it.",
		},
		{
			name: "token",
			form: "reference",
			required: true,
			description: "An API token of a user with the role GitOps, maintainer or admin.",
		},
	],
	proof: "permission",
	readsBack: false,
	conflict: ({ name }) =>
		typeof name === "string" && !/^FLEET_SECRET_[A-Z0-9_]+$/.test(name)
			? `name begins with ${PREFIX} and has capital letters, digits and _`
			: undefined,
	place: (settings) => `${new URL(settingOf(settings, "url")).host} variable ${settingOf(settings, "name")}`,
	open: fleet,
	sources: [
		"https://fleetdm.com/guides/secrets-in-scripts-and-configuration-profiles",
		"https://github.com/fleetdm/fleet/blob/main/server/service/secret_variables.go",
		"https://fleetdm.com/docs/rest-api/rest-api#custom-variables",
	],
};

const RIGHTS = "give the user the role GitOps, maintainer or admin, for all teams";

function fleet(settings: StoreSettings, reach: StoreReach): Store {
	const [url, name] = ["url", "name"].map((each) => settingOf(settings, each)) as [string, string];
	const ask = async (
		method: StoreRequest["method"],
		path: string,
		body?: unknown,
	): Promise<{ readonly document: unknown } | StoreTrouble> => {
		try {
			const token = await reach.secret(settingOf(settings, "token"));
			const answer = await reach.request({
				method,
				url: `${url.replace(/\/+$/, "")}/api/latest/fleet/${path}`,
				headers: {
					authorization: `Bearer ${token.reveal()}`,
					...(body !== undefined && { "content-type": "application/json" }),
				},
				...(body !== undefined && { body: JSON.stringify(body) }),
				timeoutMs: 30_000,
			});
			const document = answer.kind === "answer" ? jsonOf(answer.body) : undefined;
			const errors = objectAt(document)["errors"];
			const [first] = Array.isArray(errors) ? errors : [];
			const detail = textIn(objectAt(first), "reason") ?? textIn(objectAt(document), "message");
			return troubleOf(answer, new URL(url).host, RIGHTS, detail) ?? { document };
		} catch (error) {
			return { why: messageOf(error), nextStep: "check the reference token in the store's block", mayBeDone: false };
		}
	};
	/** A variable of the list; undefined if it is not there. */
	const find = async (
		wanted: string,
	): Promise<{ readonly entry: Readonly<Record<string, unknown>> | undefined } | StoreTrouble> => {
		const asked = await ask("GET", "custom_variables?per_page=1000");
		if ("why" in asked) return asked;
		const list = objectAt(asked.document)["custom_variables"];
		const why = `${new URL(url).host} gave no list of variables`;
		if (!Array.isArray(list)) return { why, nextStep: "check the server's address and release", mayBeDone: false };
		return { entry: list.map((each) => objectAt(each)).find((each) => `${PREFIX}${textIn(each, "name")}` === wanted) };
	};
	return {
		async read(): Promise<StoreHolds> {
			const found = await find(name);
			if ("why" in found) return { is: "unreachable", why: found.why, nextStep: found.nextStep };
			return found.entry ? { is: "hidden", updated: textIn(found.entry, "updated_at") ?? "" } : { is: "empty" };
		},
		async check(): Promise<StoreCheck> {
			const secrets = [{ name: CHECKED, value: "otel-crossfade checks whether this could be written" }];
			const asked = await ask("PUT", "spec/secret_variables", { dry_run: true, secrets });
			const found = "why" in asked ? asked : await find(CHECKED);
			if ("why" in found) return { can: "no", how: found.why, nextStep: found.nextStep };
			const nextStep = `delete the variable ${CHECKED}, and update the server`;
			if (found.entry)
				return { can: "no", how: "this release of the server stores what is sent as a dry run", nextStep };
			return { can: "permitted", how: "the server took the same request, for another variable, as a dry run" };
		},
		async promote({ value }: StoreWrite): Promise<StoreWritten> {
			if (value.publicId !== undefined)
				return {
					did: "refused",
					why: "the provider gives a pair, and a variable has one value",
					nextStep: "use a store with two fields",
				};
			const asked = await ask("PUT", "spec/secret_variables", { secrets: [{ name, value: value.token.reveal() }] });
			return "why" in asked ? notWritten(asked) : { did: "written" };
		},
	};
}
