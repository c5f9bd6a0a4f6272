/**
 * The sealed box in which GitHub takes a secret: X25519 with a key made for this one message, XSalsa20-Poly1305, and a nonce that is a BLAKE2b
 * hash of both public keys. Only GitHub, which has the private key, can open it. Loaded when a rotation has such a store.
 *
 * Sources: https://docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api,
 * https://doc.libsodium.org/public-key_cryptography/sealed_boxes.
 */
import { blake2b } from "blakejs";
import { box } from "tweetnacl";

/** https://doc.libsodium.org/public-key_cryptography/authenticated_encryption */
const NONCE_BYTES = 24;

/** The text, sealed for a public key in base64, as base64. Throws an error where that is no key. */
export function sealed(text: string, publicKey: string): string {
	const key = Uint8Array.from(Buffer.from(publicKey, "base64"));
	if (key.length !== box.publicKeyLength) throw new Error("the public key is none");
	const own = box.keyPair();
	const nonce = blake2b(Buffer.concat([own.publicKey, key]), undefined, NONCE_BYTES);
	const closed = box(Uint8Array.from(Buffer.from(text)), nonce, key, own.secretKey);
	return Buffer.concat([own.publicKey, closed]).toString("base64");
}
