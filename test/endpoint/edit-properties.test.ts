import fc from "fast-check";
import { describe, test } from "vitest";
import { type Sample, samples } from "./documents.ts";
import { awks, type Case, type Format, type Outcome, runCases } from "./editor.ts";
import { applied, planLine, read, same } from "./oracle.ts";

/** How many files of each format; more with PROPERTY_RUNS. */
const runs = Number(process.env["PROPERTY_RUNS"] ?? 300);
const seed = Number(process.env["PROPERTY_SEED"] ?? Date.now() % 2 ** 31);
const formats: readonly Format[] = ["json", "jsonc", "toml"];

/** Runs cases on every awk that is here and fails where two disagree. */
async function everywhere(cases: readonly Case[]): Promise<readonly Outcome[]> {
	const here = awks.filter(({ part }) => isHere(part));
	const [first, ...others] = await Promise.all(here.map((awk) => runCases(awk, cases)));
	if (!first) throw new Error("no awk is on this machine");
	for (const [index, outcomes] of others.entries()) {
		const at = outcomes.findIndex((outcome, i) => JSON.stringify(outcome) !== JSON.stringify(first[i]));
		if (at >= 0) {
			throw new Error(
				`${here[0]?.name} and ${here[index + 1]?.name} disagree:\n${JSON.stringify(cases[at], null, 1)}\n${JSON.stringify(first[at])}\n${JSON.stringify(outcomes[at])}`,
			);
		}
	}
	return first;
}

const isHere = (part: { path: string }) => {
	try {
		return part.path !== "";
	} catch {
		return false;
	}
};

const setting = ({ format, text, plan }: Sample): Case => ({ format, mode: "set", text, plan: plan.map(planLine) });

const undoing = (format: Format, text: string, plan: readonly string[]): Case => ({ format, mode: "undo", text, plan });

interface Done {
	readonly sample: Sample;
	readonly outcome: Outcome;
}

/** Counts what is wrong and shows the three shortest cases. */
class Problems {
	readonly #stories: string[] = [];

	unless(fine: boolean, ...story: unknown[]): void {
		if (!fine) this.#stories.push(story.map((part) => JSON.stringify(part)).join("\n"));
	}

	fail(): void {
		const shortest = this.#stories
			.map((story) => story.replaceAll("x".repeat(700), "<700 x>"))
			.toSorted((one, two) => one.length - two.length)
			.slice(0, 3);
		if (shortest.length > 0) throw new Error(`${this.#stories.length} wrong\n${shortest.join("\n\n")}`);
	}
}

describe.each(formats)("%s", { timeout: 60_000 + runs * 100 }, (format) => {
	const drawn = () => fc.sample(samples(format), { numRuns: runs, seed });

	test(`set gives what an independent parser expects, twice changes nothing, undo gives the original bytes (seed ${seed})`, async () => {
		const wrong = new Problems();
		const cases = drawn();
		const set = await everywhere(cases.map(setting));
		const done: Done[] = [];
		for (const [i, sample] of cases.entries()) {
			const outcome = set[i] as Outcome;
			const before = read(format, sample.text);
			const wanted = before === "refused" ? "refused" : applied(format, before.value, sample.plan);
			const after = outcome.code === 1 ? before : read(format, outcome.text);
			const fits = wanted !== "refused" && after !== "refused" && same(after.value, wanted.value, sample.plan);
			wrong.unless(outcome.code === 3 ? wanted === "refused" : outcome.code < 2 && fits, "set", sample, outcome);
			if (outcome.code === 0) done.push({ sample, outcome });
		}
		const again = await everywhere(done.map(({ sample, outcome }) => ({ ...setting(sample), text: outcome.text })));
		for (const [i, { code }] of again.entries()) wrong.unless(code === 1, "again", done[i], again[i]);
		const undone = await everywhere(done.map(({ outcome }) => undoing(format, outcome.text, outcome.record)));
		for (const [i, { code, text }] of undone.entries()) {
			wrong.unless(code === 0 && text === done[i]?.sample.text, "undo", done[i], undone[i]);
		}
		wrong.fail();
	});
});
