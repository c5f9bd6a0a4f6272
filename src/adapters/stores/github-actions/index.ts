/**
 * A secret of GitHub Actions, of a repository, one of its environments, or an organization. It can be written and not read: GitHub tells when
 * it was last written, and nothing compares before a write. A workflow gets the value at its next run. Who may use a secret of an organization
 * stays as it is.
 *
 * Sources: https://docs.github.com/rest/actions/secrets, https://docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api,
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api.
 */
import { jsonOf, notWritten, objectAt, textIn, troubleOf } from "../http.ts";
import {
	messageOf,
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

export const store: StoreKind = {
	id: "github-actions",
	title: "GitHub Actions secret",
	order: 70,
	settings: [
		{ name: "owner", form: "text", required: true, description: "The account or organization." },
		{ name: "repository", form: "text", description: "The repository; without it the secret is the organization's." },
		{
			name: "environment",
			form: "text",
			description: "An environment of the repository, if the secret is that one's.",
		},
		{ name: "name", form: "text", required: true, description: "The secret's name." },
		{ name: "token", form: "reference", required: true, description: "A token that may write secrets." },
		{
			name: "url",
			form: "url",
			standard: "https://api.github.com",
			description: "The API; GitHub Enterprise has its own.",
		},
	],
	proof: "none",
	readsBack: false,
	conflict: ({ repository, environment }) =>
		environment !== undefined && repository === undefined ? "environment needs repository" : undefined,
	place: (settings) =>
		`${new URL(settingOf(settings, "url")).host} ${whose(settings)} secret ${settingOf(settings, "name")}`,
	open: github,
	sources: [
		"https://docs.github.com/rest/actions/secrets",
		"https://docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api",
		"https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
	],
};

function whose(settings: StoreSettings): string {
	const names = ["owner", "repository", "environment"].map((name) => settings[name]);
	return names.filter((name) => name !== undefined).join("/");
}

/** Where the secrets are, below the API's address. */
function folderOf(settings: StoreSettings): string {
	const part = (name: string) => encodeURIComponent(settingOf(settings, name));
	if (settings["repository"] === undefined) return `orgs/${part("owner")}/actions/secrets`;
	const repository = `repos/${part("owner")}/${part("repository")}`;
	if (settings["environment"] === undefined) return `${repository}/actions/secrets`;
	return `${repository}/environments/${part("environment")}/secrets`;
}

const RIGHTS =
	"give the token write access to secrets (fine-grained: Secrets; classic: repo, or admin:org), or wait for its rate limit";
/** Repositories that one page of a list has at most. */
const PAGE = 100;

type Asked = { readonly answer: StoreAnswer; readonly document: unknown } | StoreTrouble;

/** One secret, by GitHub's API. */
class GithubSecret {
	readonly host: string;
	readonly path: string;
	readonly #settings: StoreSettings;
	readonly #reach: StoreReach;

	constructor(settings: StoreSettings, reach: StoreReach) {
		this.#settings = settings;
		this.#reach = reach;
		this.path = `${folderOf(settings)}/${encodeURIComponent(settingOf(settings, "name"))}`;
		this.host = new URL(settingOf(settings, "url")).host;
	}

	/** The answer, whatever its status, or why there is none. */
	async ask(method: StoreRequest["method"], to: string, body?: unknown): Promise<Asked> {
		try {
			const token = await this.#reach.secret(settingOf(this.#settings, "token"));
			const answer = await this.#reach.request({
				method,
				url: `${settingOf(this.#settings, "url").replace(/\/+$/, "")}/${to}`,
				headers: {
					accept: "application/vnd.github+json",
					"x-github-api-version": "2022-11-28",
					"user-agent": "otel-crossfade",
					authorization: `Bearer ${token.reveal()}`,
					...(body !== undefined && { "content-type": "application/json" }),
				},
				...(body !== undefined && { body: JSON.stringify(body) }),
				timeoutMs: 30_000,
			});
			return { answer, document: answer.kind === "answer" ? jsonOf(answer.body) : undefined };
		} catch (error) {
			return { why: messageOf(error), nextStep: "check the reference token in the store's block", mayBeDone: false };
		}
	}

	/** The document of a success, or what stands in the way. */
	async get(to: string): Promise<{ readonly document: unknown } | StoreTrouble> {
		const asked = await this.ask("GET", to);
		if ("why" in asked) return asked;
		const trouble = troubleOf(asked.answer, this.host, RIGHTS, textIn(objectAt(asked.document), "message"));
		return trouble ?? { document: asked.document };
	}

	/** When it was last written; undefined if there is no such secret. */
	async updated(): Promise<{ readonly at: string | undefined; readonly document?: unknown } | StoreTrouble> {
		const asked = await this.ask("GET", this.path);
		if ("why" in asked) return asked;
		if (asked.answer.kind === "answer" && asked.answer.status === 404) {
			// Also the answer to a token that may not see it: the list of the same place tells which.
			const list = await this.get(`${folderOf(this.#settings)}/public-key`);
			return "why" in list ? list : { at: undefined };
		}
		const trouble = troubleOf(asked.answer, this.host, RIGHTS, textIn(objectAt(asked.document), "message"));
		return trouble ?? { at: textIn(objectAt(asked.document), "updated_at") ?? "", document: asked.document };
	}

	/** Who may use a secret of an organization: has to be said again with each write. */
	async audience(document: unknown): Promise<{ readonly sent: object } | StoreTrouble> {
		if (this.#settings["repository"] !== undefined) return { sent: {} };
		const visibility = textIn(objectAt(document), "visibility");
		const problem = (why: string, nextStep: string): StoreTrouble => ({ why, nextStep, mayBeDone: false });
		if (visibility === undefined)
			return problem("the organization has no such secret", "create it once, with the repositories that may use it");
		if (visibility !== "selected") return { sent: { visibility } };
		const list = await this.get(`${this.path}/repositories?per_page=${PAGE}`);
		if ("why" in list) return list;
		const { repositories, total_count: total } = objectAt(list.document);
		if (!Array.isArray(repositories) || repositories.length !== total)
			return problem(
				`more than ${PAGE} repositories may use the secret`,
				"make it visible to all, or write it by hand",
			);
		return { sent: { visibility, selected_repository_ids: repositories.map((each) => objectAt(each)["id"]) } };
	}
}

function github(settings: StoreSettings, reach: StoreReach): Store {
	const secret = new GithubSecret(settings, reach);
	return {
		async read(): Promise<StoreHolds> {
			const found = await secret.updated();
			if ("why" in found) return { is: "unreachable", why: found.why, nextStep: found.nextStep };
			return found.at === undefined ? { is: "empty" } : { is: "hidden", updated: found.at };
		},
		async check(): Promise<StoreCheck> {
			const found = await secret.updated();
			const trouble = "why" in found ? found : await secret.audience(found.document);
			if ("why" in trouble) return { can: "no", how: trouble.why, nextStep: trouble.nextStep };
			const how = "the key for sealing can be read; whether the token may write is known only from a write";
			return { can: "unknown", how, nextStep: "see that the token has write access to secrets" };
		},
		async promote({ value }: StoreWrite): Promise<StoreWritten> {
			if (value.publicId !== undefined)
				return {
					did: "refused",
					why: "the provider gives a pair, and a secret has one value",
					nextStep: "use a store with two fields",
				};
			const found = await secret.updated();
			const also = "why" in found ? found : await secret.audience(found.document);
			if ("why" in also) return notWritten({ ...also, mayBeDone: false });
			const key = await secret.get(`${folderOf(settings)}/public-key`);
			if ("why" in key) return notWritten({ ...key, mayBeDone: false });
			const { sealed } = await import("./client.ts");
			const { key: publicKey, key_id } = objectAt(key.document);
			let encrypted_value: string;
			try {
				encrypted_value = sealed(value.token.reveal(), String(publicKey));
			} catch (error) {
				return { did: "refused", why: `${secret.host}: ${messageOf(error)}`, nextStep: "check the API's address" };
			}
			const done = await secret.ask("PUT", secret.path, { encrypted_value, key_id, ...also.sent });
			if ("why" in done) return notWritten(done);
			const trouble = troubleOf(done.answer, secret.host, RIGHTS, textIn(objectAt(done.document), "message"));
			return trouble ? notWritten(trouble) : { did: "written" };
		},
	};
}
