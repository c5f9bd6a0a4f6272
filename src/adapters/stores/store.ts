import { fingerprint } from "../../token/fingerprint.ts";
import { Secret } from "../../token/secret.ts";
import { tokenProblems } from "../../token/shape.ts";

/** The contract of stores, which keep a token for those who send with it: the content of each store's `index.ts`. */
export interface StoreKind {
	readonly id: string;
	readonly title: string;
	/** Position in lists, the lowest first. */
	readonly order: number;
	/** Its keys in `stores:` of `crossfade.yaml`; the validator, the JSON Schema and the README's table are made from them. */
	readonly settings: readonly StoreSetting[];
	/** The strongest proof `check` can give that a write would work; "none" needs the owner's consent in the plan. */
	readonly proof: "conditional-write" | "permission" | "none";
	/** Whether the value can be read back; if not, only a consumer can confirm it. */
	readonly readsBack: boolean;
	/** A person writes it; `promote` gives the words for that person. */
	readonly person?: boolean;
	/** What is wrong with settings that are each of the right form, in words; undefined if nothing. */
	conflict?(settings: StoreSettings): string | undefined;
	/** Where the token is, for messages; two blocks with the same place are refused. It never contains a secret. */
	place(settings: StoreSettings): string;
	open(settings: StoreSettings, reach: StoreReach): Store;
	/** A text beside the token that can keep the journal of a rotation, where the store writes on a condition. */
	record?(settings: StoreSettings, reach: StoreReach): StoreRecord;
	/** Sources of the facts. */
	readonly sources: readonly string[];
}

/** A key of a store's block. `path` is made absolute from the fleet file's folder; `reference` is file:PATH, env:NAME, fd:N or prompt. */
export interface StoreSetting {
	readonly name: string;
	readonly form: "text" | "path" | "url" | "reference" | "duration" | "number" | "words";
	readonly required?: boolean;
	/** The possible values, of a text. */
	readonly choices?: readonly string[];
	/** The value where none is given, as written. */
	readonly standard?: string;
	readonly description: string;
}

/** The values of a store's settings by name, as written; words are a list. Those without a value and a standard are absent. */
export type StoreSettings = Readonly<Record<string, string | readonly string[]>>;

/** An opened store. No method throws for what a server or a file system does; that is in its answer. Two are never called at once. */
export interface Store {
	/** Proves as much as it can that `promote` would work, and changes nothing that a consumer sees. */
	check(): Promise<StoreCheck>;
	/** What it holds now. */
	read(): Promise<StoreHolds>;
	/** Writes the value beside the one in use, where the store has a slot for that. */
	stage?(write: StoreWrite): Promise<StoreWritten>;
	/**
	 * Puts the value in use, only if the store holds `expected`; one that is there already is "already". Also puts the old token back, with the
	 * roles swapped.
	 */
	promote(write: StoreWrite): Promise<StoreWritten>;
	/** Mutual exclusion between machines, where the store can give it. */
	readonly fence?: StoreFence;
	/** Ends connections and helpers. */
	close?(): Promise<void>;
}

export interface StoreCheck {
	/** "proven" by a conditional write without a change; "permitted" by the server's word; "unknown"; or "no". */
	readonly can: "proven" | "permitted" | "unknown" | "no";
	/** How it was looked at, in words. */
	readonly how: string;
	/** What to do; with "no" always given. */
	readonly nextStep?: string;
}

export type StoreHolds =
	| { readonly is: "token"; readonly value: StoredToken; readonly version?: string }
	| { readonly is: "empty" }
	/** It keeps the value to itself; `updated` changes with each write, and some tell the fingerprint ("nothing" where there is none). */
	| { readonly is: "hidden"; readonly updated?: string; readonly fingerprint?: string }
	/** Something that is no token, in words that do not quote it. */
	| { readonly is: "unusable"; readonly why: string; readonly nextStep: string }
	| { readonly is: "unreachable"; readonly why: string; readonly nextStep: string };

/** A token, and the public half of a pair that changes with it (a user name or key id), if the provider has pairs. */
export interface StoredToken {
	readonly token: Secret;
	readonly publicId?: string;
}

export interface StoreWrite {
	/** The operation's id, a UUID; the same one for every attempt of the same write. */
	readonly operation: string;
	/** The fingerprint that the field has to have before the write; "nothing" if it has to be empty. */
	readonly expected: string;
	readonly value: StoredToken;
}

export type StoreWritten =
	| { readonly did: "written" | "already"; readonly version?: string }
	/** Another token is there, by its fingerprint, or "nothing". Nothing was changed. */
	| { readonly did: "conflict"; readonly holds: string }
	/** Nothing was changed, and that is known. */
	| { readonly did: "refused"; readonly why: string; readonly nextStep: string }
	/** May or may not have been written: `read` decides. */
	| { readonly did: "ambiguous"; readonly why: string }
	/** A person has to do it now; the engine waits for that person's word. */
	| { readonly did: "person"; readonly words: readonly string[] };

/** Why a server did not do what was asked. */
export interface StoreTrouble {
	readonly why: string;
	readonly nextStep: string;
	/** A write may have been done all the same. */
	readonly mayBeDone: boolean;
}

/** The outcome of a conditional write: "stale" if somebody wrote what was read meanwhile. */
export type Compared = { readonly version: string } | "stale" | StoreTrouble;

/** A text of its own in a store. No method throws for what a server does. */
export interface StoreRecord {
	/** Where it is, for messages. */
	readonly place: string;
	/** How many bytes of UTF-8 it takes. */
	readonly maxBytes: number;
	/** The text, undefined if there is none yet, and its version. */
	read(): Promise<{ readonly text: string | undefined; readonly version: string } | StoreTrouble>;
	/** Writes it if the version is still the current one. */
	write(text: string, version: string): Promise<Compared>;
	close?(): Promise<void>;
}

/** A record of who works on a token, taken by a conditional write and read back. */
export interface StoreFence {
	/** Takes it for an operation, or finds it taken by the same operation. */
	take(operation: string, holder: string): Promise<StoreFenced>;
	/** Whether the operation still has it. */
	holds(operation: string): Promise<StoreFenced>;
	release(operation: string): Promise<StoreFenced>;
}

export type StoreFenced =
	| { readonly is: "held" }
	| { readonly is: "free" }
	| { readonly is: "other"; readonly operation: string; readonly holder: string }
	| { readonly is: "unreachable"; readonly why: string; readonly nextStep: string };

/** What a store reaches the world with; an adapter imports nothing else that does. */
export interface StoreReach {
	/** Sends one HTTP request; whatever the server does is an outcome. No redirects, no retries. */
	request(request: StoreRequest): Promise<StoreAnswer>;
	readonly files: StoreFiles;
	/** Runs a program without a shell; `input` is the only way to pass a token to it, followed by a line break. */
	run(
		program: string,
		args: readonly string[],
		options: {
			readonly input?: Secret;
			readonly timeoutMs: number;
			/** Environment variables besides those it inherits; never a secret. */
			readonly variables?: Readonly<Record<string, string>>;
		},
	): Promise<StoreRun>;
	/** Reads a secret of the store's block, by its reference. Throws an error that does not quote it. */
	secret(reference: string): Promise<Secret>;
	/** Why a client that reads a file by itself would not come to its end, in words; undefined if it would, or there is none. */
	endless(path: string): Promise<string | undefined>;
	/** An environment variable, for the credential chains of clients. */
	variable(name: string): string | undefined;
	/** Milliseconds since the epoch. */
	now(): number;
	sleep(ms: number): Promise<void>;
}

export interface StoreRequest {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Uint8Array;
	/** Authorities to trust, and a client certificate with its key: each the path of a PEM file, or PEM text. */
	readonly tls?: StoreTls;
	readonly timeoutMs: number;
}

export interface StoreTls {
	readonly ca?: string;
	readonly cert?: string;
	readonly key?: string;
}

export type StoreAnswer =
	| {
			readonly kind: "answer";
			readonly status: number;
			readonly headers: Readonly<Record<string, string>>;
			readonly body: Uint8Array;
	  }
	/** `sent` is false if the request certainly never reached the server: nothing was done. */
	| { readonly kind: "failure"; readonly code: string; readonly message: string; readonly sent: boolean };

export interface StoreFiles {
	/**
	 * A file's bytes and permission bits; undefined if there is none. Throws an error whose `message` is fit for people: a link, a folder,
	 * another user's file, no permission.
	 */
	look(path: string): Promise<{ readonly bytes: Uint8Array; readonly mode: number; readonly uid: number } | undefined>;
	/**
	 * Puts new content in the place of a file, by a rename within its folder; owner, mode and access list stay. Only if its bytes are still
	 * `expected`, or undefined for a file that must not exist yet, which gets mode 0600. `secret` is the one token that the content may hold.
	 */
	replace(path: string, content: Uint8Array, options: StoreReplace): Promise<void>;
	/** Writes and removes a file beside the path: whether its folder takes one. Does not touch the file itself. */
	tryFolder(path: string): Promise<void>;
}

export interface StoreReplace {
	readonly expected: Uint8Array | undefined;
	readonly secret: Secret;
}

export interface StoreRun {
	/** Undefined if it could not be started, was killed or took too long; `stderr` then says which. */
	readonly code: number | undefined;
	/** False if it could not be started: nothing was done. */
	readonly started?: boolean;
	readonly stdout: string;
	readonly stderr: string;
}

/** A setting that has a value. */
export function settingOf(settings: StoreSettings, name: string): string {
	const value = settings[name];
	if (typeof value !== "string") throw new Error(`a store without its setting ${name}`);
	return value;
}

/** The token in what a store holds, or what is wrong with it in words that do not quote it. */
export function storedToken(text: string): { readonly token: Secret } | { readonly why: string; readonly fix: string } {
	const [problem] = tokenProblems(text, "what it holds");
	return problem ? { why: problem.what, fix: problem.fix } : { token: Secret.of(text) };
}

/** The fingerprint of a text that could be a token, and of one that could not: for "conflict". */
export function fingerprintOf(text: string): string {
	return text === "" ? "nothing" : fingerprint(text);
}

/** A failure in words, without its stack. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

export type { Secret };
