import { availableParallelism } from "node:os";
import { defineConfig, type TestUserConfig } from "vitest/config";
import { sourcePlugin } from "../scripts/bundling.mjs";
import { refuseUnfitPlace } from "./harness/place.ts";

refuseUnfitPlace();

/** Tests that run the rendered scripts, or crossfade itself, as processes of their own, many of them many times. */
const scripts = [
	"test/endpoint/*.test.ts",
	"test/adapters/vehicles/*.test.ts",
	"test/adapters/clis.test.ts",
	"test/installer/*.test.ts",
	"test/commands/{demo,install,rotate-edges,rotate-killed,rotate-readme}.test.ts",
	"test/effects/endless.test.ts",
];

/** Tests that put a load on the machine or count what it takes: beside others they would measure those. */
const loads = ["test/real/{attribution,container,rotate-load,rotation,tap,telemetrygen}.test.ts"];

/** They wait for processes more than they compute. */
const maxWorkers = availableParallelism() + 2;

const project = (name: string, test: TestUserConfig) => ({
	plugins: [sourcePlugin()],
	// A test that asserts nothing fails.
	test: { name, testTimeout: 300_000, hookTimeout: 300_000, maxWorkers, expect: { requireAssertions: true }, ...test },
});

/**
 * `unit` needs Node and git; `smoke` runs every rendered script once, with the sh and awk of the machine; `scripts` runs them in depth; `real`
 * runs real programs, those under load one file after the other. `facts` holds what the CLIs of one release do by themselves, whatever this
 * repository does. What a machine lacks is skipped, with its reason. `bench` prints ratios and asserts nothing about speed.
 */
export default defineConfig({
	test: {
		root: new URL("..", import.meta.url).pathname,
		globalSetup: "test/harness/build.ts",
		reporters: ["default", "./test/harness/failures.ts", "./test/harness/titles.ts", "./test/harness/skips.ts"],
		projects: [
			project("unit", {
				include: ["test/**/*.test.ts"],
				exclude: ["test/facts/**", "test/real/**", "test/smoke/**", ...scripts],
			}),
			project("smoke", { include: ["test/smoke/*.test.ts"] }),
			project("scripts", { include: scripts }),
			project("real", {
				include: ["test/real/**/*.test.ts"],
				exclude: loads,
			}),
			project("facts", { include: ["test/facts/*.test.ts"] }),
			project("load", {
				include: loads,
				fileParallelism: false,
				maxWorkers: 1,
				sequence: { groupOrder: 1 },
			}),
			project("bench", {
				include: ["test/bench/**/*.bench.ts"],
				expect: { requireAssertions: false },
				testTimeout: 600_000,
				fileParallelism: false,
				maxWorkers: 1,
				sequence: { groupOrder: 2 },
			}),
		],
	},
});
