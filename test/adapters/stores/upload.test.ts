import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/upload/index.ts";
import { Secret } from "../../../src/token/secret.ts";
import { awkwardCanary, canary, leaks } from "../../harness/canary.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

const settings = { body: "/k/a.sh", into: "/k/a.secret.sh", where: "Portal > Scripts" };

function open(start: Readonly<Record<string, string>>) {
	const { held, files } = memoryFiles(start);
	const opened = store.open(settings, reachWith({ files }));
	const put = (token: string) =>
		opened.promote({ operation: randomUUID(), expected: "nothing", value: { token: Secret.of(token) } });
	return { held, opened, put };
}

describe("a file that a person uploads", () => {
	test("is filled, readable by its owner alone, and the words say where it goes and that it is to be deleted", async () => {
		const { held, put } = open({ "/k/a.sh": "#!/bin/sh\ntoken='@TOKEN@'\n# $& @TOKEN@\n" });
		const { token, fingerprint } = canary();
		const answer = await put(token);
		const file = held.get("/k/a.secret.sh");
		expect([file?.bytes.toString(), file?.mode]).toEqual([`#!/bin/sh\ntoken='${token}'\n# $& ${token}\n`, 0o600]);
		expect(answer).toEqual({
			did: "person",
			words: [
				"Open Portal > Scripts.",
				`Replace what is there by the content of /k/a.secret.sh (fingerprint ${fingerprint}), and save.`,
				"Delete /k/a.secret.sh.",
			],
		});
		expect(leaks([{ token, fingerprint }], { answer: JSON.stringify(answer) })).toEqual([]);
	});

	test("is written anew for each token", async () => {
		const { held, put } = open({ "/k/a.sh": "@TOKEN@" });
		for (const { token } of [canary(), canary()]) {
			expect((await put(token)).did).toBe("person");
			expect(held.get("/k/a.secret.sh")?.bytes.toString()).toBe(token);
		}
	});

	test.each([
		["no body", {}, /no such file/],
		["a body without the placeholder", { "/k/a.sh": "token=x" }, /placeholder/],
		["a filled copy that others may read", { "/k/a.sh": "@TOKEN@", "/k/a.secret.sh": "x" }, /others may read/],
	])("%s is refused, before a token is there and after", async (_, start, why) => {
		const { opened, put, held } = open(start);
		const before = [...held];
		expect(await opened.check()).toMatchObject({ can: "no", how: expect.stringMatching(why) });
		expect(await put(canary().token)).toMatchObject({ did: "refused", why: expect.stringMatching(why) });
		expect([...held]).toEqual(before);
	});

	test("a token that a script would change is refused", async () => {
		expect(await open({ "/k/a.sh": "@TOKEN@" }).put(awkwardCanary().token)).toMatchObject({ did: "refused" });
	});

	test("names that would be committed, or would overwrite the body, are refused", () => {
		expect(store.conflict?.({ ...settings, into: "/k/filled.sh" })).toMatch(/secret/);
		expect(store.conflict?.({ ...settings, body: "/k/a.secret.sh" })).toMatch(/same file/);
		expect(store.conflict?.(settings)).toBeUndefined();
	});
});
