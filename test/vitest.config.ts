import { defineConfig } from "vitest/config";
import { sourcePlugin } from "../scripts/bundling.mjs";

/**
 * `unit` needs nothing but Node; `real` runs collectors, containers and shells, and skips visibly what this machine lacks; `bench` prints
 * ratios and asserts nothing about speed.
 */
export default defineConfig({
	test: {
		root: new URL("..", import.meta.url).pathname,
		globalSetup: "test/harness/build.ts",
		reporters: ["default", "./test/harness/skips.ts"],
		projects: [
			{
				plugins: [sourcePlugin()],
				test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/real/**"], testTimeout: 60_000 },
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
