import { hash } from "node:crypto";
import { ownEntry } from "../../base/lookup.ts";
import type { SettingTable, Values } from "../../base/settings.ts";
import type { Signal } from "./provider.ts";

/** How a provider behaves: its tokens, its settings and its API. `sandbox.ts` in the provider's folder. */
export interface SandboxProvider {
	readonly id: string;
	readonly title: string;
	/** One line for the help: what happens to the old token, and OTLP support. */
	readonly about: string;
	/** Prefix of its tokens. */
	readonly prefix: string;
	/** The credential of its management API, if it is not a token. */
	readonly adminKey?: { readonly prefix: string; readonly what: string };
	/** OTLP over HTTP, if supported. */
	readonly otlp?: OtlpIngest;
	/** How old the last event of a tool gets before its card on the provider's page is stale, in milliseconds; undefined if there is no such page. */
	readonly staleAfterMs?: number | undefined;
	readonly settings: SettingTable;
	/** Settings that are valid alone but not together: the problem, or undefined. */
	conflict?(values: Readonly<Record<string, unknown>>): string | undefined;
	start(values: Readonly<Record<string, unknown>>, services: SandboxServices): Emulation;
	/** Sources; what the pages do not say is marked in the file as assumed. */
	readonly sources: readonly string[];
}

export interface OtlpIngest {
	/** The path before `/v1/<signal>`. */
	readonly base: string;
	readonly signals: readonly Signal[];
	/** Whether the token can be in the path, right after the base. */
	readonly pathToken: boolean;
}

/** A token in the sandbox: only its SHA-256 in hex, never its value. */
export interface TokenRecord<D = unknown> {
	/** Its id in the provider's API; tokens that replace each other may share it. */
	readonly id: string;
	readonly digest: string;
	readonly fingerprint: string;
	/** Times are milliseconds since the epoch. */
	readonly createdAt: number;
	/** When it stops being accepted; Infinity if not known. */
	readonly endsAt: number;
	readonly revokedAt: number;
	readonly lastUsedAt: number | undefined;
	/** Provider-specific data about a token. */
	readonly details: D;
}

export type TokenState = "active" | "expired" | "revoked";

/** A token to add to the ledger. */
export interface NewToken<D> {
	readonly token: string;
	readonly now: number;
	readonly details: D;
	/** Derived from the token if not given. */
	readonly id?: string;
	readonly endsAt?: number;
}

/** A provider's tokens, and how long they are accepted. All times are passed in. */
export interface TokenLedger<D = unknown> {
	/** All tokens ever issued, the newest first. */
	readonly tokens: readonly TokenRecord<D>[];
	/** Adds a token to the existing ones. */
	mint(issue: NewToken<D>): TokenRecord<D>;
	/** Adds a token, and ends the others after the overlap. */
	rotate(old: readonly TokenRecord[], issue: NewToken<D>, overlapMs: number): TokenRecord<D>;
	/** Permanently ends a token. */
	revoke(record: TokenRecord, now: number): void;
	/** The newest token with this id or fingerprint. */
	find(name: string): TokenRecord<D> | undefined;
}

/** Services of the sandbox for a provider. */
export interface SandboxServices<D = unknown> {
	readonly ledger: TokenLedger<D>;
	/** A new random token of this provider. */
	newToken(): string;
	isAdminKey(credential: string): boolean;
}

/** A running provider. */
export interface Emulation<D = unknown> {
	/** How long the old token works after a rotation, in milliseconds; undefined if until revoked. */
	readonly overlapMs?: number;
	/** The portal's actions besides rotating. */
	readonly portal: readonly ("mint" | "revoke" | "copy")[];
	/** Issues an additional token. Throws `Refused`. */
	mint(token: string, wanted: TokenRequest, now: number): TokenRecord<D>;
	/** Replaces a token, by the provider's rules. Throws `Refused`. */
	rotate(old: TokenRecord<D>, token: string, wanted: TokenRequest, now: number): TokenRecord<D>;
	/** The token of an API request; default the Bearer token. */
	tokenOf?(headers: RequestHeaders, path: string): string | undefined;
	/** Whether a Bearer token can manage tokens; default: only the admin key. */
	isAdmin?(credential: string, now: number): boolean;
	/** Limits and sampling for requests with a valid credential and a number of records. */
	admit?(records: number, now: number): Admission;
	/** The body of an error, in the provider's own shape. */
	refusal(status: number, message: string): unknown;
	readonly routes: readonly ApiRoute<D>[];
}

/** An API response. */
export interface ApiAnswer {
	readonly status: number;
	readonly contentType: string;
	readonly body: string;
}

export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** A request for a new token: the JSON body, unchecked. */
export type TokenRequest = Readonly<Record<string, unknown>>;

export interface Admission {
	/** Headers of the response. */
	readonly headers: Readonly<Record<string, string>>;
	/** Over a limit: 429. */
	readonly refused?: boolean;
	/** Accepted, then dropped. */
	readonly dropped?: boolean;
}

/** A route of the provider's own API; the credential is already checked. */
export interface ApiRoute<D = unknown> {
	readonly method: "GET" | "POST" | "DELETE";
	/** E.g. `/v1/tokens/:id`; the part after a colon is passed by name. */
	readonly path: string;
	/** Accepted credentials; none needed if empty. */
	readonly by: readonly ("token" | "admin")[];
	/** How many records it brings; absent if never any. Throws `Refused`. */
	records?(call: ApiCall<D>): number;
	/** Throws `Refused`. */
	answer(call: ApiCall<D>): ApiAnswer;
}

export interface ApiCall<D = unknown> {
	readonly now: number;
	/** The named parts of the path. */
	readonly path: Readonly<Record<string, string>>;
	readonly query: URLSearchParams;
	readonly headers: RequestHeaders;
	/** The body, a JSON object; empty without a body. Throws `Refused` (400) for anything else. */
	body(): TokenRequest;
	/** The request's token; undefined with an administrator's credential. */
	readonly token: TokenRecord<D> | undefined;
}

/** A refused request, with its status. */
export class Refused extends Error {
	override readonly name = "Refused";
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** A provider whose settings are typed by its table. */
export function sandboxProvider<T extends SettingTable, D>(
	rules: Omit<SandboxProvider, "settings" | "conflict" | "start"> & {
		readonly settings: T;
		conflict?(values: Values<T>): string | undefined;
		start(values: Values<T>, services: SandboxServices<D>): Emulation<D>;
	},
): SandboxProvider {
	return rules;
}

/** SHA-256 in hex: all that is stored of a credential. */
export function digestOf(credential: string): string {
	return hash("sha256", credential, "hex");
}

export function stateOf({ revokedAt, endsAt }: TokenRecord, now: number): TokenState {
	if (now >= revokedAt) return "revoked";
	return now < endsAt ? "active" : "expired";
}

export function jsonAnswer(status: number, value: unknown): ApiAnswer {
	return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}

/** A required text field of a JSON body. Throws `Refused` (400). */
export function textField(wanted: TokenRequest, name: string, most = 100): string {
	const value = ownEntry(wanted, name);
	if (typeof value === "string" && value !== "" && value.length <= most) return value;
	throw new Refused(400, `${name} must be a text of 1 to ${most} characters`);
}

/** An optional field with a list of texts. Throws `Refused` (400). */
export function textListField(wanted: TokenRequest, name: string): readonly string[] | undefined {
	const value = ownEntry(wanted, name);
	if (value === undefined) return undefined;
	if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
	throw new Refused(400, `${name} must be a list of texts`);
}

/** A time in whole seconds, as in most APIs. */
export function isoTime(time: number): string {
	return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
