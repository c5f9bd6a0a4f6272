import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { cli } from "../../src/adapters/clis/codex/index.ts";
import { openValue, refusedValue } from "../../src/adapters/clis/codex/values.ts";
import { unlike } from "../../src/adapters/clis/setting-form.ts";
import { canary } from "../harness/canary.ts";
import { codexValues } from "../harness/clis/codex-values.ts";

/** What is known of a file: a reason against it, or that it is open. */
function known(toml: string): string {
	const document = parse(toml);
	const at = (pointer: string) =>
		pointer
			.slice(1)
			.split("/")
			.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
	const ofKind = Object.entries(cli.user.kinds ?? {}).some(
		([pointer, kind]) => at(pointer) !== undefined && unlike(at(pointer), kind) !== undefined,
	);
	if (ofKind || refusedValue(at) !== undefined) return "does not start";
	return openValue(at) === undefined ? "starts" : "open";
}

describe.each(Object.entries(codexValues))("Codex: %s", (what, snippets) => {
	test.each(snippets.map((each) => [each]))("%j", (toml) => {
		expect(what.startsWith(known(toml))).toBe(true);
	});
});

test("a key that is hostile or could be a token is not repeated", () => {
	const { token } = canary();
	const features = { [`${token}\u001b[31m`]: 1 };
	const why = refusedValue((pointer) => (pointer === "/features" ? features : undefined)) ?? "";
	expect(why).toMatch(/^features\..*must be of type boolean$/);
	expect(why).not.toMatch(/\u001b/);
	expect(why).not.toContain(token);
});
