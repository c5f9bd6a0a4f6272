import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";
import type { Missing } from "./parts.ts";

/** What one command leaves to others, by one of the projects that they have. */
const tiers = [
	{ project: "unit", command: "npm test", what: "the unit tests" },
	{ project: "real", command: "npm run test:all", what: "the rendered scripts in depth, and real programs" },
	{ project: "facts", command: "npm run test:full", what: "what the CLIs do by themselves" },
	{ project: "bench", command: "npm run bench", what: "how fast it is" },
] as const;

/** Ends a test run with what was not run, why, and how to run it. */
export default class SkipsReporter implements Reporter {
	#projects: readonly string[] = [];

	onInit({ projects }: Vitest): void {
		this.#projects = projects.map(({ name }) => name);
	}

	onTestRunEnd(modules: readonly TestModule[]): void {
		const skipped = modules.flatMap((module) => [...module.children.allTests("skipped")].map(missing));
		process.stdout.write(notRun(skipped, this.#projects, process.env["CROSSFADE_MATRIX"] === "full"));
	}
}

/** The last lines of a run of these projects. */
export function notRun(skipped: readonly Missing[], projects: readonly string[], isWholeMatrix: boolean): string {
	const counts = new Map<string, number>();
	for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
	const reasons = [...counts].map(([reason, count]) => `${String(count).padStart(6)}  ${reason}`);
	const fixes = new Set(skipped.map(({ fix }) => fix));
	const others = tiers.filter(({ project }) => !projects.includes(project));
	return [
		...(skipped.length === 0 ? ["Skipped tests: none"] : ["Skipped tests, by what is missing:", ...reasons]),
		...[...fixes].map((fix) => `To run them: ${fix}`),
		...others.map(({ what, command }) => `Not part of this run: ${what} (${command})`),
		...(isWholeMatrix
			? []
			: ["Not part of this run: every combination of shells, awks and kill steps (npm run test:full)"]),
		"",
	].join("\n");
}

function missing(test: TestCase): Missing {
	const result = test.result();
	const reason = (result.state === "skipped" && result.note) || "left out by a filter";
	return test.meta().missing ?? { reason, fix: "run the whole file" };
}
