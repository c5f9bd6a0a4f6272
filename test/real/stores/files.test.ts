import { randomUUID } from "node:crypto";
import {
	chmodSync,
	chownSync,
	linkSync,
	lstatSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { store as envFile } from "../../../src/adapters/stores/env-file/index.ts";
import { store as upload } from "../../../src/adapters/stores/upload/index.ts";
import { storeReach } from "../../../src/rotate/reach.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary, leaks } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { quietEffects } from "../../harness/effects.ts";
import { needs, root } from "../../harness/parts.ts";

const [old, fresh] = [canary(), canary()];
const write = { operation: randomUUID(), expected: old.fingerprint, value: { token: Secret.of(fresh.token) } };
const text = `# kept\r\nA='x'\r\nTOKEN="${old.token}"\r\n`;

function open(path: string) {
	return envFile.open({ path, key: "TOKEN", reader: "systemd" }, storeReach(quietEffects()));
}

describe("a file of variables on a real disk", () => {
	test("keeps its mode, and leaves nothing beside it", async () => {
		const folder = scratch({ "a.env": text });
		const path = join(folder, "a.env");
		chmodSync(path, 0o640);
		expect((await open(path).check()).can).toBe("permitted");
		expect(await open(path).promote(write)).toEqual({ did: "written" });
		expect(readFileSync(path, "utf8")).toBe(text.replace(old.token, fresh.token));
		expect(lstatSync(path).mode & 0o7777).toBe(0o640);
		expect(readdirSync(folder)).toEqual(["a.env"]);
		expect(await open(path).promote(write)).toEqual({ did: "already" });
	});

	test("keeps its owner and group", needs(root), async () => {
		const path = join(scratch({ "a.env": text }), "a.env");
		chownSync(path, 0, 4242);
		expect(await open(path).promote(write)).toEqual({ did: "written" });
		const { uid, gid } = lstatSync(path);
		expect([uid, gid]).toEqual([0, 4242]);
	});

	test(
		"that root would write where another account could swap it is written with that account's rights, or not at all",
		needs(root),
		async () => {
			const folder = scratch({ "a.env": text });
			const path = join(folder, "a.env");
			chownSync(folder, 4242, 4242);
			// The file is root's, in a folder of somebody else.
			chmodSync(path, 0o600);
			const answer = await open(path).promote(write);
			expect(answer).toMatchObject({ did: "refused", why: expect.stringMatching(/\w/) });
			expect(readFileSync(path, "utf8")).toBe(text);
		},
	);

	test.each([
		["a symbolic link", (path: string) => symlinkSync("b.env", path), /link/],
		["a file with two names", (path: string) => linkSync(join(path, "../b.env"), path), /names|hard link/],
	])("%s is refused, and nothing is changed", async (_, make, why) => {
		const folder = scratch({ "b.env": text });
		const path = join(folder, "a.env");
		make(path);
		const answer = await open(path).promote(write);
		expect(answer).toMatchObject({ did: "refused", why: expect.stringMatching(why) });
		expect(readFileSync(join(folder, "b.env"), "utf8")).toBe(text);
		expect(leaks([old, fresh], { answer: JSON.stringify(answer) })).toEqual([]);
	});

	test("that is not there is made, for its owner alone", async () => {
		const path = join(scratch(), "a.env");
		expect(await open(path).read()).toEqual({ is: "empty" });
		expect(await open(path).promote({ ...write, expected: "nothing" })).toEqual({ did: "written" });
		expect(readFileSync(path, "utf8")).toBe(`TOKEN=${fresh.token}\n`);
		expect(lstatSync(path).mode & 0o7777).toBe(0o600);
	});
});

test("an upload is filled into a file for its owner alone, again and again", async () => {
	const folder = scratch({ "a.sh": "token='@TOKEN@'\n" });
	writeFileSync(join(folder, "other"), "kept");
	const settings = { body: join(folder, "a.sh"), into: join(folder, "a.secret.sh"), where: "Portal" };
	const opened = upload.open(settings, storeReach(quietEffects()));
	expect((await opened.check()).can).toBe("unknown");
	for (const { token } of [fresh, old]) {
		expect((await opened.promote({ ...write, value: { token: Secret.of(token) } })).did).toBe("person");
		expect(readFileSync(settings.into, "utf8")).toBe(`token='${token}'\n`);
		expect(lstatSync(settings.into).mode & 0o7777).toBe(0o600);
	}
	expect(readdirSync(folder).sort()).toEqual(["a.secret.sh", "a.sh", "other"]);
});
