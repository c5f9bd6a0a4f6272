import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { spliceOtelcol } from "../../../src/generate/splice/otelcol.ts";
import type { OtelcolRequest } from "../../../src/generate/splice/request.ts";
import { emptyConfigs } from "../../harness/empty-configs.ts";
import { splice, wanted } from "./request.ts";

const other: OtelcolRequest = JSON.parse(
	JSON.stringify(wanted).replaceAll("/torii", "/other").replace('"name":"torii"', '"name":"other"'),
);

describe("a part that is null or empty is filled, and removing gives it back byte for byte", () => {
	test.each(Object.entries(emptyConfigs))("%s", (_name, text) => {
		const config = parse(splice(text));
		expect(config.service.extensions).toEqual(["bearertokenauth/torii"]);
		expect(config.service.pipelines.logs.exporters).toContain("otlp_http/torii");
		for (const { section, id, value } of wanted.entries) expect(config[section][id]).toEqual(value);
	});

	test.each(Object.entries(emptyConfigs))("two providers, removed in the order they came in: %s", (_name, text) => {
		const both = spliceOtelcol(splice(text), "x.yaml", other).text;
		const left = spliceOtelcol(both, "x.yaml", { ...wanted, remove: true }).text;
		expect(spliceOtelcol(left, "x.yaml", { ...other, remove: true }).text).toBe(text);
	});
});

test("the word of a null becomes a comment, and what stands beside it stays", () => {
	const text = emptyConfigs["extensions: a null list with a comment"] ?? "";
	expect(splice(text)).toContain(
		"  extensions: # crossfade: was null # none yet\n    - bearertokenauth/torii\n  pipelines:\n",
	);
});
