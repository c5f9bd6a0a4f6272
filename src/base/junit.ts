import { xml } from "./quote.ts";

/** One test case; passed unless failed or skipped. */
export interface TestCase {
	readonly suite: string;
	readonly name: string;
	readonly seconds?: number;
	readonly failure?: TestNote | undefined;
	/** Inconclusive results are skipped, visibly. */
	readonly skipped?: TestNote | undefined;
	/** What is to be known of one that passed. */
	readonly output?: string | undefined;
}

interface TestNote {
	readonly message: string;
	readonly type?: string;
	/** The message with its details, if any. */
	readonly text?: string;
}

export interface TestSuite {
	readonly name: string;
	readonly cases: readonly TestCase[];
}

/** JUnit XML for CI systems; may contain any text. https://github.com/testmoapp/junitxml */
export function junit(suites: readonly TestSuite[]): string {
	return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.map(suiteText).join("")}</testsuites>\n`;
}

function suiteText({ name, cases }: TestSuite): string {
	const sum = (kind: "failure" | "skipped") => cases.filter((each) => each[kind] !== undefined).length;
	const counts = { name, tests: cases.length, failures: sum("failure"), skipped: sum("skipped") };
	return `  ${element("testsuite", counts, `\n${cases.map(caseText).join("")}  `)}\n`;
}

function caseText({ suite, name, seconds, failure, skipped, output }: TestCase): string {
	const attributes = { classname: suite, name, time: seconds?.toFixed(3) };
	const said = output === undefined ? "" : `      ${element("system-out", {}, xml(output))}\n`;
	const notes = [noteText("failure", failure), noteText("skipped", skipped), said].join("");
	return `    ${element("testcase", attributes, notes === "" ? "" : `\n${notes}    `)}\n`;
}

function noteText(kind: string, note: TestNote | undefined): string {
	if (note === undefined) return "";
	const { type, message, text = "" } = note;
	return `      ${element(kind, { type, message }, xml(text))}\n`;
}

function element(
	tag: string,
	attributes: Readonly<Record<string, string | number | undefined>>,
	inside: string,
): string {
	const known = Object.entries(attributes).flatMap(([name, value]) =>
		value === undefined ? [] : [` ${name}="${xml(String(value))}"`],
	);
	const open = `<${tag}${known.join("")}`;
	return inside === "" ? `${open}/>` : `${open}>${inside}</${tag}>`;
}
