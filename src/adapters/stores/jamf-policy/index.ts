/**
 * A parameter of a script in a policy of Jamf Pro, written through the Classic API. The list of scripts of the policy is read, one parameter
 * changed in its text, and the list written back: other scripts and parameters stay as they are. Nothing compares before a write, so it is read
 * back and compared. On Jamf Cloud the next request may reach a node that does not know the write yet: the session's cookie is kept.
 *
 * Sources: https://developer.jamf.com/jamf-pro/reference/updatepolicybyid, https://developer.jamf.com/jamf-pro/docs/client-credentials,
 * https://developer.jamf.com/developer-guide/docs/jamf-pro-api-scalability-best-practices.
 */
import { xml } from "../../../base/quote.ts";
import { holdsOf, type OurFields, reasonNotTo } from "../fields.ts";
import { jsonOf, notWritten, objectAt, textIn, troubleOf } from "../http.ts";
import { secretOf } from "../secrets.ts";
import {
	messageOf,
	type Secret,
	type Store,
	type StoreAnswer,
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
import { parameterIn, withParameter } from "./format.ts";

export const store: StoreKind = {
	id: "jamf-policy",
	title: "Jamf Pro policy parameter",
	order: 90,
	settings: [
		{ name: "url", form: "url", required: true, description: "The Jamf Pro server." },
		{ name: "policy", form: "number", required: true, description: "The policy's id." },
		{ name: "script", form: "number", required: true, description: "The id of the script in the policy." },
		{ name: "parameter", form: "number", standard: "4", description: "Which parameter of the script, 4 to 11." },
		{
			name: "client-id",
			form: "reference",
			required: true,
			description: "An API client with Read and Update Policies.",
		},
		{ name: "client-secret", form: "reference", required: true, description: "Its secret." },
	],
	proof: "none",
	readsBack: true,
	conflict: ({ parameter }) =>
		typeof parameter === "string" && !/^([4-9]|1[01])$/.test(parameter)
			? "parameter is a number from 4 to 11"
			: undefined,
	place(settings) {
		const [policy, script, parameter] = ["policy", "script", "parameter"].map((name) => settingOf(settings, name));
		return `${new URL(settingOf(settings, "url")).host} policy ${policy}, script ${script}, parameter ${parameter}`;
	},
	open: (settings, reach) => new JamfPolicy(settings, reach),
	sources: [
		"https://developer.jamf.com/jamf-pro/reference/updatepolicybyid",
		"https://developer.jamf.com/jamf-pro/docs/client-credentials",
		"https://developer.jamf.com/developer-guide/docs/jamf-pro-api-scalability-best-practices",
	],
};

const RIGHTS = "give the API client's role Read Policies and Update Policies";
/** A part of the time for which a login is good. */
const GOOD_FOR = 0.8;

class JamfPolicy implements Store {
	readonly #settings: StoreSettings;
	readonly #reach: StoreReach;
	readonly #base: string;
	readonly #at: { readonly script: string; readonly parameter: string };
	#login: { readonly token: Secret; readonly until: number } | undefined;
	#cookie: string | undefined;

	constructor(settings: StoreSettings, reach: StoreReach) {
		this.#settings = settings;
		this.#reach = reach;
		this.#base = settingOf(settings, "url").replace(/\/+$/, "");
		this.#at = { script: settingOf(settings, "script"), parameter: settingOf(settings, "parameter") };
	}

	async read(): Promise<StoreHolds> {
		const found = await this.#look();
		if ("why" in found) return { is: "unreachable", why: found.why, nextStep: found.nextStep };
		return holdsOf(found.fields, `parameter ${this.#at.parameter}`);
	}

	async check(): Promise<StoreCheck> {
		const found = await this.#look();
		if ("why" in found) return { can: "no", how: found.why, nextStep: found.nextStep };
		const how = "the policy and its script can be read; whether they may be written is known only from a write";
		return { can: "unknown", how, nextStep: "see that the API client's role has Update Policies" };
	}

	async promote(write: StoreWrite): Promise<StoreWritten> {
		if (write.value.publicId !== undefined)
			return {
				did: "refused",
				why: "the provider gives a pair, and a parameter has one value",
				nextStep: "use a store with two fields",
			};
		const found = await this.#look();
		if ("why" in found) return notWritten({ ...found, mayBeDone: false });
		const reason = reasonNotTo(write, found.fields);
		if (reason) return reason;
		const scripts = withParameter(found.scripts, this.#at, xml(write.value.token.reveal()));
		const done = await this.#ask("PUT", this.#policy, `<policy>${scripts}</policy>`);
		if ("why" in done) return notWritten(done);
		const after = await this.#look();
		if ("why" in after) return { did: "ambiguous", why: `it was written, and reading it back failed: ${after.why}` };
		const now = reasonNotTo(write, after.fields);
		if (now?.did === "already") return { did: "written" };
		return { did: "ambiguous", why: "the server took it, and shows another value when it is read back" };
	}

	get #policy(): string {
		return `JSSResource/policies/id/${encodeURIComponent(settingOf(this.#settings, "policy"))}`;
	}

	/** The policy's scripts as text, and what our parameter holds. */
	async #look(): Promise<{ readonly scripts: string; readonly fields: OurFields } | StoreTrouble> {
		const answer = await this.#ask("GET", this.#policy);
		if ("why" in answer) return answer;
		const text = answer.kind === "answer" ? Buffer.from(answer.body).toString("utf8") : "";
		const [scripts = ""] = /<scripts>[\s\S]*<\/scripts>/.exec(text) ?? [];
		const value = parameterIn(scripts, this.#at);
		if (value === undefined) {
			const { script, parameter } = this.#at;
			const why = `the policy has no script ${script} with a parameter ${parameter}`;
			return { why, nextStep: "check policy and script in the store's block", mayBeDone: false };
		}
		return { scripts, fields: { token: value } };
	}

	async #ask(method: StoreRequest["method"], path: string, body?: string): Promise<StoreAnswer | StoreTrouble> {
		const token = await this.#token();
		if ("why" in token) return token;
		const answer = await this.#send(
			method,
			path,
			{ authorization: `Bearer ${token.reveal()}`, accept: "application/xml" },
			body,
			"application/xml",
		);
		return troubleOf(answer, new URL(this.#base).host, RIGHTS) ?? answer;
	}

	async #token(): Promise<Secret | StoreTrouble> {
		const now = this.#reach.now();
		if (this.#login && now < this.#login.until) return this.#login.token;
		try {
			const [id, secret] = [
				await this.#reach.secret(settingOf(this.#settings, "client-id")),
				await this.#reach.secret(settingOf(this.#settings, "client-secret")),
			];
			const form = { grant_type: "client_credentials", client_id: id.reveal(), client_secret: secret.reveal() };
			const body = new URLSearchParams(form).toString();
			const answer = await this.#send("POST", "api/oauth/token", {}, body, "application/x-www-form-urlencoded");
			const trouble = troubleOf(
				answer,
				new URL(this.#base).host,
				"check client-id and client-secret in the store's block",
			);
			// Whatever became of the login, nothing was written.
			if (trouble) return { ...trouble, why: `login: ${trouble.why}`, mayBeDone: false };
			const document = answer.kind === "answer" ? objectAt(jsonOf(answer.body)) : {};
			const seconds = Number(document["expires_in"]);
			const token = secretOf(textIn(document, "access_token") ?? "");
			this.#login = { token, until: now + (Number.isFinite(seconds) ? seconds * 1000 * GOOD_FOR : 0) };
			return token;
		} catch (error) {
			return {
				why: messageOf(error),
				nextStep: "check client-id and client-secret in the store's block",
				mayBeDone: false,
			};
		}
	}

	async #send(
		method: StoreRequest["method"],
		path: string,
		headers: Readonly<Record<string, string>>,
		body: string | undefined,
		type: string,
	): Promise<StoreAnswer> {
		const answer = await this.#reach.request({
			method,
			url: `${this.#base}/${path}`,
			headers: {
				...headers,
				...(this.#cookie && { cookie: this.#cookie }),
				...(body !== undefined && { "content-type": type }),
			},
			...(body !== undefined && { body }),
			timeoutMs: 60_000,
		});
		const cookie = answer.kind === "answer" ? answer.headers["set-cookie"]?.split(";", 1)[0] : undefined;
		if (cookie) this.#cookie = cookie;
		return answer;
	}
}
