import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { StoreFiles, StoreReach } from "../../../src/adapters/stores/store.ts";
import { store } from "../../../src/adapters/stores/token-file/index.ts";
import { Secret } from "../../../src/token/secret.ts";

/** Files in memory, by path. */
function memory(start: Readonly<Record<string, string>> = {}) {
	const held = new Map(Object.entries(start));
	const files: StoreFiles = {
		async look(path) {
			const text = held.get(path);
			return text === undefined ? undefined : { bytes: Buffer.from(text), mode: 0o600, uid: 0 };
		},
		async replace(path, content, { expected }) {
			const before = held.get(path);
			if (before !== (expected === undefined ? undefined : Buffer.from(expected).toString()))
				throw new Error("changed");
			held.set(path, Buffer.from(content).toString());
		},
		async tryFolder() {
			// Any name is good in memory.
		},
	};
	return { held, store: store.open({ path: "/t" }, { files } as StoreReach) };
}

const [a, b, c] = [1, 2, 3].map(() => Secret.of(`canary-${randomBytes(24).toString("hex")}`)) as [
	Secret,
	Secret,
	Secret,
];
const write = (from: Secret, to: Secret) => ({ operation: "o", expected: from.fingerprint, value: { token: to } });

describe("a file with a token", () => {
	test("changes only from the token that is expected, and keeps its line break", async () => {
		const { held, store: file } = memory({ "/t": `${a.reveal()}\n` });
		expect(await file.promote(write(a, b))).toEqual({ did: "written" });
		expect(held.get("/t")).toBe(`${b.reveal()}\n`);
		expect(await file.promote(write(a, b))).toEqual({ did: "already" });
		expect(await file.promote(write(a, c))).toEqual({ did: "conflict", holds: b.fingerprint });
		expect(held.get("/t")).toBe(`${b.reveal()}\n`);
	});

	test.each(["", "\n", "\r\n"])("keeps %j at its end", async (end) => {
		const { held, store: file } = memory({ "/t": `${a.reveal()}${end}` });
		expect(await file.read()).toMatchObject({ is: "token", value: { token: { fingerprint: a.fingerprint } } });
		expect(await file.promote(write(a, b))).toEqual({ did: "written" });
		expect(held.get("/t")).toBe(`${b.reveal()}${end}`);
	});

	test("that begins with a byte order mark is not changed, as its readers differ in what they make of it", async () => {
		const { held, store: file } = memory({ "/t": `\ufeff${a.reveal()}` });
		expect(await file.read()).toMatchObject({ is: "unusable" });
		expect(await file.promote(write(a, b))).toMatchObject({ did: "conflict" });
		expect(held.get("/t")).toBe(`\ufeff${a.reveal()}`);
	});

	test("that does not exist yet is empty, and is written where nothing is expected", async () => {
		const { held, store: file } = memory();
		expect(await file.read()).toEqual({ is: "empty" });
		expect(await file.promote(write(a, b))).toEqual({ did: "conflict", holds: "nothing" });
		expect(await file.promote({ ...write(a, b), expected: "nothing" })).toEqual({ did: "written" });
		expect(held.get("/t")).toBe(b.reveal());
	});

	test("with two lines is no token, and is said so without them", async () => {
		const { store: file } = memory({ "/t": `${a.reveal()}\n${b.reveal()}\n` });
		const found = await file.read();
		expect(found.is).toBe("unusable");
		expect(JSON.stringify(found)).not.toContain(a.reveal());
	});
});
