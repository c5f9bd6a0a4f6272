import { describe, expect, test } from "vitest";
import { sandbox } from "../../../src/adapters/providers/glean/sandbox.ts";
import { NOW, openSandbox } from "../../harness/sandbox.ts";

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

async function opened(settings: Record<string, string> = {}) {
	const box = await openSandbox(sandbox, { settings });
	const post = (name: string, token: string, body?: unknown) =>
		box.ask("POST", `/api/index/v1/${name}`, box.bearer(token), body);
	const isAlive = async (token: string) =>
		(await post("getdatasourceconfig", token, { datasource: "wiki" })).status === 200;
	const rotate = async (token: string) => {
		const reply = await post("rotatetoken", token);
		return { ...reply, token: reply.status === 200 ? box.keep(reply, "rawSecret") : "" };
	};
	return { ...box, post, isAlive, rotatetoken: rotate };
}

describe("Glean", () => {
	test("rotatetoken answers with secret, seconds and period, and no expiry", async () => {
		const { rotatetoken, first, isAlive } = await opened({ period: "1d" });
		const { status, json, token } = await rotatetoken(first);
		expect([status, json()]).toEqual([
			200,
			{ rawSecret: expect.stringMatching(/^glean_/), createdAt: NOW / 1000, rotationPeriodMinutes: 1440 },
		]);
		expect([await isAlive(first), await isAlive(token)]).toEqual([true, true]);
	});

	test("the buffer is ten minutes, to the second, and only the new secret rotates again", async () => {
		const { rotatetoken, first, isAlive, at } = await opened();
		const { token } = await rotatetoken(first);
		expect((await rotatetoken(first)).status, "an old secret within its buffer").toBe(400);
		for (const [moment, alive] of [
			[10 * MINUTE - 1000, true],
			[10 * MINUTE, false],
			[10 * MINUTE + 1000, false],
		] as const) {
			at(moment);
			expect([moment, await isAlive(first)]).toEqual([moment, alive]);
		}
		expect((await rotatetoken(first)).status, "an old secret after its buffer").toBe(401);
		expect((await rotatetoken(token)).status).toBe(200);
	});

	test("a token expires at the end of its period, to the second, unless rotated", async () => {
		const { rotatetoken, first, isAlive, at } = await opened({ period: "1d" });
		at(DAY / 2);
		const { token } = await rotatetoken(first);
		at(DAY);
		expect([await isAlive(first), await isAlive(token)]).toEqual([false, true]);
		for (const [moment, alive] of [
			[1.5 * DAY - 1000, true],
			[1.5 * DAY, false],
			[1.5 * DAY + 1000, false],
		] as const) {
			at(moment);
			expect([moment, await isAlive(token)]).toEqual([moment, alive]);
		}
		expect((await rotatetoken(token)).status, "too late").toBe(401);
	});

	test("rotations do not change the expiry set at creation", async () => {
		const { rotatetoken, first, isAlive, at } = await opened({ period: "1d", expires: "36h" });
		at(DAY - 1000);
		const { token } = await rotatetoken(first);
		at(1.5 * DAY - 1000);
		expect(await isAlive(token)).toBe(true);
		const { token: last } = await rotatetoken(token);
		expect(await isAlive(last)).toBe(true);
		at(1.5 * DAY);
		expect([await isAlive(token), await isAlive(last)]).toEqual([false, false]);
	});

	test("an expired token is replaced in the console", async () => {
		const { control, keep, isAlive, at, first } = await opened({ period: "1d" });
		at(DAY);
		expect((await control("/rotate")).status).toBe(401);
		const token = keep(await control("/mint"));
		expect([await isAlive(first), await isAlive(token)]).toEqual([false, true]);
	});

	test("documents are counted; a body without a datasource is 400", async () => {
		const { post, first, status } = await opened();
		const documents = [{ id: "1" }, { id: "2" }, { id: "3" }];
		expect((await post("indexdocuments", first, { datasource: "wiki", documents })).status).toBe(200);
		expect((await post("indexdocument", first, { datasource: "wiki", document: {} })).status).toBe(200);
		expect((await post("indexdocument", first, { document: {} })).status).toBe(400);
		expect((await post("getdatasourceconfig", first, [])).status).toBe(400);
		const { traffic } = await status();
		expect(traffic).toMatchObject([
			{ signal: "api", accepted: true, requests: 2, records: 4 },
			{ signal: "api", accepted: false, requests: 2, records: 0 },
		]);
	});
});
