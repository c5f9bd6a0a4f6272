import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { StoreAnswer, StoreReach, StoreRequest } from "../../../src/adapters/stores/store.ts";
import { store } from "../../../src/adapters/stores/vault-kv2/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { fakeVault } from "../../harness/fake-vault.ts";
import { answer, reachWith } from "../../harness/store.ts";

const settings = {
	url: "https://v.example.com",
	mount: "secret",
	path: "a",
	field: "token",
	auth: "token",
	token: "file:/t",
};
const [old, fresh, credential] = [canary(), canary(), canary()];
const write = { operation: randomUUID(), expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };

function open(
	request: StoreReach["request"],
	more: Readonly<Record<string, string>> = {},
	parts: Partial<StoreReach> = {},
) {
	const secrets = {
		"file:/t": credential.token,
		"file:/r": "role-id-of-our-own-fleet",
		"file:/s": credential.token,
		"file:/j": "header.payload.signature",
	};
	return store.open({ ...settings, ...more }, reachWith({ request, ...parts }, secrets));
}

function withFields(fields: Record<string, unknown>) {
	const vault = fakeVault(credential.token);
	vault.secrets.set("a", [{ data: fields }]);
	return vault;
}

describe("what cannot be written again as it was is not written", () => {
	test.each([
		["a large number", '{"token":"@","id":12345678901234567890}', /rounded/],
		["a number with trailing zeros", '{"token":"@","ratio":1.50}', /rounded/],
		["a token that is no text", '{"token":["@"]}', /no text/],
	])("%s", async (_, fields, why) => {
		const sent: StoreRequest[] = [];
		const text = `{"data":{"data":${fields.replace("@", old.token)},"metadata":{"version":3}}}`;
		const bao = open(async (request) => {
			sent.push(request);
			return answer(200, text);
		});
		expect(await bao.check()).toMatchObject({ can: "no", how: expect.stringMatching(why) });
		const expected = /no text/.test(String(why)) ? "nothing" : old.fingerprint;
		expect(await bao.promote({ ...write, expected })).toMatchObject({
			did: "refused",
			why: expect.stringMatching(why),
		});
		expect(sent.filter(({ method }) => method !== "GET")).toEqual([]);
	});

	test("an engine of version 1, which would take the write for fields of another secret", async () => {
		const sent: StoreRequest[] = [];
		const bao = open(async (request) => {
			sent.push(request);
			const isMount = request.url.includes("/sys/internal/ui/mounts/");
			return isMount ? answer(200, { data: { type: "kv", options: null } }) : answer(404, { errors: [] });
		});
		expect(await bao.promote({ ...write, expected: "nothing" })).toMatchObject({
			did: "refused",
			why: expect.stringContaining("version 2"),
		});
		expect(await bao.check()).toMatchObject({ can: "no" });
		expect(sent.every(({ method }) => method === "GET")).toBe(true);
	});
});

test("a secret whose newest version was deleted is empty, and is filled with the next version", async () => {
	const vault = withFields({ token: old.token });
	vault.secrets.get("a")?.push({ data: null });
	const bao = open(vault.request);
	expect(await bao.read()).toEqual({ is: "empty" });
	expect(await bao.promote({ ...write, expected: "nothing" })).toEqual({ did: "written", version: "3" });
});

test("another field that somebody writes meanwhile is kept, and the token is written all the same", async () => {
	const vault = withFields({ token: old.token, other: 1 });
	let hasMeddled = false;
	const bao = open(async (request) => {
		if (request.method === "POST" && !hasMeddled) {
			hasMeddled = true;
			vault.secrets.get("a")?.push({ data: { token: old.token, other: 2 } });
		}
		return vault.request(request);
	});
	expect(await bao.promote(write)).toEqual({ did: "written", version: "3" });
	expect(vault.secrets.get("a")?.at(-1)?.data).toEqual({ token: fresh.token, other: 2 });
});

test("a pair is written in one version", async () => {
	const vault = withFields({ token: old.token, id: "pk-1", other: 1 });
	const bao = open(vault.request, { "public-field": "id" });
	expect(await bao.promote(write)).toMatchObject({ did: "refused" });
	const pair = { ...write, value: { ...write.value, publicId: "pk-2" } };
	expect(await bao.promote(pair)).toMatchObject({ did: "written", version: "2" });
	expect(vault.secrets.get("a")?.at(-1)?.data).toEqual({ token: fresh.token, id: "pk-2", other: 1 });
	expect(await bao.read()).toMatchObject({ is: "token", value: { publicId: "pk-2" }, version: "2" });
});

describe("answers to a write", () => {
	test.each<[string, StoreAnswer, "refused" | "ambiguous", RegExp]>([
		["sealed", answer(503, { errors: ["Vault is sealed"] }), "refused", /unseal/],
		["broken", answer(500, { errors: ["internal error"] }), "ambiguous", /500: internal error/],
		["a proxy's page", answer(200, "<html>sign in</html>"), "ambiguous", /no answer of this API/],
		["another node", answer(307, "", { location: "https://other.example.com" }), "refused", /redirects/],
		["too many", answer(429, { errors: [] }), "refused", /wait/],
		["another complaint", answer(400, { errors: ["missing client token"] }), "refused", /missing client token/],
	])("%s", async (_, given, did, words) => {
		const vault = withFields({ token: old.token });
		const bao = open(async (request) => (request.method === "POST" ? given : vault.request(request)));
		const got = await bao.promote(write);
		expect(got.did).toBe(did);
		expect(JSON.stringify(got)).toMatch(words);
	});
});

describe("logging in", () => {
	test.each<[string, Readonly<Record<string, string>>, string, object]>([
		[
			"approle",
			{ "role-id": "file:/r", "secret-id": "file:/s" },
			"approle",
			{ role_id: "role-id-of-our-own-fleet", secret_id: credential.token },
		],
		[
			"kubernetes",
			{ role: "otel", jwt: "file:/j", "auth-mount": "k8s/eu" },
			"k8s/eu",
			{ role: "otel", jwt: "header.payload.signature" },
		],
		["jwt", { role: "ci", jwt: "file:/j", namespace: "team" }, "jwt", { role: "ci", jwt: "header.payload.signature" }],
	])("%s: once, again when it is over, and given back at the end", async (auth, more, mount, body) => {
		const [vault, sent] = [withFields({ token: old.token }), [] as StoreRequest[]];
		let now = 1_000_000;
		const bao = open(
			async (request) => {
				sent.push(request);
				const isAuth = request.url.includes("/v1/auth/");
				if (!isAuth) return vault.request(request);
				return answer(200, { auth: { client_token: credential.token, lease_duration: 600 } });
			},
			{ auth, ...more },
			{ now: () => now },
		);
		const logins = () => sent.filter(({ url }) => url === `https://v.example.com/v1/auth/${mount}/login`);
		await bao.read();
		await bao.promote(write);
		expect(logins().map((each) => JSON.parse(String(each.body)))).toEqual([body]);
		now += 599_000;
		expect((await bao.read()).is).toBe("token");
		expect(logins()).toHaveLength(2);
		await bao.close?.();
		expect(sent.at(-1)).toMatchObject({ method: "POST", url: "https://v.example.com/v1/auth/token/revoke-self" });
		const namespaces = new Set(sent.map(({ headers }) => headers?.["x-vault-namespace"]));
		expect([...namespaces]).toEqual([more["namespace"]]);
	});

	test("that fails has written nothing, and says what to check", async () => {
		const bao = open(async () => answer(400, { errors: ["invalid role or secret ID"] }), {
			auth: "approle",
			"role-id": "file:/r",
			"secret-id": "file:/s",
		});
		expect(await bao.read()).toMatchObject({
			is: "unreachable",
			why: expect.stringContaining("login: v.example.com answered 400: invalid role"),
		});
		expect(await bao.promote(write)).toMatchObject({ did: "refused", nextStep: expect.stringContaining("role") });
	});

	test("a reference that cannot be read is named", async () => {
		expect(await open(async () => answer(200), { token: "file:/none" }).read()).toMatchObject({
			is: "unreachable",
			why: "file:/none cannot be read",
		});
	});

	test("what a way to log in needs is asked for", () => {
		expect(store.conflict?.({ ...settings, auth: "approle" })).toBe("auth approle needs role-id and secret-id");
		expect(store.conflict?.({ ...settings, fence: "a" })).toMatch(/same secret/);
		expect(store.conflict?.(settings)).toBeUndefined();
	});
});
