import { FINGERPRINT_LENGTH } from "./fingerprint-length.ts";

/**
 * The first 12 hex digits of SHA-256 over the token's bytes. The same value results from
 * `printf %s "$TOKEN" | sha256sum | cut -c1-12`, of PowerShell, and of OTTL's `Substring(SHA256(token), 0, 12)`.
 *
 * @example
 * import { fingerprint } from "otel-crossfade";
 *
 * console.log(fingerprint("an-ingest-token-of-yours")); // 1aa218b9c661
 */
export function fingerprint(token: string | Uint8Array): string {
	// Loaded on use: it takes 3 ms, and most commands that could need a fingerprint need none.
	return process
		.getBuiltinModule("node:crypto")
		.createHash("sha256")
		.update(token)
		.digest("hex")
		.slice(0, FINGERPRINT_LENGTH);
}
