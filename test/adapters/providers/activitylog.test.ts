import { describe, expect, test } from "vitest";
import { sandbox } from "../../../src/adapters/providers/activitylog/sandbox.ts";
import { readSettings } from "../../../src/base/settings.ts";
import { fingerprint } from "../../../src/token/fingerprint.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import { NOW, type OpenSandbox, openSandbox } from "../../harness/sandbox.ts";

const HOUR = 3_600_000;

async function opened(settings: Record<string, string> = {}) {
	const box = await openSandbox(sandbox, { settings });
	const message = (body: unknown, token = box.first) => box.ask("POST", "/api/v1/messages", box.bearer(token), body);
	const logs = (count: number, token = box.first) =>
		box.ask(
			"POST",
			"/api/v1/otlp/v1/logs",
			{ ...box.bearer(token), "content-type": "application/x-protobuf" },
			otlpRequest("logs", count),
		);
	return { ...box, message, logs };
}

async function session({ ask, keep, adminKey }: OpenSandbox) {
	const reply = await ask("POST", "/api/v1/auth/login", {}, { email: "you@example.com", password: adminKey });
	expect(reply.json()).toMatchObject({ expiresAt: expect.stringMatching(/^20\d\d-.*Z$/) });
	return { access: keep(reply, "accessToken"), refresh: keep(reply, "refreshToken") };
}

describe("ActivityLog: whoami", () => {
	test("tells the system and the token's retention, to the token only", async () => {
		const { ask, bearer, first, adminKey } = await opened();
		const me = await ask("GET", "/api/v1/systems/me", bearer(first));
		expect([me.status, me.json()]).toEqual([200, expect.objectContaining({ tier: "free", retentionDays: 7 })]);
		expect((await ask("GET", "/api/v1/systems/me", bearer(adminKey))).status).toBe(401);
	});
});

describe("ActivityLog: ingest", () => {
	test("OTLP logs and traces, below its own base path, metrics not at all", async () => {
		const { ask, bearer, first, logs, status } = await opened();
		expect((await logs(3)).status).toBe(200);
		const headers = { ...bearer(first), "content-type": "application/x-protobuf" };
		const at = (path: string, signal: "traces" | "metrics" | "logs") =>
			ask("POST", path, headers, otlpRequest(signal, 2));
		expect((await at("/api/v1/otlp/v1/traces", "traces")).status).toBe(200);
		expect((await at("/api/v1/otlp/v1/metrics", "metrics")).status).toBe(404);
		expect((await at("/v1/logs", "logs")).status).toBe(404);
		expect((await at(`/api/v1/otlp/${first}/v1/logs`, "logs")).status).toBe(404);
		expect((await status()).traffic.map(({ signal, records }) => [signal, records])).toEqual([
			["logs", 3],
			["traces", 2],
		]);
	});

	test("a message: 201 with id and time, 400 without a stream, 413 over the tier's body", async () => {
		const { message } = await opened();
		const good = await message({ stream: "events", type: "user.signed_in" });
		expect([good.status, good.json()]).toEqual([
			201,
			{ id: expect.stringMatching(/^[0-9A-Z]{26}$/), ingestedAt: new Date(NOW).toISOString() },
		]);
		expect((await message({ type: "user.signed_in" })).status).toBe(400);
		expect((await message({ stream: "x".repeat(81) })).status).toBe(400);
		expect((await message({ stream: "events", body: "x".repeat(16 * 1024) })).status).toBe(201);
		expect((await message({ stream: "events", body: "x".repeat(16 * 1024 + 1) })).status).toBe(413);
		const pro = await opened({ tier: "pro" });
		expect((await pro.message({ stream: "events", body: "x".repeat(16 * 1024 + 1) })).status).toBe(201);
	});

	test("Langfuse's batch: with the pair or the token, each event taken or listed as an error", async () => {
		const { ask, bearer, first, status } = await opened();
		const [token] = (await status()).tokens;
		const basic = (user: string, password: string) => ({
			authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
		});
		const event = { id: "e1", type: "trace-create", timestamp: "2026-11-23T12:00:00Z", body: {} };
		const send = (headers: Record<string, string>, batch: unknown) =>
			ask("POST", "/api/public/ingestion", headers, { batch });
		for (const headers of [basic(token?.id ?? "", first), bearer(first)]) {
			const reply = await send(headers, [event, { id: "e2" }]);
			expect([reply.status, reply.json()]).toEqual([
				207,
				{ successes: [{ id: "e1", status: 201 }], errors: [{ id: "e2", status: 400, message: "not an event" }] },
			]);
		}
		expect((await send(basic("tok_other", first), [event])).status).toBe(401);
		expect((await send(basic(token?.id ?? "", `${first}x`), [event])).status).toBe(401);
		expect((await send(bearer(first), "x")).status).toBe(400);
		expect((await ask("GET", "/api/v1/systems/me", basic(token?.id ?? "", first))).status).toBe(401);
		expect((await status()).traffic.find(({ accepted }) => accepted)).toMatchObject({ signal: "api", records: 2 });
	});

	test("rate: responses show what is left; at zero, 429 with the exact seconds to wait", async () => {
		const { logs, at, status } = await opened({ rate: "10", burst: "20" });
		const first = await logs(18);
		expect([first.headers.get("x-ratelimit-limit"), first.headers.get("x-ratelimit-remaining")]).toEqual(["20", "2"]);
		expect((await logs(30)).headers.get("x-ratelimit-remaining")).toBe("0");
		const refused = await logs(1);
		expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3"]);
		expect(refused.headers.get("content-type")).toBe("application/x-protobuf");
		at(2_000);
		expect((await logs(1)).status).toBe(429);
		at(3_000);
		expect((await logs(1)).status).toBe(200);
		expect((await status()).traffic).toMatchObject([
			{ accepted: true, requests: 3, records: 49 },
			{ accepted: false, requests: 2, records: 0 },
		]);
	});

	test("sampling: every second request is accepted, dropped, and marked", async () => {
		const { logs, message, status } = await opened({ sample: "2" });
		const sampled = [await logs(5), await logs(5), await message({ stream: "a" }), await message({ stream: "a" })];
		expect(sampled.map((each) => [each.status, each.headers.get("x-al-sampled")])).toEqual([
			[200, null],
			[200, "true"],
			[201, null],
			[201, "true"],
		]);
		expect((await status()).traffic.map(({ requests, records }) => [requests, records])).toEqual([
			[2, 5],
			[2, 1],
		]);
	});
});

describe("ActivityLog: tokens", () => {
	test("login for an hour, to the second; refresh; a wrong password is 401", async () => {
		const box = await opened();
		const { access, refresh } = await session(box);
		const me = await box.ask("GET", "/api/v1/systems/me", box.bearer(box.first));
		const list = async (token: string) =>
			(await box.ask("GET", `/api/v1/systems/${me.json()["id"]}/tokens`, box.bearer(token))).status;
		for (const [at, status] of [
			[HOUR - 1000, 200],
			[HOUR, 401],
			[HOUR + 1000, 401],
		] as const) {
			box.at(at);
			expect([at, await list(access)]).toEqual([at, status]);
		}
		const again = await box.ask("POST", "/api/v1/auth/refresh", {}, { refreshToken: refresh });
		expect(await list(box.keep(again, "accessToken"))).toBe(200);
		box.keep(again, "refreshToken");
		for (const [path, body] of [
			["login", { email: "you@example.com", password: "wrong" }],
			["refresh", { refreshToken: access }],
		] as const) {
			expect((await box.ask("POST", `/api/v1/auth/${path}`, {}, body)).status).toBe(401);
		}
		expect(await list(box.first), "a token manages nothing").toBe(401);
		expect(await list(box.adminKey), "nor does the password").toBe(401);
	});

	test("mint a second token, full at two on the free tier, revoke, mint again", async () => {
		const box = await opened();
		const { access } = await session(box);
		const { id: system } = (await box.ask("GET", "/api/v1/systems/me", box.bearer(box.first))).json();
		const path = `/api/v1/systems/${system}/tokens`;
		const mint = (body: unknown) => box.ask("POST", path, box.bearer(access), body);
		const minted = await mint({ retentionDays: 7 });
		expect([minted.status, minted.json()]).toEqual([
			201,
			{
				id: expect.any(String),
				token: expect.stringMatching(/^al_/),
				retentionDays: 7,
				status: "active",
				createdAt: "2026-11-23T12:00:00Z",
			},
		]);
		const token = box.keep(minted);
		expect([(await box.logs(1)).status, (await box.logs(1, token)).status]).toEqual([200, 200]);
		const third = await mint({});
		expect([third.status, third.json()]).toEqual([409, { error: "a system on this tier can have 2 tokens" }]);
		expect((await box.control("/rotate")).status, "the portal is as full").toBe(409);
		const { items } = (await box.ask("GET", path, box.bearer(access))).json() as { items: { id: string }[] };
		const gone = await box.ask("DELETE", `${path}/${items[1]?.id}`, box.bearer(access));
		expect([gone.status, gone.text]).toEqual([204, ""]);
		expect([(await box.logs(1)).status, (await box.logs(1, token)).status]).toEqual([401, 200]);
		box.keep(await mint({}));
		expect((await box.ask("DELETE", `${path}/none`, box.bearer(access))).status).toBe(404);
		expect((await box.ask("GET", "/api/v1/systems/other/tokens", box.bearer(access))).status).toBe(404);
		expect(box.events.filter(({ kind }) => kind !== "request").map(({ kind }) => kind)).toEqual([
			"mint",
			"revoke",
			"mint",
		]);
	});

	test("a replacement with another retention is issued silently; whoami shows it", async () => {
		const box = await opened({ tier: "pro", retention: "90" });
		const token = box.keep(await box.control("/mint", { retentionDays: 30 }));
		const retention = async (of: string) =>
			(await box.ask("GET", "/api/v1/systems/me", box.bearer(of))).json()["retentionDays"];
		expect([await retention(box.first), await retention(token)]).toEqual([90, 30]);
		expect((await box.control("/mint", { retentionDays: 365 })).status, "over the tier").toBe(400);
		expect((await box.control("/mint", { retentionDays: "30" })).status, "not a number").toBe(400);
	});

	test("the newest that is accepted is the new one, also after a roll back", async () => {
		const box = await opened();
		const token = await box.rotate();
		await box.control("/revoke", { token: fingerprint(token) });
		expect((await box.status()).tokens.map(({ role, state }) => [role, state])).toEqual([
			["old", "revoked"],
			["new", "active"],
		]);
	});

	test.each([
		[{ retention: "30" }, "one of 7"],
		[{ tier: "pro", sample: "2" }, "only the free tier"],
		[{ tier: "pro", retention: "90" }, undefined],
		[{ tier: "enterprise", retention: "-1" }, undefined],
	])("settings that go together, and not: %j", (given, message) => {
		const values = readSettings(
			sandbox.settings,
			given,
			() => "--set",
			({ what }) => expect.unreachable(what),
		);
		const conflict = sandbox.conflict?.(values);
		if (message === undefined) expect(conflict).toBeUndefined();
		else expect(conflict).toContain(message);
	});
});
