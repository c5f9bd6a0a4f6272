import { CrossfadeError } from "../base/errors.ts";
import { jsonField } from "../base/json.ts";
import { fingerprint } from "../token/fingerprint.ts";

/**
 * Seals secrets with age, so that the program `age` opens them without us. Each operation has an identity of its own; that is itself sealed
 * for this machine's key and for the break-glass recipients, and destroyed at the end: then nothing opens the operation's records again.
 * https://age-encryption.org/v1
 */
export interface Sealer {
	/** The age file, in base64. */
	seal(label: SealLabel, secret: Uint8Array): Promise<string>;
	/** The secret. Throws `CrossfadeError` (refused) if it is not the one of this label. */
	open(label: SealLabel, box: string): Promise<Uint8Array>;
}

/** What a sealed text says of itself, and has to be compared with: an older one must not take its place. */
export interface SealLabel {
	readonly operation: string;
	readonly sequence: number;
	readonly what: string;
	readonly fingerprint: string;
}

/** An age identity, of the kind `AGE-SECRET-KEY-1…`, and its recipient. */
export interface AgeKey {
	readonly identity: string;
	readonly recipient: string;
}

export async function newAgeKey(): Promise<AgeKey> {
	const { generateIdentity, identityToRecipient } = await import("age-encryption");
	const identity = await generateIdentity();
	return { identity, recipient: await identityToRecipient(identity) };
}

/** The recipient of an identity. Throws `CrossfadeError` (refused), without quoting it, if it is none. */
export async function recipientOf(identity: string, where: string): Promise<string> {
	try {
		const { identityToRecipient } = await import("age-encryption");
		return await identityToRecipient(identity);
	} catch {
		throw new CrossfadeError("refused", {
			what: "not an age identity",
			expected: "one line that begins with AGE-SECRET-KEY-1, as crossfade init --rotate or age-keygen makes it",
			where: { file: where },
			fix: "name the file with this machine's key, or make one: crossfade init --rotate",
		});
	}
}

/** An operation's identity, sealed for its recipients. */
export async function wrapIdentity(identity: string, recipients: readonly string[]): Promise<Uint8Array> {
	return encrypted(recipients, Buffer.from(identity));
}

/** The identity again. Throws `CrossfadeError` (refused) if this key does not open it. */
export async function unwrapIdentity(wrapped: Uint8Array, key: string, where: string): Promise<string> {
	const opened = await decrypted(key, wrapped);
	if (opened !== undefined) return Buffer.from(opened).toString("utf8");
	throw new CrossfadeError("refused", {
		what: "this machine's key does not open the journal's sealed records",
		expected: "the key with which the rotation was started, or a break-glass key",
		where: { file: where },
		fix: "name that key with key: in the rotation's block",
	});
}

/** Seals and opens with an operation's identity. */
export function sealer({ identity, recipient }: AgeKey): Sealer {
	return {
		async seal(label, secret) {
			const text = JSON.stringify({ ...label, secret: Buffer.from(secret).toString("base64") });
			return Buffer.from(await encrypted([recipient], Buffer.from(text))).toString("base64");
		},
		async open(label, box) {
			const opened = await decrypted(identity, Buffer.from(box, "base64"));
			const text = opened === undefined ? "" : Buffer.from(opened).toString("utf8");
			const isSame = Object.entries(label).every(([name, value]) => jsonField(text, name) === value);
			const secret = jsonField(text, "secret");
			const bytes = typeof secret === "string" ? Buffer.from(secret, "base64") : undefined;
			if (isSame && bytes && fingerprint(bytes) === label.fingerprint) return bytes;
			throw new CrossfadeError("refused", {
				what: "a sealed record is not the one that this rotation wrote",
				expected: `record ${label.sequence} of operation ${label.operation}`,
				got: opened === undefined ? "one that its key does not open" : "another one",
				fix: "bring back the journal from before it was changed; nothing was promoted from it",
			});
		},
	};
}

async function encrypted(recipients: readonly string[], content: Uint8Array): Promise<Uint8Array> {
	const { Encrypter } = await import("age-encryption");
	const encrypter = new Encrypter();
	for (const recipient of recipients) encrypter.addRecipient(recipient);
	return encrypter.encrypt(content);
}

async function decrypted(identity: string, content: Uint8Array): Promise<Uint8Array | undefined> {
	const { Decrypter } = await import("age-encryption");
	try {
		const decrypter = new Decrypter();
		decrypter.addIdentity(identity);
		return await decrypter.decrypt(content, "uint8array");
	} catch {
		return undefined;
	}
}
