import type { Reporter, TestCase } from "vitest/node";

const LONGEST = 2_000;

/** Prints why a test failed when it fails: a run of an hour says it at the end, and one that is stopped says nothing. */
export default class FailuresReporter implements Reporter {
	onTestCaseResult(test: TestCase): void {
		const { state, errors = [] } = test.result();
		if (state !== "failed") return;
		const why = errors.map(({ message, diff = "" }) => `${message}\n${diff}`.trimEnd().slice(0, LONGEST));
		process.stdout.write(`failed: ${test.module.relativeModuleId}: ${test.fullName}\n${why.join("\n")}\n`);
	}
}
