import { hash } from "node:crypto";
import type { SettingTable, Values } from "../../base/settings.ts";
import type { Signal } from "./provider.ts";

/** How a provider behaves: its tokens, its settings and its API. `sandbox.ts` in the provider's folder. */
export interface SandboxProvider {
	readonly id: string;
	readonly title: string;
	/** One line for the help: what happens to the old token, and where it sends to. */
	readonly about: string;
	/** What its tokens begin with. */
	readonly prefix: string;
	/** The credential of its management API, where it has one that is not a token. */
	readonly adminKey?: { readonly prefix: string; readonly what: string };
	/** Where it takes OTLP over HTTP, if it does. */
	readonly otlp?: OtlpIngest;
	readonly settings: SettingTable;
	/** Values that are right by themselves and not together: what is wrong, or undefined. */
	conflict?(values: Readonly<Record<string, unknown>>): string | undefined;
	start(values: Readonly<Record<string, unknown>>, services: SandboxServices): Emulation;
	/** What was read for all this; what the pages do not say is marked in the file as assumed. */
	readonly sources: readonly string[];
}

export interface OtlpIngest {
	/** The path before `/v1/<signal>`. */
	readonly base: string;
	readonly signals: readonly Signal[];
	/** Whether the token may stand in the path, right after the base. */
	readonly pathToken: boolean;
}

/** A token as the sandbox knows it: never its value, only its whole SHA-256 in hex. */
export interface TokenRecord<D = unknown> {
	/** The name it has in the provider's API; tokens that replace each other may share it. */
	readonly id: string;
	readonly digest: string;
	readonly fingerprint: string;
	/** Times are milliseconds since the epoch. */
	readonly createdAt: number;
	/** From then on it is not accepted; Infinity when no end is known. */
	readonly endsAt: number;
	readonly revokedAt: number;
	readonly lastUsedAt: number | undefined;
	/** What this provider keeps about a token besides. */
	readonly details: D;
}

export type TokenState = "active" | "expired" | "revoked";

/** A token to take into the ledger. */
export interface NewToken<D> {
	readonly token: string;
	readonly now: number;
	readonly details: D;
	/** Made from the token when not given. */
	readonly id?: string;
	readonly endsAt?: number;
}

/** The tokens of a provider, and how long it accepts them. All times are passed in. */
export interface TokenLedger<D = unknown> {
	/** Every token there ever was, the newest first. */
	readonly tokens: readonly TokenRecord<D>[];
	/** Takes a new token in beside those that are there. */
	mint(issue: NewToken<D>): TokenRecord<D>;
	/** Takes a new token in, and ends others when the overlap is over. */
	rotate(old: readonly TokenRecord[], issue: NewToken<D>, overlapMs: number): TokenRecord<D>;
	/** Ends a token for good. */
	revoke(record: TokenRecord, now: number): void;
	/** The newest token with this id or fingerprint. */
	find(name: string): TokenRecord<D> | undefined;
}

/** What the sandbox lends a provider. */
export interface SandboxServices<D = unknown> {
	readonly ledger: TokenLedger<D>;
	/** A fresh random token of this provider. */
	newToken(): string;
	isAdminKey(credential: string): boolean;
}

/** A provider at work. */
export interface Emulation<D = unknown> {
	/** How long the old token lives after a rotation, in milliseconds; undefined where it lives until it is revoked. */
	readonly overlapMs?: number;
	/** What a person can do in its portal besides rotating. */
	readonly portal: readonly ("mint" | "revoke")[];
	/** A token beside those there are. Throws `Refused`. */
	mint(token: string, wanted: TokenRequest, now: number): TokenRecord<D>;
	/** A token in place of another, by the provider's rule. Throws `Refused`. */
	rotate(old: TokenRecord<D>, token: string, wanted: TokenRequest, now: number): TokenRecord<D>;
	/** The token of an API request; the Bearer token when not given. */
	tokenOf?(headers: RequestHeaders): string | undefined;
	/** Whether a Bearer token may manage tokens; the admin key does when not given. */
	isAdmin?(credential: string, now: number): boolean;
	/** Limits and sampling of requests with a good credential that carry so many records. */
	admit?(records: number, now: number): Admission;
	/** The body of an error, in the provider's own shape. */
	refusal(status: number, message: string): unknown;
	readonly routes: readonly ApiRoute<D>[];
}

/** What an API answers. */
export interface ApiAnswer {
	readonly status: number;
	readonly contentType: string;
	readonly body: string;
}

export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** What somebody asks of a new token: the JSON body of the request, unchecked. */
export type TokenRequest = Readonly<Record<string, unknown>>;

export interface Admission {
	/** Of the answer, whatever it is. */
	readonly headers: Readonly<Record<string, string>>;
	/** Over a limit: 429. */
	readonly refused?: boolean;
	/** Taken with thanks and thrown away. */
	readonly dropped?: boolean;
}

/** A request of the provider's own API: path by its pattern, credential already judged. */
export interface ApiRoute<D = unknown> {
	readonly method: "GET" | "POST" | "DELETE";
	/** `/v1/tokens/:id`; the part behind a colon is handed on by its name. */
	readonly path: string;
	/** Whose credential opens it; nobody's is needed when this is empty. */
	readonly by: readonly ("token" | "admin")[];
	/** How many records it brings in; not there when it brings in none by its nature. Throws `Refused`. */
	records?(call: ApiCall<D>): number;
	/** Throws `Refused`. */
	answer(call: ApiCall<D>): ApiAnswer;
}

export interface ApiCall<D = unknown> {
	readonly now: number;
	/** The parts of the path that have names. */
	readonly path: Readonly<Record<string, string>>;
	readonly query: URLSearchParams;
	readonly headers: RequestHeaders;
	/** The body, when it is a JSON object; empty when there is no body. Throws `Refused` (400) when it is something else. */
	body(): TokenRequest;
	/** The token the request came with; undefined when it came with an administrator's credential. */
	readonly token: TokenRecord<D> | undefined;
}

/** A request the provider does not do, with the status that says so. */
export class Refused extends Error {
	override readonly name = "Refused";
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** A provider whose settings have the types of its table. */
export function sandboxProvider<T extends SettingTable, D>(
	rules: Omit<SandboxProvider, "settings" | "conflict" | "start"> & {
		readonly settings: T;
		conflict?(values: Values<T>): string | undefined;
		start(values: Values<T>, services: SandboxServices<D>): Emulation<D>;
	},
): SandboxProvider {
	return rules;
}

/** SHA-256 in hex: all that is ever kept of a credential. */
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

/** A field of a JSON body that must be a text. Throws `Refused` (400). */
export function textField(wanted: TokenRequest, name: string, most = 100): string {
	const value = wanted[name];
	if (typeof value === "string" && value !== "" && value.length <= most) return value;
	throw new Refused(400, `${name} must be a text of 1 to ${most} characters`);
}

/** A field that is a list of texts, or not there. Throws `Refused` (400). */
export function textListField(wanted: TokenRequest, name: string): readonly string[] | undefined {
	const value = wanted[name];
	if (value === undefined) return undefined;
	if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
	throw new Refused(400, `${name} must be a list of texts`);
}

/** Seconds exactly, as most APIs write times. */
export function isoTime(time: number): string {
	return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
