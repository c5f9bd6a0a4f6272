import { ownEntry } from "../../base/lookup.ts";
import { said } from "./secrets.ts";
import type { StoreAnswer, StoreTrouble, StoreWritten } from "./store.ts";

/** What to do, by status; the rest is for the server's owner to find out. */
const NEXT_STEPS: Readonly<Record<number, string>> = {
	401: "check the credentials in the store's block: they are missing, wrong or expired",
	404: "check the names in the store's block",
	429: "wait, and run it again",
};

/** What stands in the way, or undefined for an answer of 200 to 299. `rights` says what to do about 403, `detail` is the server's own text. */
export function troubleOf(
	answer: StoreAnswer,
	server: string,
	rights: string,
	detail?: string,
): StoreTrouble | undefined {
	if (answer.kind === "failure") {
		const why = `${answer.sent ? "no answer from" : "cannot reach"} ${server} (${answer.code})`;
		return { why, nextStep: "check the address, the network and the certificate", mayBeDone: answer.sent };
	}
	const { status } = answer;
	if (status >= 200 && status < 300) return undefined;
	const text = detail === undefined || detail === "" ? "" : `: ${said(detail)}`;
	const why = `${server} answered ${status}${text}`;
	if (status >= 300 && status < 400)
		return { why, nextStep: "name the address that it redirects to: a credential is not sent on", mayBeDone: false };
	const nextStep = status === 403 ? rights : (NEXT_STEPS[status] ?? "look into the server's log, and run it again");
	return { why, nextStep, mayBeDone: status >= 500 };
}

/** The same as the result of a write. */
export function notWritten({ why, nextStep, mayBeDone }: StoreTrouble): StoreWritten {
	return mayBeDone ? { did: "ambiguous", why } : { did: "refused", why, nextStep };
}

/** The document in a body; undefined if it is none. An error of the parser could quote it. */
export function jsonOf(body: Uint8Array): unknown {
	try {
		return JSON.parse(Buffer.from(body).toString("utf8"));
	} catch {
		return undefined;
	}
}

/** An object in a document, by the names that lead there; empty if there is none. */
export function objectAt(document: unknown, ...names: readonly string[]): Readonly<Record<string, unknown>> {
	let found = document;
	for (const name of names) found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
	return isObject(found) ? found : {};
}

/** A text in an object; undefined if it is no text. */
export function textIn(object: Readonly<Record<string, unknown>>, name: string): string | undefined {
	const value = ownEntry(object, name);
	return typeof value === "string" ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
