import { diffChars } from "diff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { damaged, type EditorSample, marker, rotated, samples, withUserKey } from "./documents.ts";
import { awks, type EditorCase, type EditorRun, runCases, type SettingsFormat, unescaped } from "./editor.ts";
import { applied, planLine, read, same, tolerated, withoutOurs } from "./oracle.ts";

/** How many files of each format; more with PROPERTY_RUNS. */
const runs = Number(process.env["PROPERTY_RUNS"] ?? 100);
const seed = Number(process.env["PROPERTY_SEED"] ?? 1_711);
const formats: readonly SettingsFormat[] = ["json", "jsonc", "toml"];

/** Runs cases on every awk that is here and fails where two disagree. */
async function everywhere(cases: readonly EditorCase[]): Promise<readonly EditorRun[]> {
	const here = awks.filter(
		({ name, part }) => part.missing === undefined && name.includes(process.env["PROPERTY_AWK"] ?? ""),
	);
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

const setting = ({ format, text, plan }: EditorSample): EditorCase => ({
	format,
	mode: "set",
	text,
	plan: plan.map(planLine),
});

const undoing = (format: SettingsFormat, text: string, plan: readonly string[]): EditorCase => ({
	format,
	mode: "undo",
	text,
	plan,
});

interface Done {
	readonly sample: EditorSample;
	readonly outcome: EditorRun;
}

/** Counts what is wrong and shows the three shortest cases. */
class Problems {
	readonly #failures: string[] = [];

	unless(fine: boolean, ...details: unknown[]): void {
		if (!fine) this.#failures.push(details.map((part) => JSON.stringify(part)).join("\n"));
	}

	fail(): void {
		const shortest = this.#failures
			.map((failure) => failure.replaceAll("x".repeat(700), "<700 x>"))
			.toSorted((one, two) => one.length - two.length)
			.slice(0, 3);
		expect(this.#failures.length, shortest.join("\n\n")).toBe(0);
	}
}

/** How many bytes were taken out of one text to make the other; a minimal diff. */
const takenOut = (from: string, to: string) =>
	diffChars(from, to)
		.filter(({ removed }) => removed)
		.reduce((sum, { value }) => sum + value.length, 0);

/** How many bytes a record says were taken out: values that were replaced, and cuts. */
const remembered = (record: readonly string[]) =>
	record
		.map((line) => line.split("\t"))
		.map(([verb, , , raw = "", , cut = ""]) => (verb === "was" ? raw : verb === "cut" ? cut : ""))
		.reduce((sum, text) => sum + unescaped(text).length, 0);

const noDrops = ({ plan }: EditorSample) => plan.every(({ verb }) => verb === "set");
const changed = "CHANGED BY ITS USER";
const count = (text: string, part: string) => text.split(part).length - 1;

describe.each(formats)("%s", { timeout: 60_000 + runs * 200 }, (format) => {
	const drawn = () => fc.sample(samples(format), { numRuns: runs, seed });

	/** The samples that set changes, with what it made of them. */
	async function edited(cases: readonly EditorSample[]): Promise<readonly Done[]> {
		const outcomes = await everywhere(cases.map(setting));
		return cases.flatMap((sample, i) => {
			const outcome = outcomes[i];
			return outcome?.code === 0 ? [{ sample, outcome }] : [];
		});
	}

	/** Whether set did to a file what the other parser says it should have done. */
	function asExpected(sample: EditorSample, outcome: EditorRun): boolean {
		const before = read(format, sample.text);
		const wanted = before === "refused" ? before : applied(format, before.value, sample.plan);
		if (outcome.code === 3) return wanted === "refused";
		const after = outcome.code === 1 ? before : read(format, outcome.text);
		const fits = wanted !== "refused" && after !== "refused" && same(after.value, wanted.value, sample.plan);
		return outcome.code < 2 && fits;
	}

	test(`set gives what an independent parser expects and takes out no foreign byte (seed ${seed})`, async () => {
		const wrong = new Problems();
		const cases = drawn();
		for (const [i, outcome] of (await everywhere(cases.map(setting))).entries()) {
			const sample = cases[i] as EditorSample;
			wrong.unless(asExpected(sample, outcome), "set", sample, outcome);
			if (outcome.code !== 0 || i % 10 !== 0) continue;
			wrong.unless(takenOut(sample.text, outcome.text) <= remembered(outcome.record), "foreign", sample, outcome);
		}
		wrong.fail();
	});

	test(`same says whether set would change a file, in the same words where neither can read it (seed ${seed})`, async () => {
		const wrong = new Problems();
		const cases = drawn().flatMap((sample, i) => [sample, { ...sample, text: damaged(sample.text, i) }]);
		const done = (await edited(cases)).map(({ sample, outcome }) => ({ ...sample, text: outcome.text }));
		const all = [...cases, ...done];
		const set = await everywhere(all.map(setting));
		const compared = await everywhere(all.map((sample) => ({ ...setting(sample), mode: "same" as const })));
		for (const [i, { code, messages, record, answers }] of compared.entries()) {
			// 4 is about what set wrote, and the comparison writes nothing.
			const said = set[i]?.code === 4 ? 0 : set[i]?.code;
			const fits = code === said && (code !== 3 || messages.join() === set[i]?.messages.join());
			wrong.unless(fits && record.length + answers.length === 0, "same", all[i], compared[i], set[i]);
		}
		wrong.fail();
	});

	test(`set twice changes nothing, undo gives the original bytes, also after a rotation (seed ${seed})`, async () => {
		const wrong = new Problems();
		const done = await edited(drawn());
		const again = await everywhere(done.map(({ sample, outcome }) => ({ ...setting(sample), text: outcome.text })));
		for (const [i, { code }] of again.entries()) wrong.unless(code === 1, "again", done[i], again[i]);
		const undone = await everywhere(done.map(({ outcome }) => undoing(format, outcome.text, outcome.record)));
		for (const [i, { code, text }] of undone.entries()) {
			wrong.unless(code === 0 && text === done[i]?.sample.text, "undo", done[i], undone[i]);
		}
		const turned = done.map(({ sample, outcome }) => ({
			...setting({ ...sample, plan: sample.plan.map(rotated) }),
			text: outcome.text,
			before: outcome.record,
		}));
		const rotations = await everywhere(turned);
		const back = rotations.flatMap((outcome, i) => (outcome.code === 0 ? [{ outcome, was: done[i] as Done }] : []));
		for (const [i, { code }] of rotations.entries()) wrong.unless(code < 2, "rotation", done[i], rotations[i]);
		for (const { outcome, was } of back) {
			const values = was.sample.plan.map(({ value = "" }) => value).filter((value) => value.length > 8);
			const found = values.filter((value) => outcome.record.some((line) => line.includes(value)));
			wrong.unless(
				found.every((value) => was.sample.text.includes(value)),
				"value in the record",
				was,
				outcome,
			);
		}
		const original = await everywhere(back.map(({ outcome }) => undoing(format, outcome.text, outcome.record)));
		for (const [i, { code, text }] of original.entries()) {
			wrong.unless(code === 0 && text === back[i]?.was.sample.text, "undo of a rotation", back[i], original[i]);
		}
		wrong.fail();
	});

	test(`undo keeps what a user changed elsewhere (seed ${seed})`, async () => {
		const wrong = new Problems();
		const done = await edited(drawn());
		const touched = done.map(({ outcome }) => outcome.text.replaceAll(marker, changed));
		const undone = await everywhere(done.map(({ outcome }, i) => undoing(format, touched[i] ?? "", outcome.record)));
		for (const [i, { code, text }] of undone.entries()) {
			const kept = count(text, changed) === count(touched[i] ?? "", changed);
			const rest = text.replaceAll(changed, marker) === done[i]?.sample.text;
			wrong.unless(code === 0 && kept && rest, "foreign value", done[i], undone[i]);
		}
		const grown = done
			.filter(({ sample }) => noDrops(sample))
			.flatMap((one, i) => {
				const text = withUserKey(format, one.outcome.text, i);
				return text === undefined ? [] : [{ ...one, text }];
			});
		const shrunk = await everywhere(grown.map(({ outcome, text }) => undoing(format, text, outcome.record)));
		for (const [i, outcome] of shrunk.entries()) {
			const { sample, text } = grown[i] as Done & { text: string };
			const got = read(format, outcome.text);
			const fits = got !== "refused" && same(got.value, withoutOurs(format, text, sample));
			wrong.unless(outcome.code === 0 && fits && outcome.messages.length === 0, "foreign key", grown[i], outcome);
		}
		wrong.fail();
	});

	test(`undo keeps a key of ours that a user changed, and says so (seed ${seed})`, async () => {
		const wrong = new Problems();
		const done = await edited(drawn());
		const theirs = done.map(({ sample }) =>
			sample.plan
				.filter(({ type }) => type === "string")
				.slice(0, 1)
				.map(rotated),
		);
		const taken = await everywhere(
			done.map(({ sample, outcome }, i) => ({ ...setting({ ...sample, plan: theirs[i] ?? [] }), text: outcome.text })),
		);
		const left = done.flatMap(({ outcome }, i) =>
			taken[i]?.code === 0 ? [{ outcome, text: taken[i]?.text ?? "", pointer: theirs[i]?.[0]?.pointer ?? "" }] : [],
		);
		const kept = await everywhere(left.map(({ outcome, text }) => undoing(format, text, outcome.record)));
		for (const [i, outcome] of kept.entries()) {
			const { outcome: first, pointer } = left[i] as (typeof left)[number];
			const ours = first.record.some((line) => /^(put|was)/.test(line) && line.split("\t")[1] === pointer);
			const told = outcome.messages.includes(`kept ${pointer}`);
			wrong.unless(outcome.code < 2 && told === ours, "kept", left[i], outcome);
		}
		wrong.fail();
	});

	test(`a damaged file is refused, or read as the independent parser reads it (seed ${seed})`, async () => {
		const wrong = new Problems();
		const cases = drawn().map((sample, i) => ({ ...sample, text: damaged(sample.text, seed + i) }));
		for (const [i, outcome] of (await everywhere(cases.map(setting))).entries()) {
			const sample = cases[i] as EditorSample;
			const silent = outcome.messages.length === 1 && outcome.text === "";
			// 3 says what is wrong with the file; 4 that our own check of the result stopped us. Either way nothing is written.
			const fine = [3, 4].includes(outcome.code)
				? silent
				: asExpected(sample, outcome) || tolerated(format, sample.text);
			wrong.unless(fine, "damaged", sample, outcome);
		}
		wrong.fail();
	});
});
