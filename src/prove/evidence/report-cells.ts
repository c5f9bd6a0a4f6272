import { DAMAGED, hasRemains, isSameReport, parseReportLine, type ReportLine } from "./report-line.ts";

/** A column with the output of a check that ran before a change, of which another column has the outcome. */
const BEFORE = /^pre/;
/** One with the outcome after the change: empty where there was nothing to change. */
const AFTER = /^post/;
/** One with what an earlier run said, whatever the newest does. */
const EARLIER = /^(previous|prior|former|earlier|old|last(?!run|status|result|output))/;
/** One with what somebody wants to see. */
const WANTED = /^(expected|desired|wanted|target|baseline|sample|example)/;

/** The report of one machine in several cells or fields: the one after a change. Which of several others is newest is not known. */
export function reportIn(
	texts: readonly string[],
	names: readonly string[],
): { readonly report?: ReportLine; readonly problem?: string } {
	const found = texts.flatMap((text, index) => {
		const name = names[index] ?? "";
		const report = WANTED.test(name) ? undefined : parseReportLine(text);
		return report ? [{ report, name, isBefore: BEFORE.test(name) || EARLIER.test(name) }] : [];
	});
	const last = found.filter(({ isBefore }) => !isBefore);
	const [first, ...others] = last.length > 0 ? last : found;
	if (!first)
		return texts.some((text, index) => !WANTED.test(names[index] ?? "") && hasRemains(text))
			? { problem: DAMAGED }
			: {};
	const isUnclear = others.some(({ report }) => !isSameReport(first.report, report));
	const hasOutcome = texts.some((text, index) => AFTER.test(names[index] ?? "") && text.trim() !== "");
	const isOutdated = first.isBefore && (EARLIER.test(first.name) || hasOutcome);
	const leavesOpen = [first.report.leavesOpen, "is that of an earlier run: the newest has none"]
		.filter(Boolean)
		.join("; ");
	return {
		report: isOutdated ? { ...first.report, leavesOpen } : first.report,
		...(isUnclear && { problem: "several columns with different report lines" }),
	};
}
