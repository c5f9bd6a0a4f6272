import type { SenderRow } from "../judge/case.ts";
import { type GatewayView, tone } from "../overlap/view.ts";
import { ago, count, plural } from "../overlap/wording.ts";
import { chosen, type PageData, type PageState, type SortKey } from "./state.ts";
import { h, type PageElement } from "./tree.ts";

/** A verdict or state as a coloured word; the colour adds no information. */
export function badge(word: SenderRow["verdict"] | GatewayView["state"]): PageElement {
	return h("span", { class: `badge ${tone(word)}` }, word);
}

const COLUMNS: readonly {
	readonly key: SortKey | "reason";
	readonly title: string;
	readonly of: (row: SenderRow, now: number) => string | PageElement;
}[] = [
	{ key: "verdict", title: "Verdict", of: ({ verdict }) => badge(verdict) },
	{ key: "host", title: "Host", of: ({ host }) => h("bdi", {}, host === "" ? "(no host name)" : host) },
	{ key: "cli", title: "CLI", of: ({ cli }) => h("bdi", {}, cli === "" ? "any" : cli) },
	{ key: "version", title: "Version", of: ({ version }) => h("bdi", {}, version) },
	{ key: "lastOld", title: "Old seen", of: ({ lastOld }, now) => ago(lastOld, now) },
	{ key: "lastNew", title: "New seen", of: ({ lastNew }, now) => ago(lastNew, now) },
	{ key: "reason", title: "Why", of: ({ reason }) => reason },
];

/** The senders: all of them in a report; on a live page the selected ones, with controls. */
export function sendersSection(data: PageData, now: number, state: PageState | undefined): PageElement {
	const { total, remaining, view } = data;
	const all = view.judgement.senders;
	const found = state ? chosen(all, state) : all;
	const shown = state ? found.slice(0, state.rows) : found;
	const title =
		total === 0
			? "No senders seen yet"
			: remaining === 0
				? "Every sender has moved"
				: `${plural(remaining, "sender")} of ${count(total)} remaining`;
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "senders-title", id: "senders", tabindex: -1 },
		h("h2", { id: "senders-title" }, title),
		total === 0 ? undefined : [verdicts(data, state), state && filterBox(state), table(shown, now, state)],
		h("p", { class: "note", role: state && "status" }, extent(data, found.length, shown.length)),
		state && found.length > shown.length
			? h("button", { type: "button", class: "more", "data-action": "more" }, "Show more")
			: undefined,
	);
}

/** How many are shown; empty if all. */
function extent({ total, view }: PageData, found: number, shown: number): string {
	const held = view.judgement.senders.length;
	const cut =
		held < total ? ` Of ${count(total)}, the ${count(held)} that need you most are here; the CSV has all.` : "";
	if (found === 0 && held > 0) return `No sender is like that.${cut}`;
	return `${shown < found || found < held ? `${count(shown)} of ${count(found)} shown.` : ""}${cut}`.trim();
}

function verdicts({ counts }: PageData, state: PageState | undefined): PageElement {
	return h(
		"ul",
		{ class: "verdicts", "aria-label": "Senders by verdict" },
		counts.map(([verdict, number]) => {
			const content = [h("span", { class: `badge ${tone(verdict)}` }, verdict), " ", h("b", {}, count(number))];
			const pressed = state?.verdict === verdict;
			return h(
				"li",
				{},
				state
					? h(
							"button",
							{ type: "button", "data-action": "verdict", "data-value": verdict, "aria-pressed": String(pressed) },
							content,
						)
					: content,
			);
		}),
	);
}

function filterBox(state: PageState): PageElement {
	return h(
		"p",
		{ class: "filter" },
		h("label", { for: "filter" }, "Filter"),
		" ",
		h("input", {
			id: "filter",
			type: "search",
			"data-action": "filter",
			value: state.filter,
			placeholder: "host, CLI, version",
			autocomplete: "off",
			spellcheck: "false",
		}),
	);
}

/** Roles are set explicitly, because narrow screens show the table as blocks, which removes them. */
function table(rows: readonly SenderRow[], now: number, state: PageState | undefined): PageElement {
	return h(
		"table",
		{ class: "senders", role: "table" },
		h("caption", { class: "hidden" }, "Senders, those that need a person first"),
		h(
			"thead",
			{ role: "rowgroup" },
			h(
				"tr",
				{ role: "row" },
				COLUMNS.map(({ key, title }) => columnHead(key, title, state)),
			),
		),
		h(
			"tbody",
			{ role: "rowgroup" },
			rows.map((row) =>
				h(
					"tr",
					{ role: "row" },
					COLUMNS.map(({ key, title, of }) => h("td", { role: "cell", class: key, "data-title": title }, of(row, now))),
				),
			),
		),
	);
}

function columnHead(key: SortKey | "reason", title: string, state: PageState | undefined): PageElement {
	const open = { scope: "col", role: "columnheader", class: key };
	if (!state || key === "reason") return h("th", open, title);
	const sorted = state.sort === key ? (state.descending ? "descending" : "ascending") : "none";
	return h(
		"th",
		{ ...open, "aria-sort": sorted },
		h("button", { type: "button", "data-action": "sort", "data-value": key }, title),
	);
}
