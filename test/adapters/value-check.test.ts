import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { cli } from "../../src/adapters/clis/codex/index.ts";
import { openValue, refusedValue } from "../../src/adapters/clis/codex/values.ts";
import { unlike } from "../../src/adapters/clis/setting-form.ts";
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
