import { randomBytes } from "node:crypto";
import { expect, onTestFinished } from "vitest";
import type { SandboxProvider } from "../../src/adapters/providers/sandbox.ts";
import { readSettings } from "../../src/base/settings.ts";
import { serve } from "../../src/effects/net/http-server.ts";
import { parseFault } from "../../src/rehearse/sandbox/faults.ts";
import type { SandboxEvent, SandboxStatus } from "../../src/rehearse/sandbox/ledger.ts";
import { startSandbox } from "../../src/rehearse/sandbox/server.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { leaks } from "./canary.ts";

/** How one provider is spoken to: a request that only a good token gets through, and the headers a token stands in. */
export interface Way {
	readonly method: "GET" | "POST";
	readonly path: string;
	readonly body?: unknown;
	headers(token: string): Record<string, string>;
}

export interface SandboxReply {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	/** The body as JSON. */
	json(): Record<string, unknown>;
}

export const NOW = Date.parse("2026-11-23T12:00:00.000Z");

/** A sandbox in this process whose clock stands still, with real HTTP; no token it handed out may show in its events or status. */
export async function openSandbox(
	provider: SandboxProvider,
	{ settings = {}, faults = [] as string[] }: { settings?: Record<string, string>; faults?: string[] } = {},
) {
	const bad = (problem: { what: string }) => expect.unreachable(problem.what);
	const events: SandboxEvent[] = [];
	const seen: string[] = [];
	const random = { token: () => randomBytes(32).toString("base64url") };
	const first = provider.prefix + random.token();
	const adminKey = (provider.adminKey?.prefix ?? "") + random.token();
	let now = NOW;
	const server = await startSandbox(
		{ serve, random, clock: { now: () => now, after: () => () => {} } },
		{
			host: "127.0.0.1",
			port: 0,
			provider,
			settings: readSettings(provider.settings, settings, () => "--set", bad),
			token: first,
			adminKey,
			faults: faults.flatMap((each) => parseFault(each, "--fault", bad) ?? []),
			onEvent: (event) => events.push(event),
		},
	);
	const tokens = [first, adminKey];
	onTestFinished(async () => {
		await server.close();
		const canaries = tokens.map((token) => ({ token, fingerprint: fingerprint(token) }));
		expect(leaks(canaries, { events: JSON.stringify(events), status: seen.join("\n") })).toEqual([]);
	});
	const ask = async (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) => {
		const content = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
		const response = await fetch(server.url + path, {
			method,
			headers,
			...(content === undefined ? {} : { body: content }),
		});
		const text = await response.text();
		const json = (): Record<string, unknown> => JSON.parse(text);
		return { status: response.status, headers: response.headers, text, json } satisfies SandboxReply;
	};
	/** Takes the token out of an answer, so that it is looked for wherever it must not be. */
	const keep = (reply: SandboxReply, field = "token"): string => {
		const token = String(reply.json()[field]);
		tokens.push(token);
		return token;
	};
	const control = (path: string, body: unknown = {}) => ask("POST", `/_sandbox${path}`, {}, body);
	return {
		url: server.url,
		first,
		adminKey,
		events,
		ask,
		keep,
		control,
		/** Moves the clock to so many milliseconds after the start. */
		at: (ms: number) => {
			now = NOW + ms;
		},
		bearer: (token: string) => ({ authorization: `Bearer ${token}` }),
		status: async () => {
			const { text } = await ask("GET", "/_sandbox");
			seen.push(text);
			return JSON.parse(text) as SandboxStatus;
		},
		rotate: async (body: unknown = {}) => keep(await control("/rotate", body)),
		/** The status a token gets by a provider's way. */
		use: async ({ method, path, headers, body }: Way, token: string) =>
			(await ask(method, path, headers(token), body)).status,
	};
}

export type OpenSandbox = Awaited<ReturnType<typeof openSandbox>>;
