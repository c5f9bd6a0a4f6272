import {
	fingerprintOf,
	type StoreHolds,
	type StoreSettings,
	type StoreWrite,
	type StoreWritten,
	storedToken,
} from "./store.ts";

/** The fields of a document that are ours, as texts; what is not there is undefined. */
export interface OurFields {
	readonly token: string | undefined;
	/** The public half of a pair, where the store has a field for it. */
	readonly publicId?: string | undefined;
}

/** What a store holds, by its fields. `where` is the place of the token in words: `the key token of the Secret`. */
export function holdsOf({ token, publicId }: OurFields, where: string, version?: string): StoreHolds {
	if (token === undefined || token === "") return { is: "empty" };
	const found = storedToken(token);
	if ("why" in found) {
		const { why, fix } = found;
		return { is: "unusable", why: why.replace("what it holds", where), nextStep: fix };
	}
	const value = { ...found, ...(publicId && { publicId }) };
	return { is: "token", value, ...(version !== undefined && { version }) };
}

/** Why nothing is to be written, from what the fields hold; undefined if the write is to go ahead. */
export function reasonNotTo(
	write: StoreWrite,
	{ token = "", publicId }: OurFields,
	version?: string,
): StoreWritten | undefined {
	const holds = fingerprintOf(token);
	const { value, expected } = write;
	if (holds === value.token.fingerprint && (value.publicId === undefined || value.publicId === publicId))
		return { did: "already", ...(version !== undefined && { version }) };
	if (holds !== expected && holds !== value.token.fingerprint) return { did: "conflict", holds };
	return undefined;
}

/** Why a pair does not fit the fields that the block names; undefined if it does. */
export function pairProblem(settings: StoreSettings, write: StoreWrite, setting: string): StoreWritten | undefined {
	const isNamed = settings[setting] !== undefined;
	const { publicId } = write.value;
	if ((publicId !== undefined) === isNamed) return undefined;
	return publicId === undefined
		? {
				did: "refused",
				why: `the block has ${setting}, and the provider gives no public id with this token`,
				nextStep: `remove ${setting} from the store's block`,
			}
		: {
				did: "refused",
				why: "the provider gives a pair, and the block names a field for the token alone",
				nextStep: `add ${setting}, the field of the public id, to the store's block`,
			};
}
