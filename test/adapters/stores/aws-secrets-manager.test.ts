import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/aws-secrets-manager/index.ts";
import type { StoreReach } from "../../../src/adapters/stores/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { fakeSecretsManager } from "../../harness/fake-secrets-manager.ts";
import { answer, reachWith } from "../../harness/store.ts";
import { isPromotion, logIn } from "./aws-secrets-manager.expected.ts";

const [old, fresh] = [canary(), canary()];
const operation = randomUUID();
const write = { operation, expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };

function open(
	text: string,
	settings: Readonly<Record<string, string>> = {},
	request?: (real: StoreReach["request"]) => StoreReach["request"],
) {
	logIn(canary().token);
	const fake = fakeSecretsManager("s");
	const first = fake.put(text);
	const reach = reachWith({ request: request?.(fake.request) ?? fake.request });
	return { fake, first, opened: store.open({ "secret-id": "s", ...settings }, reach) };
}

describe("what the SDK reads for credentials", () => {
	test.each([
		"AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE",
		"AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	])("%s: a named pipe, and what has no end, is refused before the SDK opens it", async (name) => {
		logIn(canary().token);
		const folder = scratch();
		execFileSync("mkfifo", [join(folder, "fifo")]);
		symlinkSync("/dev/zero", join(folder, "zero"));
		for (const [trap, why] of [
			["fifo", "a named pipe"],
			["zero", "a device"],
		] as const) {
			const request = () => expect.unreachable("nothing is sent");
			const reach = reachWith({ request }, {}, { [name]: join(folder, trap) });
			const found = await store.open({ "secret-id": "s" }, reach).read();
			expect(found).toMatchObject({ is: "unreachable", why: expect.stringContaining(why) });
		}
	});

	test("a file that is not there, and one that ends, are left to it", async () => {
		logIn(canary().token);
		const fake = fakeSecretsManager("s");
		fake.put(old.token);
		const cwd = scratch({ config: "[default]\n" });
		const variables = { AWS_CONFIG_FILE: join(cwd, "config"), AWS_SHARED_CREDENTIALS_FILE: join(cwd, "none") };
		const reach = reachWith({ request: fake.request }, {}, variables);
		expect(await store.open({ "secret-id": "s" }, reach).read()).toMatchObject({ is: "token" });
	});
});

describe("a version for each write", () => {
	test("has the operation in its name, and is put in use in one move; the old one stays as the previous", async () => {
		const { fake, first, opened } = open(old.token);
		expect(await opened.promote(write)).toMatchObject({ did: "written", version: expect.stringContaining(operation) });
		const current = fake.holder("AWSCURRENT") ?? "";
		expect(fake.versions.get(current)?.text).toBe(fresh.token);
		expect([fake.holder("AWSPREVIOUS"), fake.holder("AWSPENDING")]).toEqual([first, undefined]);
	});

	test("that was staged before is the one that is put in use", async () => {
		const { fake, first, opened } = open(old.token);
		const staged = await opened.stage?.(write);
		expect(staged).toMatchObject({ did: "written", version: fake.holder("AWSPENDING") });
		expect(fake.holder("AWSCURRENT")).toBe(first);
		expect(await opened.stage?.(write)).toEqual(staged);
		expect(await opened.promote(write)).toEqual(staged);
		expect(fake.versions.size).toBe(2);
	});

	test("is not put under the label of somebody else's rotation, which would move it silently", async () => {
		const { fake, first, opened } = open(old.token);
		const theirs = fake.put("theirs", randomUUID(), ["AWSPENDING"]);
		for (const answer of [await opened.stage?.(write), await opened.promote(write)])
			expect(answer).toMatchObject({ did: "refused", why: expect.stringContaining("another rotation") });
		expect([fake.holder("AWSPENDING"), fake.holder("AWSCURRENT")]).toEqual([theirs, first]);
	});

	test("of the same operation, back and forth and back, is the same", async () => {
		const { fake, opened } = open(old.token);
		const back = { operation, expected: fresh.fingerprint, value: { token: Secret.of(old.token) } };
		for (const each of [write, back, write, back]) expect((await opened.promote(each)).did).toBe("written");
		expect(await opened.read()).toMatchObject({ is: "token", value: { token: { fingerprint: old.fingerprint } } });
		expect(fake.versions.size).toBe(3);
	});
});

test("the fence is a version that nobody reads, and leaves no label behind", async () => {
	const { fake, first, opened } = open(old.token);
	expect(await opened.fence?.take(operation, "host-one")).toEqual({ is: "held" });
	expect([fake.holder("AWSCURRENT"), fake.holder("CROSSFADE_FENCE")]).toEqual([
		first,
		expect.stringContaining(operation),
	]);
	expect((await opened.promote(write)).did).toBe("written");
	expect(await opened.fence?.release(operation)).toEqual({ is: "free" });
	// Taken again for the same operation, from another machine.
	expect(await opened.fence?.take(operation, "host-two")).toEqual({ is: "held" });
	expect(await opened.fence?.release(operation)).toEqual({ is: "free" });
	const labels = [...fake.versions.values()].flatMap((version) => [...version.labels]);
	expect(labels.sort()).toEqual(["AWSCURRENT", "AWSPREVIOUS"]);
});

describe("fields of JSON", () => {
	test("a pair in one version, and numbers and layout as they were", async () => {
		const text = `{ "n": 1.50,\n\t"token":"${old.token}", "id" : "pk-1", "big": 12345678901234567890 }`;
		const { fake, opened } = open(text, { field: "token", "public-field": "id" });
		expect(await opened.promote(write)).toMatchObject({ did: "refused" });
		expect(await opened.promote({ ...write, value: { ...write.value, publicId: "pk-2" } })).toMatchObject({
			did: "written",
		});
		expect(fake.versions.get(fake.holder("AWSCURRENT") ?? "")?.text).toBe(
			text.replace(old.token, fresh.token).replace("pk-1", "pk-2"),
		);
	});

	test.each([
		["JSON without a field", '{"token":"x"}', {}, /add field/],
		["a field without JSON", old.token, { field: "token" }, /remove field/],
	])("%s is said, and nothing is written", async (_, text, settings, words) => {
		const { fake, opened } = open(text, settings);
		expect(JSON.stringify(await opened.read())).toMatch(words);
		expect(JSON.stringify(await opened.check())).toMatch(words);
		expect((await opened.promote({ ...write, expected: "nothing" })).did).not.toBe("written");
		expect(fake.versions.size).toBe(1);
	});
});

describe("what AWS says", () => {
	const all = (given: ReturnType<typeof answer>) => () => async () => given;
	test.each([
		["throttled", answer(400, { __type: "ThrottlingException", message: "Rate exceeded" }), /wait/],
		[
			"expired",
			answer(400, {
				__type: "ExpiredTokenException",
				message: "The security token included in the request is expired",
			}),
			/log in again/,
		],
		["a page", answer(403, "<html>sign in</html>"), /AWS: /],
	])("%s", async (_, given, words) => {
		const { opened } = open(old.token, {}, all(given));
		expect(JSON.stringify(await opened.read())).toMatch(words);
		expect(await opened.promote(write)).toMatchObject({ did: "refused" });
	});

	test("an internal error at the move leaves it open; the next look decides", async () => {
		let isBroken = true;
		const { opened } = open(old.token, {}, (real) => async (request) => {
			if (!isPromotion(request) || !isBroken) return real(request);
			isBroken = false;
			await real(request);
			return answer(500, { __type: "InternalServiceError", message: "An error occurred on the server side." });
		});
		expect(await opened.promote(write)).toMatchObject({ did: "ambiguous" });
		expect(await opened.promote(write)).toMatchObject({ did: "already" });
	});

	test("a request is sent once, whatever comes back", async () => {
		let sent = 0;
		const { opened } = open(old.token, {}, () => async () => {
			sent++;
			return answer(503, { __type: "ServiceUnavailable" });
		});
		expect((await opened.read()).is).toBe("unreachable");
		expect(sent).toBe(1);
	});
});

test("settings that contradict each other are named", () => {
	expect(store.conflict?.({ "secret-id": "s", "public-field": "id" })).toMatch(/needs field/);
	expect(store.conflict?.({ "secret-id": "s", field: "a", "public-field": "a" })).toMatch(/same key/);
	expect(store.conflict?.({ "secret-id": "s" })).toBeUndefined();
});
