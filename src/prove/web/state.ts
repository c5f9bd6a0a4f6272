import type { SenderRow, VerdictName } from "../judge/case.ts";
import { type OverlapView, plainView, remaining, verdictCounts } from "../overlap/view.ts";

/** A page's data: a view with plain texts, and its totals, because very long lists are cut. */
export interface PageData {
	readonly view: OverlapView;
	/** Total number of senders; the view may contain fewer. */
	readonly total: number;
	readonly remaining: number;
	readonly counts: readonly (readonly [VerdictName, number])[];
}

/** How old an answer is, and how old it may be, in milliseconds; sent with it and whenever its server looked again. */
export interface AnswerAge {
	readonly ageMs: number;
	readonly holdsMs?: number | undefined;
}

/** How long a page waits for a word from its server, which speaks every 15 seconds, until it shows no answer. */
export const SILENT_MS = 40_000;

/** Maximum number of senders sent to a page, the most urgent first. */
const MAX_SENDERS = 5_000;

export function pageData(view: OverlapView): PageData {
	const { judgement } = view;
	const senders = judgement.senders.slice(0, MAX_SENDERS);
	return {
		view: plainView({ ...view, judgement: { ...judgement, senders } }),
		total: judgement.senders.length,
		remaining: remaining(view).length,
		counts: verdictCounts(judgement.senders),
	};
}

export const sortKeys = ["verdict", "host", "cli", "version", "lastOld", "lastNew"] as const;
export type SortKey = (typeof sortKeys)[number];

/** A live page's user choices and connection state. */
export interface PageState {
	/** Milliseconds since the epoch, by the view's clock. */
	readonly now: number;
	readonly connection: "live" | "lost" | "ended";
	readonly timeZone: string;
	readonly filter: string;
	/** Only senders with this verdict. */
	readonly verdict: VerdictName | undefined;
	readonly sort: SortKey;
	readonly descending: boolean;
	/** Rows to show. */
	readonly rows: number;
}

export const FIRST_ROWS = 25;

/** The selected senders: filtered by verdict and by words that must all occur in a row, then sorted. The input order is by urgency. */
export function chosen(senders: readonly SenderRow[], state: PageState): SenderRow[] {
	const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
	const found = senders.filter((row) => {
		if (state.verdict !== undefined && row.verdict !== state.verdict) return false;
		const text = `${row.host} ${row.cli} ${row.version} ${row.verdict}`.toLowerCase();
		return words.every((word) => text.includes(word));
	});
	const { sort } = state;
	if (sort !== "verdict") found.sort((a, b) => order(a[sort], b[sort]));
	return state.descending ? found.reverse() : found;
}

/** Natural order of names (`host-9` before `host-10`), and latest first for times. */
function order(a: string | number | undefined, b: string | number | undefined): number {
	if (typeof a === "string" && typeof b === "string") return natural.compare(a, b);
	return Number(b ?? 0) - Number(a ?? 0);
}

const natural = new Intl.Collator("en", { numeric: true });
