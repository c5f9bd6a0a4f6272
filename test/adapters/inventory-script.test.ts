import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratch } from "../harness/cli.ts";

const SCRIPT = new URL("../../scripts/inventory.mjs", import.meta.url).pathname;
const MANIFEST = "distributions/otelcol-contrib/manifest.yaml";

/** A release repository with these exporters in each release, and an inventory of before. */
function releases(exporters: Readonly<Record<string, readonly string[]>>, inventory: object) {
	const folder = scratch();
	const git = (...args: string[]) =>
		execFileSync("git", ["-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.com", ...args], {
			env: { ...process.env, GIT_COMMITTER_DATE: "2026-09-01T00:00:00Z", GIT_AUTHOR_DATE: "2026-09-01T00:00:00Z" },
		});
	git("init", "-q");
	mkdirSync(join(folder, "distributions/otelcol-contrib"), { recursive: true });
	for (const [release, names] of Object.entries(exporters)) {
		const rows = names.map((name) => `  - gomod: example.com/exporter/${name} v${release}\n`);
		writeFileSync(join(folder, MANIFEST), `dist: { name: x${release} }\nexporters:\n${rows.join("")}`);
		git("add", ".");
		git("commit", "-qm", release);
		git("tag", `v${release}`);
	}
	git("tag", "v0.103.0-nightly.1");
	const file = join(scratch(), "inventory.json");
	const source = `https://example.com/releases/blob/v0.101.0/${MANIFEST}`;
	writeFileSync(
		file,
		JSON.stringify({ oldest: "0.100.0", newest: "0.101.0", read: "2026-01-01", source, ...inventory }),
	);
	const outcome = spawnSync(process.execPath, [SCRIPT, folder, file], { encoding: "utf8" });
	return { ...outcome, made: JSON.parse(readFileSync(file, "utf8")) };
}

const BEFORE = {
	components: {
		exporters: { otlphttp: "", otlp_http: ">=0.101.0", loki: "", file: "", kafka: "" },
		providers: { env: "" },
	},
	deprecated: { exporters: { otlphttp: "otlp_http" } },
};

test("an inventory is rebuilt from the manifests of all releases: what came, went, or was away, with its source and date", () => {
	const all = ["otlphttpexporter", "lokiexporter", "fileexporter", "kafkaexporter"];
	const { made, stdout, status } = releases(
		{
			"0.99.0": ["carbonexporter"],
			"0.100.0": all,
			"0.101.0": all.filter((name) => name !== "fileexporter"),
			"0.102.0": [...all.filter((name) => name !== "lokiexporter"), "brandnewexporter"],
		},
		BEFORE,
	);
	expect(status).toBe(0);
	expect(made.components.exporters).toEqual({
		file: "<0.101.0 || >=0.102.0",
		kafka: "",
		loki: "<0.102.0",
		otlp_http: ">=0.101.0",
		otlphttp: "",
	});
	expect(made).toMatchObject({
		oldest: "0.100.0",
		newest: "0.102.0",
		read: "2026-09-01",
		source: `https://example.com/releases/blob/v0.102.0/${MANIFEST}`,
		components: { providers: { env: "" } },
	});
	expect(stdout).toContain("3 releases, 0.100.0 to 0.102.0");
	expect(stdout).toContain("look at exporters: example.com/exporter/brandnewexporter, last in 0.102.0");
});

test("a name that no manifest has stays, and is told", () => {
	const { made, stdout } = releases({ "0.100.0": ["kafkaexporter"], "0.101.0": ["kafkaexporter"] }, BEFORE);
	expect(made.components.exporters.loki).toBe("");
	expect(stdout).toContain("look at exporters: loki, last in no manifest");
});

test("a checkout that ends before the inventory, or has no tags, changes nothing", () => {
	for (const exporters of [{ "0.100.0": ["kafkaexporter"] }, { "0.98.0": ["kafkaexporter"] }]) {
		const { made, status, stderr } = releases(exporters, BEFORE);
		expect(status).not.toBe(0);
		expect(stderr).toMatch(/the checkout ends at 0\.100\.0, the inventory at 0\.101\.0|are the tags there/);
		expect(made.newest).toBe("0.101.0");
	}
});
