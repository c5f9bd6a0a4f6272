/**
 * Requests to a Vault or OpenBao server: how it is logged in to, and versions of one secret of a KV v2 engine, read and written under
 * check-and-set. A wrong `cas` is answered by 400 with a text, like other bad requests (seen on OpenBao 2.7.2).
 *
 * Sources: https://openbao.org/api-docs/secret/kv/kv-v2/, https://openbao.org/api-docs/auth/approle/,
 * https://openbao.org/api-docs/auth/kubernetes/, https://openbao.org/api-docs/auth/jwt/,
 * https://developer.hashicorp.com/vault/api-docs#http-status-codes.
 */
import { jsonOf, objectAt, textIn, troubleOf } from "../http.ts";
import { secretOf } from "../secrets.ts";
import {
	type Compared,
	type Secret,
	type StoreAnswer,
	type StoreReach,
	type StoreRequest,
	type StoreSettings,
	type StoreTrouble,
	settingOf,
} from "../store.ts";

/** One version of a secret; `version` is 0 where there is none yet. Fields are undefined where there is none, or it was deleted. */
export interface KvVersion {
	readonly version: number;
	readonly fields: Readonly<Record<string, unknown>> | undefined;
	/** Whether its numbers survive being read and written again. */
	readonly isExact: boolean;
}

/** In the text of a server that was given another version than the current one. */
const MISMATCH = /check-and-set parameter did not match/;

const RIGHTS =
	"give the policy read, create and update on MOUNT/data/PATH (and on PATH.crossfade, the fence, and PATH.crossfade-journal, if it keeps the journal), or check the credentials";

/** A part of the time for which a login is good. */
const GOOD_FOR = 0.8;

export class KvClient {
	readonly #settings: StoreSettings;
	readonly #reach: StoreReach;
	readonly #server: string;
	#login: { readonly token: Secret; readonly until: number; readonly isOurs: boolean } | undefined;
	#isV2 = false;

	constructor(settings: StoreSettings, reach: StoreReach) {
		this.#settings = settings;
		this.#reach = reach;
		this.#server = new URL(settingOf(settings, "url")).host;
	}

	async read(path: string): Promise<KvVersion | StoreTrouble> {
		const answer = await this.#send("GET", this.#data(path));
		if ("why" in answer) return answer;
		const body = answer.kind === "answer" ? jsonOf(answer.body) : undefined;
		const version = objectAt(body, "data", "metadata")["version"];
		if (answer.kind === "answer" && typeof version === "number") {
			this.#isV2 = true;
			if (answer.status === 404) return { version, fields: undefined, isExact: true };
			const text = Buffer.from(answer.body).toString("utf8");
			if (answer.status === 200) return { version, fields: objectAt(body, "data", "data"), isExact: isExact(text) };
		}
		const isAbsent = answer.kind === "answer" && answer.status === 404 && detailOf(answer) === "";
		if (!isAbsent) return this.#trouble(answer) ?? this.#strange();
		return (await this.#mountTrouble()) ?? { version: 0, fields: undefined, isExact: true };
	}

	/** Writes a version, if `cas` is the current one's number. */
	async write(path: string, fields: Readonly<Record<string, unknown>>, cas: number): Promise<Compared> {
		if (!this.#isV2) {
			const found = await this.#mountTrouble();
			if (found) return found;
		}
		const answer = await this.#send("POST", this.#data(path), { options: { cas }, data: fields });
		if ("why" in answer) return answer;
		if (answer.kind === "answer" && answer.status === 400 && MISMATCH.test(detailOf(answer))) return "stale";
		const trouble = this.#trouble(answer);
		if (trouble) return trouble;
		const version = answer.kind === "answer" ? objectAt(jsonOf(answer.body), "data")["version"] : undefined;
		return typeof version === "number" ? { version: String(version) } : { ...this.#strange(), mayBeDone: true };
	}

	/** Gives back a token that came from a login. */
	async close(): Promise<void> {
		if (this.#login?.isOurs) await this.#send("POST", "auth/token/revoke-self");
		this.#login = undefined;
	}

	#data(path: string): string {
		return `${settingOf(this.#settings, "mount")}/data/${path}`;
	}

	/** An engine of version 1 would take a write for a secret of another name, and keep the rest of it as fields. */
	async #mountTrouble(): Promise<StoreTrouble | undefined> {
		const mount = settingOf(this.#settings, "mount");
		const answer = await this.#send("GET", `sys/internal/ui/mounts/${mount}`);
		if ("why" in answer) return answer;
		const trouble = this.#trouble(answer);
		if (trouble) return trouble;
		const data = answer.kind === "answer" ? objectAt(jsonOf(answer.body), "data") : {};
		const kind = `${textIn(data, "type")} ${textIn(objectAt(data, "options"), "version")}`;
		this.#isV2 = kind === "kv 2";
		if (this.#isV2) return undefined;
		const why = `${mount} is not a KV engine of version 2`;
		return { why, nextStep: "name its mount point in the store's block", mayBeDone: false };
	}

	async #send(method: StoreRequest["method"], path: string, body?: unknown): Promise<StoreAnswer | StoreTrouble> {
		const token = await this.#token();
		return "why" in token ? token : this.#request(method, path, body, token);
	}

	#request(method: StoreRequest["method"], path: string, body?: unknown, token?: Secret): Promise<StoreAnswer> {
		const { namespace, ca } = this.#settings as Readonly<Record<string, string | undefined>>;
		const base = settingOf(this.#settings, "url").replace(/\/+$/, "");
		return this.#reach.request({
			method,
			url: `${base}/v1/${path.split("/").map(encodeURIComponent).join("/")}`,
			headers: {
				"x-vault-request": "true",
				...(token && { "x-vault-token": token.reveal() }),
				...(namespace && { "x-vault-namespace": namespace }),
				...(body !== undefined && { "content-type": "application/json" }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
			...(ca && { tls: { ca } }),
			timeoutMs: 30_000,
		});
	}

	/** The token of the block, or one from a login that is still good. */
	async #token(): Promise<Secret | StoreTrouble> {
		const now = this.#reach.now();
		if (this.#login && now < this.#login.until) return this.#login.token;
		const settings = this.#settings as Readonly<Record<string, string | undefined>>;
		const auth = settingOf(this.#settings, "auth");
		try {
			if (auth === "token") {
				const token = await this.#reach.secret(settings["token"] ?? "");
				this.#login = { token, until: Number.POSITIVE_INFINITY, isOurs: false };
				return token;
			}
			const secret = async (name: string) => (await this.#reach.secret(settings[name] ?? "")).reveal();
			const jwt = settings["jwt"] ?? SERVICE_ACCOUNT;
			const body =
				auth === "approle"
					? { role_id: await secret("role-id"), secret_id: await secret("secret-id") }
					: { role: settings["role"], jwt: (await this.#reach.secret(jwt)).reveal() };
			const answer = await this.#request("POST", `auth/${settings["auth-mount"] ?? auth}/login`, body);
			return this.#loggedIn(answer, now);
		} catch (error) {
			const why = error instanceof Error ? error.message : "a secret of the store's block cannot be read";
			return { why, nextStep: "check the references in the store's block", mayBeDone: false };
		}
	}

	#loggedIn(answer: StoreAnswer, now: number): Secret | StoreTrouble {
		const trouble = this.#trouble(answer);
		// Whatever became of the login, nothing was written.
		if (trouble) return { ...trouble, why: `login: ${trouble.why}`, nextStep: LOGIN, mayBeDone: false };
		const auth = answer.kind === "answer" ? objectAt(jsonOf(answer.body), "auth") : {};
		const [text, seconds] = [textIn(auth, "client_token"), auth["lease_duration"]];
		if (text === undefined) return this.#strange();
		const token = secretOf(text);
		const ms = typeof seconds === "number" && seconds > 0 ? seconds * 1000 * GOOD_FOR : Number.POSITIVE_INFINITY;
		this.#login = { token, until: now + ms, isOurs: true };
		return token;
	}

	#trouble(answer: StoreAnswer): StoreTrouble | undefined {
		const found = troubleOf(answer, this.#server, RIGHTS, detailOf(answer));
		// A sealed server does nothing.
		const isSealed = answer.kind === "answer" && answer.status === 503 && /sealed/i.test(detailOf(answer));
		return found && isSealed ? { ...found, nextStep: "unseal the server", mayBeDone: false } : found;
	}

	#strange(): StoreTrouble {
		const why = `${this.#server} answered with something that is no answer of this API`;
		return { why, nextStep: "check the address in the store's block", mayBeDone: false };
	}
}

const LOGIN =
	"check auth, the role and the references in the store's block, and that the method is enabled on the server";
/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const SERVICE_ACCOUNT = "file:/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The server's own words. */
function detailOf(answer: StoreAnswer): string {
	const errors = answer.kind === "answer" ? objectAt(jsonOf(answer.body))["errors"] : undefined;
	return Array.isArray(errors) ? errors.filter((each) => typeof each === "string").join("; ") : "";
}

/** Whether every number of a document is written again as it was. */
function isExact(text: string): boolean {
	const numbers = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g) ?? [];
	return numbers.every((each) => String(Number(each)) === each);
}
