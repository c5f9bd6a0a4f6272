import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Ends the test run with what was skipped and why. */
export default class SkipsReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const reasons = new Map<string, string[]>();
		for (const module of modules) {
			for (const test of module.children.allTests("skipped")) {
				const reason = reasonFor(test);
				reasons.set(reason, [...(reasons.get(reason) ?? []), `${module.relativeModuleId}: ${test.fullName}`]);
			}
		}
		process.stdout.write(reasons.size === 0 ? "Skipped: nothing.\n" : skipsText(reasons));
	}
}

function skipsText(reasons: ReadonlyMap<string, readonly string[]>): string {
	const groups = [...reasons].map(([reason, tests]) => [`  ${reason}`, ...tests.map((test) => `    - ${test}`)]);
	const advice = "Install the missing parts with scripts/provision.sh and run the tests again.";
	return ["Skipped:", ...groups.flat(), advice, ""].join("\n");
}

function reasonFor(test: TestCase): string {
	const result = test.result();
	return (result.state === "skipped" && result.note) || "no reason given";
}
