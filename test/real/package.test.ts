import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { needs, nodeOf } from "../harness/parts.ts";

const root = new URL("../..", import.meta.url).pathname;
const modules = join(root, "node_modules/.bin");

/** Puts what is packed into a folder of its own: packing in this one builds anew, while other tests run what was built. */
function stage(folder: string): void {
	for (const name of ["package.json", "README.md", ".github", "scripts", "dist"]) {
		cpSync(join(root, name), join(folder, name), { recursive: true });
	}
	execFileSync(process.execPath, ["scripts/stage-notices.mjs"], { cwd: folder });
}

/** The packed package, installed into an empty folder without any registry. */
let installed = "";
/** What is in the folder it was packed in, afterwards. */
let left: readonly string[] = [];

beforeAll(() => {
	installed = mkdtempSync(join(tmpdir(), "crossfade-package-"));
	const staged = mkdtempSync(join(tmpdir(), "crossfade-staged-"));
	stage(staged);
	const env = { ...process.env, npm_config_offline: "true" };
	execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", installed], {
		cwd: staged,
		env,
		stdio: "pipe",
	});
	const [tarball = ""] = readdirSync(installed);
	writeFileSync(join(installed, "package.json"), '{"private": true, "type": "module"}\n');
	execFileSync("npm", ["install", "--no-audit", "--no-fund", join(installed, tarball)], {
		cwd: installed,
		env,
		stdio: "pipe",
	});
	execFileSync(process.execPath, ["scripts/stage-notices.mjs", "--remove"], { cwd: staged });
	left = readdirSync(staged);
	rmSync(staged, { recursive: true });
	return () => rmSync(installed, { recursive: true });
});

describe("the npm package", () => {
	test("brings no other package with it, and the notices of those it holds", () => {
		const names = readdirSync(join(installed, "node_modules")).filter((name) => !name.startsWith("."));
		expect(names).toEqual(["otel-crossfade"]);
		const folder = join(installed, "node_modules/otel-crossfade");
		expect(readdirSync(folder).sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json"]);
		const notices = readFileSync(join(folder, "dist/THIRD-PARTY-LICENSES.txt"), "utf8");
		for (const name of ["commander", "handlebars", "yaml", "diff"]) expect(notices).toContain(`${name} `);
	});

	test("has sources alone, and nothing that V8 compiled", () => {
		const dist = join(installed, "node_modules/otel-crossfade/dist");
		expect(readdirSync(join(root, "dist"))).toContain("compiled");
		expect(readdirSync(dist)).toContain("command-line.cjs");
		expect(readdirSync(dist)).not.toContain("compiled");
	});

	test("packing leaves no notices at the root", () => {
		expect(left).toContain("package.json");
		expect(left).not.toContain("LICENSE");
		expect(left).not.toContain("CHANGELOG.md");
	});

	test("its command runs", () => {
		const run = spawnSync(join(installed, "node_modules/.bin/crossfade"), ["collector", "-d", "contrib"], {
			encoding: "utf8",
		});
		expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
		expect(run.stdout).toContain("bearertokenauth/torii");
	});

	test("its API is importable and typed", () => {
		const source = `import { CrossfadeError, exitCodes, fingerprint, Secret } from "otel-crossfade";
const secret: Secret = Secret.of("a-token-of-twenty-characters");
const code: number = exitCodes.newRejected[0];
console.log(String(secret), fingerprint(secret.reveal()), code, new CrossfadeError("usage", { what: "x", fix: "y" }).exit);
`;
		writeFileSync(join(installed, "use.mts"), source);
		writeFileSync(join(installed, "use.mjs"), source.replaceAll(/: (Secret|number)/g, ""));
		const options = ["--noEmit", "--strict", "--module", "nodenext", "--types", "", "--lib", "es2023,dom", "use.mts"];
		const typed = spawnSync(join(modules, "tsc"), options, { cwd: installed, encoding: "utf8" });
		expect({ status: typed.status, stdout: typed.stdout }).toEqual({ status: 0, stdout: "" });
		expect(execFileSync(process.execPath, ["use.mjs"], { cwd: installed, encoding: "utf8" })).toMatch(
			/^\[secret fp=([0-9a-f]{12})\] \1 3 usage\n$/,
		);
	});

	test("publint has nothing to say", () => {
		const cwd = join(installed, "node_modules/otel-crossfade");
		const args = ["run", "--strict", "--pack", "false"];
		const { status, stdout } = spawnSync(join(modules, "publint"), args, { cwd, encoding: "utf8" });
		expect({ status, stdout }).toMatchObject({ status: 0 });
	});

	// Node 20 is here in the oldest release we support.
	for (const [major, node] of [20, 22, 24, 26].map((major) => [major, nodeOf(major)] as const))
		test(`does on Node ${major} what it does here`, needs(node), () => {
			const folder = scratch({
				"c.yaml":
					"receivers:\n  otlp:\nexporters:\n  debug:\nservice:\n  pipelines:\n    logs: {receivers: [otlp], exporters: [debug]}\n",
			});
			const cli = join(installed, "node_modules/otel-crossfade/dist/cli.cjs");
			const commands = [
				["--help"],
				["collector", "-d", "alloy", "--json"],
				["collector", "-d", "contrib", "--into", "c.yaml"],
				["collector", "-d", "contrib", "--into", "c.yaml", "--diff"],
				["collector", "-d", "splunk", "--rotate-script"],
				["check", "-d", "contrib", "--no-bin", "c.yaml"],
				["check", "-d", "adot", "--no-bin", "--format", "sarif", "c.yaml"],
				["completion", "zsh"],
				["collector", "-d", "nothing"],
			];
			for (const args of commands) {
				const [here, there] = [process.execPath, node.path].map((program) => {
					const { status, stdout, stderr } = spawnSync(program, [cli, ...args], {
						cwd: folder,
						encoding: "utf8",
						env: {},
					});
					return { status, stdout, stderr };
				});
				expect(there, args.join(" ")).toEqual(here);
			}
			const keys = spawnSync(node.path, [cli, "init", "--rotate"], { cwd: scratch(), encoding: "utf8", env: {} });
			expect(keys).toMatchObject({ status: 0, stderr: expect.stringMatching(/^crossfade\.key: .*\nnext: .*\n$/) });
			const version = execFileSync(node.path, ["--version"], { encoding: "utf8" });
			expect(version).toMatch(major === 20 ? /^v20\.18\.1$/m : new RegExp(`^v${major}\\.`));
		});
});
