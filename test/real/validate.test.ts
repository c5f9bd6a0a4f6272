import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { platforms } from "../../src/adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { keepsQueue } from "../../src/generate/plan/collector.ts";
import { hasComponent } from "../../src/generate/plan/release.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { planFor } from "../contracts/collector.ts";
import { splice } from "../generate/splice/request.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { emptyConfigs } from "../harness/empty-configs.ts";
import { aThird } from "../harness/matrix.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { judged } from "../harness/refused-configs.ts";

type Config = Record<string, Record<string, unknown>> & {
	service: { pipelines: Record<string, { exporters: string[] }> };
};

/** Types of components in the test build, in all their names. */
function builtTypes(): Set<string> {
	const listing = execFileSync(otelcol.path, ["components"], { encoding: "utf8" });
	const names = [...listing.matchAll(/name: (\S+)/g)].map(([, name]) => name ?? "");
	return new Set([...names, "otlphttp", "otlp"]);
}

/** Takes out the components the test build lacks, and says which. */
function withoutAbsent(config: Config, built: Set<string>): { config: Config; absent: string[] } {
	const absent: string[] = [];
	for (const section of ["receivers", "processors", "exporters", "extensions"]) {
		for (const id of Object.keys(config[section] ?? {})) {
			if (built.has(id.split("/")[0] ?? id)) continue;
			absent.push(`${section}/${id}`);
			delete config[section]?.[id];
			for (const pipeline of Object.values(config.service.pipelines)) {
				pipeline.exporters = pipeline.exporters.filter((each) => each !== id);
			}
		}
	}
	// A pipeline that sent only to what is absent has nowhere to go now.
	for (const [id, { exporters }] of Object.entries(config.service.pipelines)) {
		if (exporters.length === 0) delete config.service.pipelines[id];
	}
	return { config, absent };
}

describe("the real otelcol validates what we generate", needs(otelcol), () => {
	test.each(distributionIds.filter((id) => id !== "alloy"))("%s, on every platform, in every variant", async (id) => {
		const distribution = await loadDistribution(id);
		if (!distribution) throw new Error(id);
		const { token } = canary();
		const folder = scratch({ token, "torii.token": token, "activitylog.token": token, "custom.token": token });
		const built = builtTypes();
		const variants: Flags[] = [{}, { provider: "activitylog" }, { delivery: "reload" }, { delivery: "env" }];
		const custom = { provider: "custom", endpoint: "https://otlp.example.com", authHeader: "x-api-key" };
		variants.push(custom, { ...custom, authScheme: "Key", signals: "traces" });
		if (hasComponent(distribution, [999, 0, 0], "extensions", "file_storage")) variants.push({ queue: "persistent" });
		const platformsHere = platforms.filter((platform) => distribution.hosts[platform]);
		const allAbsent = new Set<string>();
		for (const platform of platformsHere) {
			for (const flags of variants) {
				if (flags["queue"] === "persistent" && !keepsQueue(platform)) continue;
				const tokenFile = platform === "windows" ? undefined : join(folder, "token");
				const text = renderConfig(planFor(distribution, { tokenFile, ...flags, platform }));
				const { config, absent } = withoutAbsent(parse(text), built);
				for (const each of absent) allAbsent.add(each);
				const path = join(folder, "config.yaml");
				// A Windows path means nothing here, and file: reads it at once.
				writeFileSync(
					path,
					absent.length === 0 && platform !== "windows"
						? text
						: stringify(config).replaceAll("C:\\ProgramData\\crossfade\\", `${folder}/`),
				);
				const { status, stderr } = spawnSync(otelcol.path, ["validate", `--config=${path}`], {
					encoding: "utf8",
					env: { TORII_INGEST_TOKEN: "t", OTLP_INGEST_TOKEN: "t", ACTIVITYLOG_TOKEN: "t", NODE_IP: "127.0.0.1" },
				});
				expect({ status, stderr }, `${id} ${platform} ${JSON.stringify(flags)}\n${text}`).toEqual({
					status: 0,
					stderr: expect.any(String),
				});
			}
		}
		// What our build lacks is checked against the distribution's inventory instead.
		for (const each of allAbsent) {
			const [section = "", type = ""] = each.split("/");
			expect(hasComponent(distribution, [999, 0, 0], section, type), each).toBe(true);
		}
		expect([...allAbsent]).toEqual(id === "ddot" ? ["exporters/datadog"] : []);
	});
});

/** Configs that went wrong once: what is spliced into them must start, as far as `validate` shows. */
const base = `receivers:
  otlp:
    protocols:
      http: {endpoint: 127.0.0.1:0}
processors:
  filter/a: {logs: {log_record: ['body == "a"']}}
  attributes/b: {actions: [{key: user.email, action: delete}]}
  batch: {}
exporters:
  debug: {}
service:
  pipelines:
    logs: {receivers: [otlp], processors: [filter/a, attributes/b, batch], exporters: [debug]}
`;
const nested = (text: string, blanks: number) => text.replace(/^(?=.)/gm, " ".repeat(blanks));

describe("the real otelcol starts what is spliced", needs(otelcol), () => {
	test.each<[name: string, text: string, path: string[]]>([
		["a plain config", base, []],
		[
			"values of a chart without extensions",
			`collectors:\n  daemon:\n    config:\n${nested(base, 6)}`,
			["collectors", "daemon", "config"],
		],
		[
			"a custom resource with an older image",
			`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n  image: otel/opentelemetry-collector-contrib:0.132.4\n  config:\n${nested(base, 4)}`,
			["spec", "config"],
		],
		["values with a pipeline that is null", `config:\n${nested(`${base}    traces: null\n`, 2)}`, ["config"]],
		[
			"an extension of its own",
			base
				.replace("exporters:\n", "extensions:\n  health_check: {endpoint: 127.0.0.1:0}\nexporters:\n")
				.replace("service:\n", "service:\n  extensions: [health_check]\n"),
			[],
		],
	])("%s", async (_name, text, path) => {
		const folder = scratch({ token: canary().token });
		const { spliceCollector } = await import("../../src/api/collector.ts");
		const { text: spliced, wired } = await spliceCollector(text, {
			distribution: "contrib",
			file: "c.yaml",
			tokenFile: join(folder, "token"),
			signals: ["logs"],
		});
		expect(wired).toEqual(["logs"]);
		const config = path.reduce((map, key) => map[key], parse(spliced));
		// Charts remove what is null, and add the extension they list.
		for (const [id, pipeline] of Object.entries(config.service.pipelines)) {
			if (pipeline === null) delete config.service.pipelines[id];
		}
		if (path.length === 1) config.extensions.health_check = { endpoint: "127.0.0.1:0" };
		config.service.telemetry = { metrics: { level: "none" } };
		writeFileSync(join(folder, "c.yaml"), stringify(config));
		const ready = await startedUntilReady(join(folder, "c.yaml"));
		expect(ready).toContain("Everything is ready");
	});
});

describe("the real otelcol takes what is spliced into null and empty parts", needs(otelcol), () => {
	test.each(aThird(Object.entries(emptyConfigs)))("%s", (_name, text) => {
		const folder = scratch({ "c.yaml": splice(text) });
		const { status, stderr } = spawnSync(otelcol.path, ["validate", `--config=${join(folder, "c.yaml")}`], {
			encoding: "utf8",
		});
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	});
});

/** Starts the collector, and stops it when it says that it runs; its log. */
async function startedUntilReady(config: string): Promise<string> {
	const collector = spawn(otelcol.path, [`--config=${config}`], { stdio: ["ignore", "ignore", "pipe"] });
	let log = "";
	try {
		for await (const chunk of collector.stderr) {
			log += String(chunk);
			if (log.includes("Everything is ready")) break;
		}
	} finally {
		collector.kill();
		if (collector.exitCode === null && collector.signalCode === null) await once(collector, "exit");
	}
	return log;
}

describe("the real otelcol refuses what T1 calls an error, and takes the rest", needs(otelcol), () => {
	test.each(judged)("$name", ({ text, passes = false }) => {
		const folder = scratch({ "c.yaml": text });
		const { status } = spawnSync(otelcol.path, ["validate", `--config=${join(folder, "c.yaml")}`]);
		expect(status === 0).toBe(passes);
	});
});

test(
	"the real otelcol merges what it is started with: a later list replaces, and --set wins (T1 says so, and checks one alone)",
	needs(otelcol),
	() => {
		const first =
			"receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: {verbosity: basic}}\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n";
		const second = "exporters: {debug/b: }\nservice: {pipelines: {logs: {exporters: [debug/b]}}}\n";
		const folder = scratch({ "a.yaml": first, "b.yaml": second });
		const configs = [`--config=${join(folder, "a.yaml")}`, `--config=${join(folder, "b.yaml")}`];
		const args = ["print-config", ...configs, "--set=exporters.debug.verbosity=detailed"];
		const printed = parse(execFileSync(otelcol.path, args, { encoding: "utf8" }));
		expect(printed.service.pipelines.logs.exporters).toEqual(["debug/b"]);
		expect(printed.exporters.debug.verbosity).toBe("Detailed");
	},
);
