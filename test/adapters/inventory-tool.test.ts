import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { write } from "../harness/endpoint.ts";

const tool = new URL("../../scripts/inventory.mjs", import.meta.url).pathname;
const MODULE = "example.com/collector";

/** A repository in which each release is a commit with a tag. */
function repository(releases: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
	const folder = scratch();
	const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { stdio: "ignore" });
	git("init", "-q");
	for (const [tag, files] of Object.entries(releases)) {
		for (const [path, content] of Object.entries(files)) write(folder, path, content);
		git("add", "-A");
		git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", tag);
		git("tag", tag);
	}
	return folder;
}

const manifest = (version: string, ...modules: string[]) => ({
	"distributions/otelcol-k8s/manifest.yaml": `receivers:\n${modules.map((module) => `  - gomod: ${MODULE}/receiver/${module} v${version}\n`).join("")}`,
});
const metadata = (module: string, text: string) => ({ [`receiver/${module}/metadata.yaml`]: text });

const known = {
	components: { receivers: { alpha: "", beta: ">=0.2.0", gone: "<0.2.0" } },
	deprecated: {},
	newest: "0.9.0",
	oldest: "0.1.0",
	read: "2026-01-01",
	releases: {},
	source: "https://example.com",
};

function update(releases: string, source: string, ...args: string[]) {
	const folder = scratch({ "inventory.json": JSON.stringify(known) });
	const file = join(folder, "inventory.json");
	const words = ["k8s", "--releases", releases, "--source", `${MODULE}=${source}`, "--file", file, ...args];
	const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...words], { encoding: "utf8" });
	return { status, stdout, stderr, inventory: JSON.parse(readFileSync(file, "utf8")) };
}

const newSource = () =>
	repository({
		"v0.9.0": { ...metadata("alpha", "type: alpha\n"), ...metadata("beta", "type: beta\n") },
		"v0.10.0": {
			...metadata("alpha", "type: alpha_one\ndeprecated_type: alpha\n"),
			...metadata("beta", "type: beta_two\n"),
			"receiver/beta/factory.go": 'xreceiver.WithDeprecatedTypeAlias(component.MustNewType("beta")),\n',
			...metadata("back", "type: gone\n"),
		},
		"v0.11.0": {},
	});
const newReleases = () =>
	repository({
		"v0.9.0": manifest("0.9.0", "alpha", "beta"),
		"v0.10.0": manifest("0.10.0", "alpha", "beta", "back"),
		"v0.11.0-nightly.1": manifest("0.11.0", "alpha"),
		"v0.11.0": manifest("0.11.0", "alpha"),
	});

test("an inventory gets each new release in order: new, renamed, gone and returned components", () => {
	const { status, stdout, inventory } = update(newReleases(), newSource(), "--write");
	expect(status).toBe(0);
	expect(stdout).toMatch(/^0\.10\.0:\n[\s\S]*0\.11\.0:\n/);
	expect(inventory).toMatchObject({
		newest: "0.11.0",
		oldest: "0.1.0",
		source: expect.stringContaining("/blob/v0.11.0/distributions/otelcol-k8s/manifest.yaml"),
		components: {
			receivers: {
				alpha: "",
				alpha_one: ">=0.10.0",
				beta: ">=0.2.0 <0.11.0",
				beta_two: ">=0.10.0 <0.11.0",
				gone: "<0.2.0 || >=0.10.0 <0.11.0",
			},
		},
		deprecated: { receivers: { alpha: "alpha_one", beta: "beta_two" } },
	});
	expect(inventory.read).not.toBe(known.read);
});

test("without --write nothing is changed", () => {
	expect(update(newReleases(), newSource())).toMatchObject({ status: 0, inventory: known });
});

test("a component whose name cannot be read changes nothing, and is named", () => {
	const other = repository({ "v0.10.0": metadata("alpha", "type: alpha\n"), "v0.11.0": {} });
	expect(update(newReleases(), other, "--write")).toMatchObject({
		status: 1,
		stderr: expect.stringMatching(
			/^release 0\.10\.0 cannot be read:\n {2}receivers: \S+\/beta v0\.10\.0: [\s\S]*\/back v0\.10\.0/,
		),
		inventory: known,
	});
});
