import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { howMany } from "../harness/matrix.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { damaged, type EditorSample, rotated, samples, withUserKey } from "./documents.ts";
import {
	awks,
	type EditorCase,
	type EditorRun,
	runCases,
	runEntry,
	runInPowerShell,
	type SettingsFormat,
} from "./editor.ts";
import { planLine } from "./oracle.ts";
import { wholeFiles } from "./whole-files.ts";

/** How many files are made of each format; each is edited, compared, read, undone, rotated, damaged and touched by its user. */
const runs = Number(process.env["PROPERTY_RUNS"] ?? howMany(25, 4_000));
const seed = Number(process.env["PROPERTY_SEED"] ?? 1_711);
const formats: readonly SettingsFormat[] = ["json", "jsonc", "toml"];

const awk =
	awks.find(({ name, part }) => name.includes("mawk") && part.missing === undefined) ??
	awks.find(({ part }) => part.missing === undefined);

const asSet = ({ format, text, plan }: EditorSample): EditorCase => ({
	format,
	mode: "set",
	text,
	plan: plan.map(planLine),
});

/** What awk made of cases, kept with them. */
interface Done {
	readonly given: EditorCase;
	readonly outcome: EditorRun;
}

class Collected {
	readonly all: Done[] = [];

	async run(cases: readonly EditorCase[]): Promise<readonly Done[]> {
		if (!awk) throw new Error("no awk is on this machine");
		const outcomes = await runCases(awk, cases);
		const done = outcomes.map((outcome, i) => ({ given: cases[i] as EditorCase, outcome }));
		this.all.push(...done);
		return done;
	}
}

const KINDS = [
	"string",
	"number",
	"boolean",
	"list",
	"object",
	"whole",
	"count",
	"positive",
	"int",
	"texts",
	"nothing",
	"^a^b",
	"&a",
	"&a&b",
	"small",
	"x|{/a}",
	"a|b|{object}",
	"|{number}",
];

/** What a reader demands of the values at and above those of a plan, and of the keys beside them. */
function demands({ plan }: EditorSample, at: number): string[] {
	return plan.flatMap(({ pointer }, i) => {
		const above = pointer.slice(0, pointer.lastIndexOf("/"));
		const name = pointer
			.slice(above.length + 1)
			.replaceAll("~1", "/")
			.replaceAll("~0", "~");
		const kinds = [`kind\t${pointer}\t${KINDS[(at + i) % KINDS.length]}`];
		if (above === "") return kinds;
		return [
			...kinds,
			`kind\t${above}\t${at % 3 === 0 ? "list" : "object"}`,
			`kind\t${above}/*\t${KINDS[(at + i + 5) % KINDS.length]}`,
			`kind\t${above.replace(/[^/]*$/, "*")}\t${KINDS[(at + i + 3) % KINDS.length]}`,
			...(at % 2 === 0 ? [`only\t${above}\t${name} b`] : []),
		];
	});
}

/** Every kind of work on a number of files, done by awk. */
async function worked(format: SettingsFormat, numRuns: number): Promise<readonly Done[]> {
	const seen = new Collected();
	const drawn = fc.sample(samples(format), { numRuns, seed });
	const first = await seen.run(drawn.map(asSet));
	const edited = first.flatMap((one, i) =>
		one.outcome.code === 0 ? [{ ...one, sample: drawn[i] as EditorSample }] : [],
	);
	const undoing = (text: string, { outcome }: Done): EditorCase => ({
		format,
		mode: "undo",
		text,
		plan: outcome.record,
	});
	await seen.run(drawn.map((sample) => ({ ...asSet(sample), mode: "same" })));
	await seen.run(
		drawn.map(({ text, plan }) => ({ format, mode: "get", text, plan: plan.map(({ pointer }) => `get\t${pointer}`) })),
	);
	for (const mode of ["set", "same"] as const)
		await seen.run(
			drawn.map((sample, i) => ({
				...asSet(sample),
				mode,
				plan: [...sample.plan.map(planLine), ...demands(sample, i)],
			})),
		);
	await seen.run(edited.map(({ sample, outcome }) => ({ ...asSet(sample), mode: "same", text: outcome.text })));
	await seen.run(edited.map((one) => undoing(one.outcome.text, one)));
	const turned = await seen.run(
		edited.map(({ sample, outcome }) => ({
			...asSet({ ...sample, plan: sample.plan.map(rotated) }),
			text: outcome.text,
			before: outcome.record,
		})),
	);
	await seen.run(turned.filter(({ outcome }) => outcome.code === 0).map((one) => undoing(one.outcome.text, one)));
	await seen.run(
		edited.flatMap((one, i) => {
			const text = withUserKey(format, one.outcome.text, i);
			return text === undefined ? [] : [undoing(text, one)];
		}),
	);
	await seen.run(edited.map((one, i) => undoing(damaged(one.outcome.text, i), one)));
	await seen.run(edited.map((one, i) => undoing((edited[i + 1] ?? one).outcome.text, one)));
	await seen.run(drawn.map((sample, i) => ({ ...asSet(sample), text: damaged(sample.text, seed + i) })));
	await seen.run(
		drawn.map((sample, i) => ({
			...asSet(sample),
			plan: sample.plan.flatMap((step) => [
				planLine(step),
				...(i % 2 ? [`join\t${step.pointer}`] : [`keep\t${step.pointer}`]),
			]),
		})),
	);
	return seen.all;
}

/** Fails with the smallest cases on which the two do not agree; says how many there were. */
function expectSame(what: string, done: readonly Done[], ours: readonly EditorRun[]): void {
	const different = done.flatMap(({ given, outcome }, i) =>
		JSON.stringify(outcome) === JSON.stringify(ours[i]) ? [] : [{ given, awk: outcome, ps1: ours[i] }],
	);
	const shown = different
		.map((one) => JSON.stringify(one, null, 1))
		.toSorted((a, b) => a.length - b.length)
		.slice(0, 3);
	process.stdout.write(`${what}: ${done.length} files, ${different.length} differ\n`);
	expect(different.length, shown.join("\n\n")).toBe(0);
}

describe("the editor in PowerShell and the one in awk", needs(pwsh), () => {
	test.each(formats)(
		`give the same bytes, codes and reasons for generated %s files (seed ${seed})`,
		{ timeout: 120_000 + runs * 2_000 },
		async (format) => {
			const done = await worked(format, runs);
			expect(done.length).toBeGreaterThan(6 * runs);
			expectSame(format, done, await runInPowerShell(done.map(({ given }) => given)));
		},
	);

	test("give the same for whole files by hand: marks, UTF-16, keys twice, depth, lengths, numbers, escapes, comments", {
		timeout: 900_000,
	}, async () => {
		const first = await enteredInAwk(wholeFiles);
		const back = first.flatMap(({ given, outcome }) => {
			if (given.mode !== "set" || outcome.code !== 0) return [];
			const undo: EditorCase = { ...given, mode: "undo", text: outcome.text, plan: outcome.record };
			return [undo, { ...given, text: outcome.text, plan: given.plan.slice(0, 1), before: outcome.record }];
		});
		const done = [...first, ...(await enteredInAwk(back))];
		expect(new Set(done.map(({ outcome }) => outcome.code))).toEqual(new Set([0, 1, 2, 3]));
		expect(back.length).toBeGreaterThan(howMany(60, 200));
		const ours = await runInPowerShell(
			done.map(({ given }) => given),
			{ entry: true },
		);
		expectSame("whole files", done, ours);
	});
});

/** What the entry of the awk editor looks at; without it the entry only reads the file, and all of those can be run in one process. */
const ENTRY = /^\xef\xbb|^\xff\xfe|^\xfe\xff|[\0\x01]/;

async function enteredInAwk(cases: readonly EditorCase[]): Promise<readonly Done[]> {
	if (!awk) throw new Error("no awk is on this machine");
	const plain = cases.filter(({ text }) => !ENTRY.test(text));
	const marked = cases.filter(({ text }) => ENTRY.test(text));
	const outcomes = [...(await runCases(awk, plain)), ...marked.map((given) => runEntry(awk, given))];
	return [...plain, ...marked].map((given, i) => ({ given, outcome: outcomes[i] as EditorRun }));
}
