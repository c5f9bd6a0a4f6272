import { describe, expect, test } from "vitest";
import { sandbox } from "../../../src/adapters/providers/tooken/sandbox.ts";
import { canary } from "../../harness/canary.ts";
import { NOW, openSandbox } from "../../harness/sandbox.ts";

async function opened(settings: Record<string, string> = {}) {
	const box = await openSandbox(sandbox, { settings });
	const api = (method: string, path: string, body?: unknown, token = box.adminKey) =>
		box.ask(method, `/v1/tokens${path}`, box.bearer(token), body);
	const create = async (body: unknown) => {
		const reply = await api("POST", "", body);
		return { ...reply, token: reply.status === 201 ? box.keep(reply) : "", id: String(reply.json()["id"]) };
	};
	const isAlive = async (token: string) => (await api("GET", "", undefined, token)).status === 200;
	return { ...box, api, create, isAlive };
}

const NAMED = { name: "ci", scopes: ["tokens:read"] };
const shown = {
	id: expect.stringMatching(/^tok_[0-9a-f]{24}$/),
	name: "ci",
	scopes: ["tokens:read"],
	status: "active",
	created_at: "2026-11-23T12:00:00Z",
	expires_at: null,
	last_used_at: null,
	created_by: "sandbox@example.com",
};

describe("Tooken", () => {
	test("create: 201 with the secret, which no later response contains", async () => {
		const { create, api, status } = await opened();
		const { status: code, json, id, token } = await create(NAMED);
		expect([code, json()]).toEqual([201, { ...shown, token: expect.stringMatching(/^tok_live_/) }]);
		expect((await api("GET", `/${id}`)).json()).toEqual(shown);
		for (const { text } of [await api("GET", `/${id}`), await api("GET", "")]) expect(text).not.toContain(token);
		await status();
	});

	test("rotate: id and scopes stay, the old secret ends with the call", async () => {
		const { create, api, isAlive, keep } = await opened();
		const { id, token } = await create(NAMED);
		const reply = await api("POST", `/${id}/rotate`);
		expect([reply.status, reply.json()]).toEqual([
			200,
			{ id, token: expect.stringMatching(/^tok_live_/), scopes: ["tokens:read"], rotated_at: "2026-11-23T12:00:00Z" },
		]);
		expect([await isAlive(token), await isAlive(keep(reply))]).toEqual([false, true]);
		const { data } = (await api("GET", "?name=CI")).json() as { data: unknown[] };
		expect(data).toHaveLength(1);
		keep(await api("POST", `/${id}/rotate`));
	});

	test("last_used_at is the last accepted request", async () => {
		const { create, api, at, isAlive, keep } = await opened();
		const { id, token } = await create(NAMED);
		const lastUsed = async () => (await api("GET", `/${id}`)).json()["last_used_at"];
		expect(await lastUsed()).toBeNull();
		at(60_000);
		await isAlive(token);
		at(90_000);
		expect(await lastUsed()).toBe("2026-11-23T12:01:00Z");
		keep(await api("POST", `/${id}/rotate`));
		expect((await api("GET", `/${id}`)).json()).toMatchObject({
			created_at: "2026-11-23T12:00:00Z",
			last_used_at: "2026-11-23T12:01:00Z",
		});
		await api("DELETE", `/${id}`);
		await isAlive(token);
		expect(await lastUsed()).toBe("2026-11-23T12:01:00Z");
	});

	test("revoke: 204, the record stays, its name stays taken, and it cannot be rotated", async () => {
		const { create, api, isAlive } = await opened();
		const { id, token } = await create(NAMED);
		const gone = await api("DELETE", `/${id}`);
		expect([gone.status, gone.text]).toEqual([204, ""]);
		expect(await isAlive(token)).toBe(false);
		expect((await api("GET", `/${id}`)).json()).toEqual({ ...shown, status: "revoked" });
		expect((await api("POST", `/${id}/rotate`)).status).toBe(422);
	});

	test("expiry is exact, and a rotation keeps it", async () => {
		const { create, api, isAlive, at, keep } = await opened();
		const { id } = await create({ ...NAMED, expires_at: new Date(NOW + 60_000).toISOString() });
		const token = keep(await api("POST", `/${id}/rotate`));
		for (const [moment, alive] of [
			[59_000, true],
			[60_000, false],
			[61_000, false],
		] as const) {
			at(moment);
			expect([moment, await isAlive(token)]).toEqual([moment, alive]);
		}
		expect((await api("GET", `/${id}`)).json()).toMatchObject({
			status: "expired",
			expires_at: "2026-11-23T12:01:00Z",
		});
	});

	test("a token does what its scopes allow, and 403 beyond", async () => {
		const { create, api, keep } = await opened();
		const { token: reader } = await create(NAMED);
		const { token: rotator, id } = await create({ name: "rotator", scopes: ["tokens:rotate"] });
		const refused = await api("POST", `/${id}/rotate`, {}, reader);
		expect([refused.status, refused.json()]).toEqual([
			403,
			{ error: "forbidden", message: "this needs the scope tokens:rotate", status: 403 },
		]);
		keep(await api("POST", `/${id}/rotate`, {}, rotator));
	});

	test.each([
		[{ scopes: ["tokens:read"] }, 400, "bad_request"],
		[{ name: "x".repeat(101), scopes: ["tokens:read"] }, 400, "bad_request"],
		[{ name: "new", scopes: [] }, 400, "bad_request"],
		[{ name: "new", scopes: "tokens:read" }, 400, "bad_request"],
		[[], 400, "bad_request"],
		[{ name: "new", scopes: ["tokens:all"] }, 422, "unprocessable_entity"],
		[{ name: "new", scopes: ["tokens:read"], expires_at: "soon" }, 422, "unprocessable_entity"],
		[{ name: "new", scopes: ["tokens:read"], expires_at: "2020-01-01T00:00:00Z" }, 422, "unprocessable_entity"],
		[NAMED, 409, "conflict"],
	])("bad create %j: %i", async (body, status, error) => {
		const { create, api } = await opened();
		await create(NAMED);
		const reply = await api("POST", "", body);
		expect([reply.status, reply.json()]).toEqual([status, { error, message: expect.any(String), status }]);
	});

	test("an unknown id is 404 and not repeated", async () => {
		const { api } = await opened();
		const { token } = canary();
		const reply = await api("POST", `/${token}/rotate`);
		expect([reply.status, reply.json()]).toEqual([
			404,
			{ error: "not_found", message: "Token not found", status: 404 },
		]);
	});

	test("pages and filters", async () => {
		const { create, api } = await opened();
		for (const name of ["a-1", "a-2", "b-1"]) await create({ name, scopes: ["tokens:read"] });
		const page = async (query: string) => {
			const { data, meta } = (await api("GET", query)).json() as { data: { name: string }[]; meta: unknown };
			return [data.map(({ name }) => name), meta];
		};
		expect(await page("?name=A-&per_page=1&page=2")).toEqual([["a-1"], { page: 2, per_page: 1, total: 2 }]);
		expect(await page("?status=revoked")).toEqual([[], { page: 1, per_page: 25, total: 0 }]);
		expect((await api("GET", "?per_page=101")).status).toBe(400);
	});

	test("every response shows the limit per minute; 429 beyond, until the minute ends", async () => {
		const { api, at } = await opened({ limit: "2" });
		const limits = async () => {
			const { status, headers } = await api("GET", "");
			return [status, ...["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}`))];
		};
		const reset = String(NOW / 1000 + 60);
		expect(await limits()).toEqual([200, "2", "1", reset]);
		at(59_000);
		expect(await limits()).toEqual([200, "2", "0", reset]);
		expect(await limits()).toEqual([429, "2", "0", reset]);
		at(60_000);
		expect((await limits())[0]).toBe(200);
	});
});
