import { createConnection } from "node:net";
import { describe, expect, test } from "vitest";
import type { Provider, TokenIssuer } from "../../src/adapters/providers/provider.ts";
import type { SandboxProvider } from "../../src/adapters/providers/sandbox.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { type OpenSandbox, openSandbox, type Way } from "../harness/sandbox.ts";

const SECOND = 1000;
const YEAR = 365 * 86_400 * SECOND;

export interface Expected {
	readonly way: Way;
	/** Of the old token after a rotation, in milliseconds; Infinity when it lives until it is revoked. */
	readonly overlap: number;
	readonly revocable: boolean;
	/** The body of a 401. */
	readonly refusal: unknown;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Three log records as JSON. */
export const otlp = (path: string): Way => ({
	method: "POST",
	path,
	body: otlpRequest("logs", 3, "json"),
	headers: (token) => ({ ...bearer(token), "content-type": "application/json" }),
});

/** What every provider's facts must hold, alone and beside its rules for the sandbox. */
export function providerContract(issuer: Provider | TokenIssuer, sandbox: SandboxProvider | undefined): void {
	test("it says in words what a rotation is, and where that was read", () => {
		for (const words of [issuer.title, issuer.overlap, issuer.rotation]) expect(words).not.toBe("");
		for (const source of [issuer.sources, sandbox?.sources ?? ["https://"]]) {
			expect(source.length).toBeGreaterThan(0);
			for (const url of source) expect(url).toMatch(/^https:\/\//);
		}
	});

	const ingest = "takes" in issuer ? issuer : undefined;

	test("the sandbox takes OTLP where, and only where, a collector is told to send it", () => {
		const path = ingest?.endpoint === undefined ? undefined : new URL(ingest.endpoint).pathname.replace(/\/$/, "");
		expect(sandbox?.otlp?.base).toBe(path);
		if (!ingest || !sandbox?.otlp) return;
		expect(sandbox.otlp.signals).toEqual(expect.arrayContaining([...ingest.takes]));
		for (const signal of Object.keys(ingest.refuses)) expect(sandbox.otlp.signals).not.toContain(signal);
		expect(sandbox.otlp.pathToken).toBe(ingest.tokenInUrl === true);
	});

	test("who has no rules for the sandbox is nobody in particular", () => {
		expect(sandbox === undefined).toBe(ingest !== undefined && ingest.endpoint === undefined);
	});
}

/** What every provider of the sandbox must do, exact to the second. */
export function sandboxContract(provider: SandboxProvider, { way, overlap, revocable, refusal }: Expected): void {
	const open = (faults: string[] = []) => openSandbox(provider, { faults });
	const codes = async (box: OpenSandbox, tokens: readonly string[]) => {
		const statuses = [];
		for (const token of tokens) statuses.push((await box.use(way, token)) < 300);
		return statuses;
	};

	test("accepts its first token and no other, and counts both", async () => {
		const box = await open();
		const stranger = canary().token;
		expect(await codes(box, [box.first, stranger, box.first])).toEqual([true, false, true]);
		const anonymous = await box.ask(way.method, way.path, way.headers(""), way.body);
		expect(anonymous.status).toBe(401);
		const { traffic, tokens } = await box.status();
		expect(traffic).toMatchObject([
			{ fingerprint: fingerprint(box.first), accepted: true, requests: 2 },
			{ fingerprint: fingerprint(stranger), accepted: false, requests: 1, records: 0 },
			{ fingerprint: fingerprint(""), accepted: false, requests: 1, records: 0 },
		]);
		expect(tokens).toMatchObject([{ role: "new", state: "active", fingerprint: fingerprint(box.first) }]);
		expect(box.first.startsWith(provider.prefix)).toBe(true);
	});

	test("a 401 has the provider's shape", async () => {
		const box = await open();
		const { status, json } = await box.ask(way.method, way.path, way.headers(canary().token), way.body);
		expect([status, json()]).toEqual([401, refusal]);
	});

	test("a rotation: the new token at once, the old one exactly until the overlap ends", async () => {
		const box = await open();
		const token = await box.rotate();
		expect(token.startsWith(provider.prefix)).toBe(true);
		const both = [box.first, token];
		const moments = Number.isFinite(overlap) ? [overlap - SECOND, overlap, overlap + SECOND] : [YEAR / 2];
		for (const moment of moments.filter((each) => each >= 0)) {
			box.at(moment);
			expect([moment, ...(await codes(box, both))]).toEqual([moment, moment < overlap, true]);
		}
		box.at(0);
		expect(await codes(box, both), "the clock decides, backwards too").toEqual([overlap > 0, true]);
	});

	test("the status says who is new, who is old, and until when", async () => {
		const box = await open();
		const token = await box.rotate();
		const { tokens, overlapMs } = await box.status();
		expect(overlapMs).toBe(Number.isFinite(overlap) ? overlap : undefined);
		expect(tokens).toMatchObject([
			{ role: "new", fingerprint: fingerprint(token), state: "active" },
			{ role: "old", fingerprint: fingerprint(box.first), state: overlap > 0 ? "active" : "expired" },
		]);
		expect(box.events).toMatchObject([
			{ kind: expect.stringMatching(/^(rotate|mint)$/), fingerprint: fingerprint(token) },
		]);
	});

	test("a revocation ends a token at once, where the portal has one", async () => {
		const box = await open();
		const token = await box.rotate();
		const { status } = await box.control("/revoke", { token: fingerprint(token) });
		expect(status).toBe(revocable ? 200 : 409);
		expect(await codes(box, [token])).toEqual([!revocable]);
		expect((await box.status()).tokens[0]?.state).toBe(revocable ? "revoked" : "active");
	});

	test("what it does not have is 404, what it does not do 405, and no answer repeats what came in", async () => {
		const box = await open();
		const { token } = canary();
		const nowhere = await box.ask("GET", `/nowhere/${token}/at/all`, way.headers(token));
		expect(nowhere.status).toBe(404);
		const wrongMethod = await box.ask("DELETE", way.path, way.headers(token));
		expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, expect.stringContaining(way.method)]);
		const broken = await box.ask("POST", "/_sandbox/rotate", {}, Buffer.from(`{"token": "${token}`));
		expect(broken.status).toBe(400);
		const named = await box.control("/rotate", { token });
		expect(named.status).toBe(404);
		for (const { text } of [nowhere, wrongMethod, broken, named]) expect(text).not.toContain(token);
	});

	describe("faults", () => {
		test.each([413, 429, 500, 502, 503, 504])("%i, twice, then never again; nothing was processed", async (status) => {
			const box = await open([`${status}:times=2`]);
			const got = [];
			for (let request = 0; request < 3; request++) got.push(await box.use(way, box.first));
			expect(got).toEqual([status, status, expect.any(Number)]);
			expect(got[2]).toBeLessThan(300);
			const { traffic, faults } = await box.status();
			expect(faults).toEqual([]);
			expect(traffic).toMatchObject([
				{ accepted: false, requests: 2, records: 0 },
				{ accepted: true, requests: 1 },
			]);
		});

		test("reset: the request was counted, and the client saw the connection reset", async () => {
			const box = await open(["reset:times=1"]);
			expect(await rawExchange(box.url, way, box.first)).toEqual({ error: "ECONNRESET", bytes: 0 });
			expect((await box.status()).traffic).toMatchObject([{ accepted: true, requests: 1 }]);
			expect(await rawExchange(box.url, way, box.first)).toMatchObject({ error: undefined });
		});

		test("malformed: the request was counted, and the body cannot be read", async () => {
			const box = await open(["malformed"]);
			const { text, status } = await box.ask(way.method, way.path, way.headers(box.first), way.body);
			expect(status).toBeLessThan(300);
			expect(() => JSON.parse(text)).toThrow();
			expect((await box.status()).traffic).toMatchObject([{ accepted: true, requests: 1 }]);
		});
	});
}

/** One request over a plain socket: how many bytes came back, and how the connection ended. */
function rawExchange(url: string, { method, path, headers, body }: Way, token: string) {
	const { hostname, port } = new URL(url);
	const content = body === undefined ? "" : body instanceof Uint8Array ? body : JSON.stringify(body);
	const head = Object.entries({ ...headers(token), connection: "close", "content-length": content.length });
	const lines = [
		`${method} ${path} HTTP/1.1`,
		`host: ${hostname}`,
		...head.map(([name, value]) => `${name}: ${value}`),
	];
	return new Promise<{ error: string | undefined; bytes: number }>((done) => {
		let bytes = 0;
		let error: string | undefined;
		const socket = createConnection({ host: hostname, port: Number(port) }, () => {
			socket.write(`${lines.join("\r\n")}\r\n\r\n`);
			socket.write(content);
		});
		socket.on("data", (chunk) => {
			bytes += chunk.length;
		});
		socket.on("error", (reason: NodeJS.ErrnoException) => {
			error = reason.code;
		});
		socket.on("close", () => done({ error, bytes }));
	});
}
