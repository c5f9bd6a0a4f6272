import type { Reporter, TestModule } from "vitest/node";

/** Fails a run in which a test's title has a value that cannot be read. */
export default class TitlesReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[]): void {
		const all = modules.flatMap((module) => [...module.children.allTests()].map(({ fullName }) => fullName));
		const unreadable = all.filter((title) => title.includes("[object "));
		if (unreadable.length === 0) return;
		process.stdout.write(
			`Titles that cannot be read:\n${unreadable.map((title) => `  ${title.slice(0, 120)}\n`).join("")}`,
		);
		process.exitCode = 1;
	}
}
