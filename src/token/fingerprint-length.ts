/**
 * Hex digits of a fingerprint: 48 bits distinguish any fleet's tokens and reveal nothing of a token of 20 or more random characters.
 * In a file of its own: what only reads fingerprints does without the cryptography of Node, which costs a tenth of a start.
 */
export const FINGERPRINT_LENGTH = 12;
