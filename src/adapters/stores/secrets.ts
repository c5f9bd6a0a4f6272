import { shown } from "../../base/mask.ts";
import { redact } from "../../token/guard.ts";
import { Secret } from "../../token/secret.ts";
import { isSafeAlphabet } from "../../token/shape.ts";

/** What a server or a program said, fit for a message: one line, without any secret that was read so far. */
export function said(text: string): string {
	return shown(redact(text).trim().split("\n", 1)[0] ?? "", 200);
}

/** A credential that a server gave us. Throws an error that does not quote it where it is none. */
export function secretOf(text: string): Secret {
	return Secret.of(text);
}

/** Whether a token goes unchanged into scripts, forms and documents. */
export function isPlain(token: Secret): boolean {
	return isSafeAlphabet(token.reveal());
}
