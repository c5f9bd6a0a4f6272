import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { sourcePlugin } from "../scripts/bundling.mjs";

/** Tests that run the rendered scripts in a shell of the machine, most of them many times. */
const scripts = [
	"test/endpoint/*.test.ts",
	"test/adapters/vehicles/*.test.ts",
	"test/installer/*.test.ts",
	"test/commands/{install,mdm,mdm-verify}.test.ts",
];

/** They wait for processes more than they compute. */
const maxWorkers = availableParallelism() + 1;

/**
 * `unit` needs nothing but Node; `scripts` a POSIX shell besides; `real` runs collectors, containers and every shell, and skips visibly what
 * this machine lacks; `bench` prints ratios and asserts nothing about speed.
 */
export default defineConfig({
	test: {
		root: new URL("..", import.meta.url).pathname,
		globalSetup: "test/harness/build.ts",
		reporters: ["default", "./test/harness/skips.ts"],
		projects: [
			{
				plugins: [sourcePlugin()],
				test: {
					name: "unit",
					include: ["test/**/*.test.ts"],
					exclude: ["test/real/**", ...scripts],
					testTimeout: 60_000,
					maxWorkers,
				},
			},
			{
				plugins: [sourcePlugin()],
				test: { name: "scripts", include: scripts, testTimeout: 120_000, maxWorkers },
			},
			{
				plugins: [sourcePlugin()],
				test: {
					name: "real",
					include: ["test/real/**/*.test.ts"],
					testTimeout: 300_000,
					hookTimeout: 300_000,
					fileParallelism: false,
				},
			},
			{
				plugins: [sourcePlugin()],
				test: { name: "bench", include: ["test/bench/**/*.bench.ts"], testTimeout: 600_000, fileParallelism: false },
			},
		],
	},
});
