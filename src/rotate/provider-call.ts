import type { ProviderCall } from "../adapters/providers/rotation.ts";
import { CrossfadeError } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import type { HttpFailure, HttpOutcome } from "../effects/net/http.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { parseTokenRef } from "../token/reference.ts";
import type { Secret } from "../token/secret.ts";

/** Longer than any provider takes, so that an answer with the only copy of a secret is waited for. */
const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Sends one request to the provider: once, without redirects, never again by itself. */
export async function askProvider(
	fx: Pick<Effects, "request" | "readToken">,
	spec: Pick<RotationSpec, "endpoint" | "headers">,
	call: ProviderCall,
	credential: Secret,
): Promise<HttpOutcome> {
	const { method, path, header = "Authorization", json, accept } = call;
	const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
	const further: [string, string][] = [];
	if (call.by === "admin") {
		for (const [name, ref] of Object.entries(spec.headers)) {
			further.push([name.toLowerCase(), (await fx.readToken(ref, "secret", `Header ${shownName(name)}`)).reveal()]);
		}
	}
	return fx.request({
		method,
		url: new URL(path, `${spec.endpoint}/`).href,
		headers: {
			...Object.fromEntries(further),
			[header.toLowerCase()]: credentialText(call, credential),
			...(accept === undefined ? {} : { accept }),
			...(body && { "content-type": "application/json" }),
		},
		...(body && { body }),
		timeoutMs: TIMEOUT_MS,
		maxBytes: MAX_ANSWER_BYTES,
		proxy: "environment",
	});
}

function credentialText({ scheme = "Bearer", user }: ProviderCall, credential: Secret): string {
	if (user !== undefined) return `Basic ${Buffer.from(`${user}:${credential.reveal()}`).toString("base64")}`;
	return `${scheme}${scheme === "" ? "" : " "}${credential.reveal()}`;
}

/** The management credential of a rotation. Throws `CrossfadeError`, without quoting it. */
export async function adminCredential(fx: Pick<Effects, "readToken">, { settings }: RotationSpec): Promise<Secret> {
	const ref = parseTokenRef(settings["admin"] ?? "", "admin");
	if ("what" in ref) throw new CrossfadeError("usage", { ...ref, what: "the rotation has no admin credential" });
	return fx.readToken(ref, "secret", "Management key");
}

/** What became of a request: done, certainly not, or nobody knows. */
export type CallFate = "done" | "no" | "unknown";

/** Refusals after which nothing was done, by what HTTP says of them. https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx */
const REFUSALS = new Set([400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429]);

export function callFate(outcome: HttpOutcome): CallFate {
	if (outcome.kind === "answer") {
		if (outcome.status >= 200 && outcome.status < 300) return "done";
		return REFUSALS.has(outcome.status) ? "no" : "unknown";
	}
	return wasSent(outcome) ? "unknown" : "no";
}

/** Whether any of a failed request can have reached the server. */
export function wasSent({ phase }: HttpFailure): boolean {
	return phase === undefined || phase === "answer" || phase === "body";
}

/** A request's outcome in words, without anything that the other side wrote. */
export function outcomeText(outcome: HttpOutcome): string {
	if (outcome.kind === "answer") return `the provider answered with status ${outcome.status}`;
	return `the provider could not be reached, or its answer did not arrive whole (${outcome.code})`;
}

/** The provider's clock minus ours, from an answer's `Date`; undefined if it has none. */
export function providerOffset(outcome: HttpOutcome, now: number): number | undefined {
	const date = Date.parse(outcome.headers?.["date"] ?? "");
	return Number.isNaN(date) ? undefined : date + 500 - now;
}

/** The same from a request without a credential, whose status does not matter. */
export async function providerClock(
	fx: Pick<Effects, "request" | "clock">,
	{ endpoint }: Pick<RotationSpec, "endpoint">,
): Promise<number | undefined> {
	const outcome = await fx.request({
		method: "GET",
		url: `${endpoint}/`,
		timeoutMs: 10_000,
		maxBytes: MAX_ANSWER_BYTES,
		proxy: "environment",
	});
	return providerOffset(outcome, fx.clock.now());
}
