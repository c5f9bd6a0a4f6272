import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { spliceOtelcol } from "../../../src/generate/splice/otelcol.ts";
import { howMany } from "../../harness/matrix.ts";
import { generatedConfig } from "./generated-configs.ts";
import { splice, wanted } from "./request.ts";

interface SplicedConfig {
	extensions?: Record<string, unknown> | null;
	exporters?: Record<string, unknown> | null;
	service: { extensions?: string[]; pipelines: Record<string, { exporters: string[] }> };
}

/** The config as data, without what is ours, read by the library and not by us. */
function withoutOurs(text: string): SplicedConfig {
	const config = parse(text) as SplicedConfig;
	for (const section of ["extensions", "exporters"] as const) {
		const map = config[section];
		for (const key of Object.keys(map ?? {})) if (key.endsWith("/torii")) delete map?.[key];
		if (!map || Object.keys(map).length === 0) delete config[section];
	}
	const foreign = (list: string[]) => list.filter((id) => !id.endsWith("/torii"));
	if (config.service.extensions) config.service.extensions = foreign(config.service.extensions);
	if (config.service.extensions?.length === 0) delete config.service.extensions;
	for (const pipeline of Object.values(config.service.pipelines)) pipeline.exporters = foreign(pipeline.exporters);
	return config;
}

/** Whether every character of a text stands in another, in the same order. */
function isSubsequence(part: string, whole: string): boolean {
	let at = 0;
	for (let index = 0; index < whole.length; index++) if (whole[index] === part[at]) at++;
	return at === part.length;
}

test("any config: adds ours, keeps foreign bytes, is idempotent, and remove restores the original", () => {
	fc.assert(
		fc.property(generatedConfig, (text) => {
			const result = splice(text);
			expect(isSubsequence(text, result)).toBe(true);
			expect(withoutOurs(result)).toEqual(withoutOurs(text));
			const config = parse(result) as SplicedConfig;
			for (const { section, id, value } of wanted.entries) {
				expect(config[section as "exporters"]?.[id]).toEqual(value);
			}
			expect(config.service.extensions).toContain("bearertokenauth/torii");
			const { wired } = spliceOtelcol(text, "x.yaml", wanted);
			expect(wired.length).toBeGreaterThan(0);
			for (const id of wired) expect(config.service.pipelines[id]?.exporters).toContain("otlp_http/torii");
		}),
		{ numRuns: Number(process.env["PROPERTY_RUNS"] ?? howMany(130, 2_000)) },
	);
});
