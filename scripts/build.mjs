// Bundles src/ into dist/: one lean entry, and a chunk for whatever a command needs and nothing else.

import { spawnSync } from "node:child_process";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { templates } from "./templates.mjs";

await rm("dist", { recursive: true, force: true });

const { metafile } = await build({
	entryPoints: ["src/cli.ts", "src/index.ts"],
	outdir: "dist",
	bundle: true,
	splitting: true,
	format: "esm",
	platform: "node",
	target: "node20.18",
	chunkNames: "chunks/[name]-[hash]",
	legalComments: "none",
	minifySyntax: true,
	metafile: true,
	// Bundled CommonJS packages ask for Node's own modules through `require`.
	banner: {
		js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
	},
	plugins: [templates()],
});
await chmod("dist/cli.js", 0o755);
await writeFile("dist/THIRD-PARTY-LICENSES.txt", await notices(Object.keys(metafile.inputs)));

const types = spawnSync("node_modules/.bin/tsc", ["-p", "scripts/tsconfig.types.json"], { stdio: "inherit" });
if (types.status !== 0) process.exit(1);

/**
 * The licence texts of every package that was bundled, as their licences ask.
 * @param {string[]} inputs
 */
async function notices(inputs) {
	const folders = new Set(inputs.map((path) => path.match(/^node_modules\/(@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
	const texts = [...folders].sort().map(async (folder) => {
		const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
		const files = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "License.md"];
		const found = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8").catch(() => "")));
		const text = found.find((content) => content !== "");
		if (!text) throw new Error(`${folder}: no licence text found, and the package is bundled`);
		return `${name} ${version} (${license})\n\n${text.trim()}\n`;
	});
	return (await Promise.all(texts)).join(`\n${"-".repeat(78)}\n\n`);
}
