import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { store } from "../../../src/adapters/stores/command/index.ts";
import type { StoreSettings } from "../../../src/adapters/stores/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary, leaks } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { reachWith } from "../../harness/store.ts";

const shell = (script: string, ...args: string[]) => ["sh", "-c", script, "-", ...args];

function open(settings: StoreSettings, start = "") {
	const held = join(scratch({ held: start }), "held");
	const all = Object.entries({ timeout: "1m", write: shell('cat >"$1"', held), ...settings });
	const placed = all.map(([name, value]) => [
		name,
		typeof value === "string" ? value : value.map((word) => word.replace("@", held)),
	]);
	return { held, opened: store.open(Object.fromEntries(placed), reachWith()) };
}

const write = (from: string, to: string) => ({
	operation: randomUUID(),
	expected: from,
	value: { token: Secret.of(to) },
});
/** As our own scripts do. */
const readBack = shell(`[ ! -s "$1" ] || tr -d '\\n' <"$1" | sha256sum | cut -c1-12`, "@");

describe("a program that stores the token", () => {
	test("gets it on standard input with a line break, and in no argument or variable", async () => {
		const seen = join(scratch(), "seen");
		const { held, opened } = open({ write: shell('env >"$2"; echo "$@" >>"$2"; cat >"$1"', "@", seen) });
		const { token, fingerprint } = canary();
		expect(await opened.promote(write("nothing", token))).toEqual({ did: "written" });
		expect(readFileSync(held, "utf8")).toBe(`${token}\n`);
		expect(leaks([{ token, fingerprint }], { seen: readFileSync(seen, "utf8") })).toEqual([]);
	});

	test("that fails leaves it open, and its message does not show the token", async () => {
		const { opened } = open({ write: shell('read -r token; echo "cannot store $token: quota" >&2; exit 3') });
		const { token, fingerprint } = canary();
		const answer = await opened.promote(write("nothing", token));
		expect(answer).toMatchObject({
			did: "ambiguous",
			why: expect.stringMatching(/exited with 3: cannot store .*: quota/),
		});
		expect(leaks([{ token, fingerprint }], { answer: JSON.stringify(answer) })).toEqual([]);
	});

	test("that takes too long leaves it open", async () => {
		const { opened } = open({ write: ["sleep", "600"], timeout: "50ms" });
		expect(await opened.promote(write("nothing", canary().token))).toMatchObject({ did: "ambiguous" });
	});

	test("that is not there has changed nothing", async () => {
		const { opened } = open({ write: ["/nowhere/put"] });
		expect(await opened.promote(write("nothing", canary().token))).toMatchObject({
			did: "refused",
			why: expect.stringContaining("could not be started"),
		});
	});
});

describe("with a command that reads back", () => {
	test("a token that nobody expects is a conflict, the new one is already there, and a lost answer is found out", async () => {
		const [first, second, third] = [canary(), canary(), canary()];
		const { held, opened } = open({ read: readBack }, first.token);
		expect(await opened.read()).toEqual({ is: "hidden", fingerprint: first.fingerprint });
		expect(await opened.promote(write(first.fingerprint, second.token))).toEqual({ did: "written" });
		expect(await opened.promote(write(first.fingerprint, second.token))).toEqual({ did: "already" });
		writeFileSync(held, third.token);
		expect(await opened.promote(write(first.fingerprint, second.token))).toEqual({
			did: "conflict",
			holds: third.fingerprint,
		});
		expect(readFileSync(held, "utf8")).toBe(third.token);
		writeFileSync(held, "");
		expect(await opened.read()).toEqual({ is: "hidden", fingerprint: "nothing" });
	});

	test("one that prints something else, the token for instance, is refused without quoting it", async () => {
		const { token, fingerprint } = canary();
		const { held, opened } = open({ read: shell('cat "$1"', "@") }, token);
		const answers = [
			await opened.read(),
			await opened.check(),
			await opened.promote(write(fingerprint, canary().token)),
		];
		expect(answers).toMatchObject([{ is: "unreachable" }, { can: "no" }, { did: "refused" }]);
		expect(leaks([{ token, fingerprint }], { answers: JSON.stringify(answers) })).toEqual([]);
		expect(readFileSync(held, "utf8")).toBe(token);
	});
});

describe("with a command that checks", () => {
	test.each([
		["exit 0", { can: "permitted" }],
		["echo no login >&2; exit 1", { can: "no", how: "the check command exited with 1: no login" }],
	])("%s", async (script, answer) => {
		expect(await open({ check: shell(script) }).opened.check()).toMatchObject(answer);
	});
});

test("a command of no words is refused, and a place shows no word that could be a token", () => {
	expect(store.conflict?.({ write: [], timeout: "1m" })).toBe("write names no program");
	const { token } = canary();
	expect(store.place({ write: ["op", "item", token] })).not.toContain(token);
});
