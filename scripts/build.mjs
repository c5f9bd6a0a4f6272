// Writes the registries of the adapters (with --frozen it fails if they are stale), then
// bundles src/ into dist/: the command line as one lean entry with a chunk for whatever a command needs and nothing else, and the API.
//
// The command line is CommonJS: Node starts it a quarter faster than the same code as ES modules, which `npm run bench` shows. What V8 compiles
// of it is kept beside it (compile-ahead.mjs).
import { spawnSync } from "node:child_process";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { rolldown } from "rolldown";
import { nodeBundle } from "./bundling.mjs";
import { checkRegistries, writeRegistries } from "./registries.mjs";

/**
 * What commands load together, with all that it imports: each file costs a start a third of a millisecond, whatever is in it. The first row
 * that names a module gets it. A module of Node that only some commands need must not get in: test/cli.test.ts fails then.
 */
const together = Object.entries({
	yaml: /\/node_modules\/yaml\//,
	valibot: /\/node_modules\/valibot\//,
	jsonc: /\/node_modules\/jsonc-parser\//,
	base: /\/src\/(base\/(?!junit|paint|settings|table|width)\w|token\/(forms|guard|reference|shape)|effects\/files\/system)/,
	token: /\/src\/token\/(fingerprint|secret)\.ts/,
	backend: /\/src\/(spec\/(backend|endpoint|flags|fleet-text)|commands\/(backend|fleet)-options)\.ts/,
	collectors:
		/\/src\/(adapters\/collectors\/(credentials|distribution|hosts|otelcol|registry)|generate\/plan\/release)\.ts/,
	plan: /\/src\/(generate\/(plan\/(collector|summary)|render\/(alloy-text|collector|otelcol|yaml))|spec\/collector)\.ts/,
	places: /\/src\/generate\/render\/platforms\/shared\.ts/,
	texts:
		/\/src\/generate\/(check\/(config-model|foreign|launch|put-in|scripts)|splice\/(alloy-syntax|alloy-values|block-text|edit|effect|encoding|identity|image|locate|marker|ottl|passage|processor-effects|processors|yaml-document))\.ts/,
	splice: /\/src\/(api\/splice-text|commands\/collector-into)\.ts/,
	fleet: /\/src\/spec\/(fleet|fleet-flags|rotation)\.ts/,
	rotation: /\/src\/rotate\/(journal|open|provider-call|sealing|status)\.ts/,
	rotate: /\/src\/commands\/(rotation-option|rotate|rotate-verbs)\.ts/,
}).map(([name, test]) => ({ name, test }));

/** Everything that was bundled, by path. */
const inputs = new Set();

if (process.argv.includes("--frozen")) checkRegistries("src/adapters");
else writeRegistries("src/adapters");
await rm("dist", { recursive: true, force: true });
await bundle({ cli: "src/start.ts" }, { format: "cjs", entryFileNames: "[name].cjs" });
await bundle(
	{ "command-line": "src/cli.ts" },
	{
		format: "cjs",
		// src/start.ts gives its scripts no import().
		dynamicImportInCjs: false,
		entryFileNames: "[name].cjs",
		chunkFileNames: "chunks/[name]-[hash].cjs",
		codeSplitting: { groups: together },
		// Read by nobody but a crash, which names the lines of our sources; Node itself must not load them.
		sourcemap: "hidden",
	},
);
await bundle(
	{ index: "src/index.ts" },
	{ format: "esm", entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" },
);
await chmod("dist/cli.cjs", 0o755);
const ahead = spawnSync(process.execPath, ["scripts/compile-ahead.mjs"], { stdio: "inherit" });
if (ahead.status !== 0) console.error("dist/compiled was not made: commands work, and start slower");
const schema = spawnSync(process.execPath, ["dist/cli.cjs", "init", "--schema"], { encoding: "utf8" });
if (schema.status !== 0) throw new Error(schema.stderr);
await writeFile("dist/crossfade.schema.json", schema.stdout);
await writeFile("dist/THIRD-PARTY-LICENSES.txt", await notices());

const types = spawnSync("node_modules/.bin/tsc", ["-p", "scripts/tsconfig.types.json"], { stdio: "inherit" });
if (types.status !== 0) process.exit(1);

/**
 * @param {Record<string, string>} input
 * @param {import("rolldown").OutputOptions} output
 */
async function bundle(input, output) {
	const build = await rolldown({ input, ...nodeBundle });
	await build.write({
		dir: "dist",
		minify: true,
		sourcemapExcludeSources: true,
		sourcemapPathTransform: (path) => path.replace(/^(\.\.\/)+/, ""),
		...output,
	});
	for (const file of await build.watchFiles) inputs.add(file);
}

/** The licence texts of every package that was bundled, as their licences ask. */
async function notices() {
	const folders = new Set(
		[...inputs]
			.map((path) => /.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0])
			.filter((path) => path !== undefined),
	);
	const about = await Promise.all([...folders].sort().map(packageAt));
	const texts = about.map(({ name, version, license, repository, text }) => {
		// Some packages leave it to the others of their repository.
		const found =
			text || about.find((each) => each.repository === repository && each.license === license && each.text)?.text;
		if (!found) throw new Error(`${name}: no licence text found, and the package is bundled`);
		return `${name} ${version} (${license})\n\n${found.trim()}\n`;
	});
	return texts.join(`\n${"-".repeat(78)}\n\n`);
}

/** @param {string} folder */
async function packageAt(folder) {
	const { name, version, license, repository = name } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
	const files = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "License.md"];
	const found = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8").catch(() => "")));
	return {
		name,
		version,
		license,
		repository: repository.url ?? repository,
		text: found.find((content) => content !== ""),
	};
}
