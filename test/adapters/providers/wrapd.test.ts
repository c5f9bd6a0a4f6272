import { describe, expect, test } from "vitest";
import { sandbox } from "../../../src/adapters/providers/wrapd/sandbox.ts";
import { openSandbox } from "../../harness/sandbox.ts";

const MINUTE = 60_000;
const graces: Record<string, number> = {
	"0s": 0,
	"15m": 15 * MINUTE,
	"1h": 60 * MINUTE,
	"6h": 360 * MINUTE,
	"24h": 1440 * MINUTE,
	"3d": 3 * 1440 * MINUTE,
	"7d": 7 * 1440 * MINUTE,
};

async function opened(settings: Record<string, string> = {}) {
	const box = await openSandbox(sandbox, { settings });
	const call = (key: string, endpoint = "uptime", accept = "application/json") =>
		box.ask("GET", `/v1/alice/${endpoint}`, { "x-api-key": key, accept });
	return { ...box, call };
}

describe("Wrapd", () => {
	test.each(Object.entries(graces))("grace %s ends to the second", async (grace, length) => {
		const { rotate, call, first, at } = await opened();
		const key = await rotate({ grace });
		for (const moment of [length - 1000, length, length + 1000].filter((each) => each >= 0)) {
			at(moment);
			expect([moment, (await call(first)).status]).toEqual([moment, moment < length ? 200 : 401]);
			expect((await call(key)).status).toBe(200);
		}
	});

	test.each([["30m"], [900], ["constructor"], [""]])("there is no grace %j", async (grace) => {
		const { control, call, first } = await opened();
		const reply = await control("/rotate", { grace });
		expect([reply.status, reply.json()]).toEqual([400, { message: expect.stringContaining("15m") }]);
		expect((await call(first)).status).toBe(200);
	});

	test("a key with scopes keeps them over a rotation: 403 elsewhere", async () => {
		const { ask, bearer, adminKey, keep, rotate, call } = await opened();
		const made = await ask("POST", "/api-keys", bearer(adminKey), { label: "production", scopes: ["deploy"] });
		expect([made.status, made.json()]).toEqual([
			201,
			{ id: expect.any(String), key: expect.stringMatching(/^wrapd_sk_/), label: "production", scopes: ["deploy"] },
		]);
		const old = keep(made, "key");
		const key = await rotate({ token: made.json()["id"], grace: "1h" });
		for (const each of [old, key]) {
			expect([(await call(each, "deploy")).status, (await call(each, "uptime")).status]).toEqual([200, 403]);
		}
	});

	test("keys are made with the session's JWT and need a label; a key makes none", async () => {
		const { ask, bearer, adminKey, first } = await opened();
		expect((await ask("POST", "/api-keys", bearer(adminKey), {})).status).toBe(400);
		expect((await ask("POST", "/api-keys", bearer(first), { label: "x" })).status).toBe(401);
		expect((await ask("POST", "/api-keys", { "x-api-key": first }, { label: "x" })).status).toBe(401);
	});

	test("an endpoint answers as JSON or as events, to X-API-Key and not to Bearer", async () => {
		const { ask, bearer, call, first, status } = await opened();
		const buffered = await call(first);
		expect([buffered.headers.get("content-type"), buffered.json()]).toEqual([
			"application/json",
			{ output: "ok\n", exit_code: 0 },
		]);
		const streamed = await call(first, "uptime", "*/*");
		expect([streamed.headers.get("content-type"), streamed.text]).toEqual(["text/event-stream", "data: ok\n\n"]);
		expect((await ask("GET", "/v1/alice/uptime", bearer(first))).status).toBe(401);
		expect((await status()).traffic[0]).toMatchObject({ accepted: true, requests: 2, records: 2 });
	});

	test("a revoked key cannot be rotated", async () => {
		const { control, status } = await opened();
		const { tokens } = await status();
		await control("/revoke", { token: tokens[0]?.id });
		expect((await control("/rotate")).status).toBe(409);
	});
});
