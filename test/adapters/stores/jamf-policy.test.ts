import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parameterIn, withParameter } from "../../../src/adapters/stores/jamf-policy/format.ts";
import { store } from "../../../src/adapters/stores/jamf-policy/index.ts";
import type { StoreReach } from "../../../src/adapters/stores/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { awkwardCanary, canary } from "../../harness/canary.ts";
import { answer, reachWith } from "../../harness/store.ts";
import { fakeJamf } from "./jamf-policy.expected.ts";

const [id, secret, old] = [canary(), canary(), canary()];
const settings = {
	url: "https://acme.jamfcloud.com",
	policy: "12",
	script: "5",
	parameter: "4",
	"client-id": "file:/i",
	"client-secret": "file:/s",
};
const open = (request: StoreReach["request"], more: object = {}, parts: Partial<StoreReach> = {}) =>
	store.open(
		{ ...settings, ...more },
		reachWith({ request, ...parts }, { "file:/i": id.token, "file:/s": secret.token }),
	);
const write = (token: string) => ({
	operation: randomUUID(),
	expected: old.fingerprint,
	value: { token: Secret.of(token) },
});

describe("the list of scripts", () => {
	const list =
		"<scripts><script><id>15</id><parameter4>a</parameter4></script><script><id>5</id><parameter4/><parameter5>b</parameter5></script></scripts>";

	test("a parameter of the script that has exactly this id, empty or not", () => {
		expect(parameterIn(list, { script: "15", parameter: "4" })).toBe("a");
		expect(parameterIn(list, { script: "5", parameter: "4" })).toBe("");
		expect(parameterIn(list, { script: "5", parameter: "5" })).toBe("b");
		for (const place of [
			{ script: "1", parameter: "4" },
			{ script: "15", parameter: "5" },
		])
			expect(parameterIn(list, place)).toBeUndefined();
	});

	test("a new value changes that parameter and nothing else, whatever is in it", () => {
		const changed = withParameter(list, { script: "5", parameter: "4" }, "$&$1");
		expect(changed).toBe(list.replace("<parameter4/>", () => "<parameter4>$&$1</parameter4>"));
		expect(withParameter(changed, { script: "5", parameter: "5" }, "c")).toBe(changed.replace(">b<", ">c<"));
	});
});

test("a token with characters of XML arrives as it is", async () => {
	const jamf = fakeJamf(id.token, secret.token, old.token);
	const { token, fingerprint } = awkwardCanary();
	const policy = open(jamf.request);
	expect(await policy.promote(write(token))).toEqual({ did: "written" });
	expect(jamf.value()).toContain("&amp;&lt;");
	expect(await policy.read()).toMatchObject({ is: "token", value: { token: { fingerprint } } });
});

test("the cookie of the login goes with every request after it, and the login is renewed in time", async () => {
	const jamf = fakeJamf(id.token, secret.token, old.token);
	let now = 0;
	const policy = open(jamf.request, {}, { now: () => now });
	expect(await policy.promote(write(canary().token))).toEqual({ did: "written" });
	expect(jamf.cookies).toEqual([undefined, "APBALANCEID=node-2", "APBALANCEID=node-2", "APBALANCEID=node-2"]);
	now += 1_100_000;
	await policy.read();
	expect(jamf.cookies).toHaveLength(6);
});

test("a value that the server cuts is not taken for written", async () => {
	const jamf = fakeJamf(id.token, secret.token, old.token);
	const policy = open(async (request) => {
		const got = await jamf.request(request);
		if (request.method === "PUT") jamf.put((jamf.value() ?? "").slice(0, 25));
		return got;
	});
	expect(await policy.promote(write(canary().token))).toMatchObject({
		did: "ambiguous",
		why: expect.stringContaining("another value"),
	});
});

test("a script that is not in the policy, a wrong login and a wrong number are named", async () => {
	const jamf = fakeJamf(id.token, secret.token, old.token);
	expect(await open(jamf.request, { script: "6" }).check()).toMatchObject({
		can: "no",
		how: expect.stringContaining("no script 6"),
	});
	const wrong = open(async () => answer(401, { error: "invalid_client" }));
	expect(await wrong.promote(write(canary().token))).toMatchObject({
		did: "refused",
		why: expect.stringContaining("login"),
	});
	expect(store.conflict?.({ ...settings, parameter: "3" })).toMatch(/4 to 11/);
	expect(store.conflict?.({ ...settings, parameter: "11" })).toBeUndefined();
});
