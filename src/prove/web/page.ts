import { duration, MINUTE_MS } from "../../base/duration.ts";
import type { TokenRow } from "../judge/case.ts";
import {
	amountText,
	bytesText,
	checkWord,
	clockNote,
	inventoryText,
	lostText,
	obligationText,
	rateText,
	requestsText,
	silenceNote,
	staleNotes,
	trafficText,
} from "../overlap/phrases.ts";
import {
	type ChecklistItem,
	checklist,
	countdown,
	type GatewayView,
	type OverlapView,
	places,
	probesAt,
	progress,
	strangers,
	type Tone,
	tokenName,
	tokensOfRotation,
	tone,
} from "../overlap/view.ts";
import { ago, count, localTime, percent, plural, utc } from "../overlap/wording.ts";
import { fadeChart, shareBar } from "./chart.ts";
import { badge, sendersSection } from "./senders.ts";
import type { PageData, PageState } from "./state.ts";
import { h, type PageElement } from "./tree.ts";

/** The content of `<body>`: live with controls if given a state, otherwise a static report. */
export function pageBody(data: PageData, state?: PageState): PageElement[] {
	const { view } = data;
	const now = state?.now ?? view.rotation.now;
	return [
		h("a", { class: "skip", href: "#senders" }, "Skip to the senders"),
		h("header", { class: "top" }, masthead(view), connection(view, state)),
		h(
			"main",
			{},
			h("div", { class: "lead" }, answer(view, state), deadline(view, now, state)),
			operation(view),
			isDead(state) ? undefined : points(view),
			fade(view, now),
			h("div", { class: "pair" }, tokens(view, now), gateways(view, now)),
			sendersSection(data, now, state),
			unknown(view, now),
			inventory(view),
		),
		h("footer", {}, `crossfade, as of ${utc(view.rotation.now)}. Times are UTC. Tokens are shown by fingerprint only.`),
	];
}

/** `not yet, prod-eu, crossfade` */
export function pageTitle({ judgement, rotation }: OverlapView, state?: PageState): string {
	const answer = isDead(state) ? NO_ANSWER : judgement.fleet.safeToRetire;
	return [answer, rotation.name, "crossfade"].filter((part) => part !== undefined).join(" · ");
}

/** An answer is about the present: a page without a live connection has none. */
function isDead(state: PageState | undefined): boolean {
	return state !== undefined && state.connection !== "live";
}

const NO_ANSWER = "no answer";

function masthead({ rotation }: OverlapView): PageElement {
	const what = [rotation.name, rotation.provider].filter((part) => part !== undefined).join(", ");
	return h("p", { class: "brand" }, h("b", {}, "crossfade"), " ", h("bdi", {}, what));
}

const CONNECTION = {
	live: "Live",
	lost: "Connection lost, trying again. If the watch was started anew, open the link that it printed.",
	ended: "The watch has ended. Below is its last state.",
} as const;

function connection({ rotation }: OverlapView, state: PageState | undefined): PageElement {
	if (!state) return h("p", { class: "link" }, `Report of ${utc(rotation.now)}`);
	return h("p", { class: `link ${state.connection}`, role: "status" }, CONNECTION[state.connection]);
}

function answer({ judgement: { fleet } }: OverlapView, state: PageState | undefined): PageElement {
	if (isDead(state)) {
		return h(
			"section",
			{ class: "answer wait", "aria-live": "polite", "aria-labelledby": "answer" },
			h("h1", { id: "answer" }, "Safe to retire the old token: ", h("strong", {}, NO_ANSWER)),
			h("p", { class: "reason" }, "The connection to the watch is lost, so the current state is unknown."),
		);
	}
	return h(
		"section",
		{ class: `answer ${tone(fleet.safeToRetire)}`, "aria-live": state && "polite", "aria-labelledby": "answer" },
		h("h1", { id: "answer" }, "Safe to retire the old token: ", h("strong", {}, fleet.safeToRetire)),
		h("p", { class: "reason" }, sentence(fleet.reason)),
	);
}

function sentence(text: string): string {
	return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function deadline(view: OverlapView, now: number, state: PageState | undefined): PageElement {
	const { rotation, judgement } = view;
	const { leftMs, urgency } = countdown(rotation, now);
	const open = { class: `deadline ${urgency}`, "aria-labelledby": "deadline" };
	const clockText = clockNote(rotation);
	if (leftMs === undefined || rotation.deadline === undefined) {
		return h(
			"section",
			open,
			h("h2", { id: "deadline" }, "Old token"),
			h("p", { class: "left" }, "No deadline known"),
			clockText && h("p", {}, sentence(clockText)),
		);
	}
	const silence = leftMs > 0 ? silenceNote(judgement.fleet) : undefined;
	const gone = progress(rotation, now);
	const local = state ? ` (${localTime(rotation.deadline, state.timeZone)} here)` : "";
	const source = rotation.deadlineSource === undefined ? "" : `, by ${rotation.deadlineSource}`;
	return h(
		"section",
		open,
		h("h2", { id: "deadline" }, leftMs > 0 ? "Old token expires in" : "Old token died"),
		h("p", { class: "left", role: state && "timer" }, leftMs > 0 ? left(leftMs) : `${duration(-leftMs)} ago`),
		gone === undefined ? undefined : shareBar([["gone", gone]]),
		h("p", {}, `${utc(rotation.deadline)}${local}${source}.`),
		staleNotes(view).map((note) => h("p", {}, h("bdi", {}, sentence(note)))),
		silence && h("p", { class: judgement.fleet.fits === false ? "bad" : "" }, sentence(silence)),
		clockText && h("p", {}, sentence(clockText)),
	);
}

/** Where the rotation stands, what its stores hold, and what is next. */
function operation({ operation: found }: OverlapView): PageElement | undefined {
	if (found === undefined) return undefined;
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "operation" },
		h("h2", { id: "operation" }, "Rotation ", h("bdi", {}, found.name), `: ${found.phase}`),
		h(
			"ul",
			{ class: "plain" },
			found.stores.map(({ name, place, state }) =>
				h("li", {}, h("b", {}, h("bdi", {}, name)), " ", h("bdi", { class: "note" }, place), ": ", h("bdi", {}, state)),
			),
		),
		found.next.map((line) => h("p", {}, h("bdi", {}, line.trim()))),
	);
}

/** Shows seconds in the last two minutes; before that, minutes rounded down. */
function left(leftMs: number): string {
	if (leftMs < 2 * MINUTE_MS) return `${Math.floor(leftMs / 1000)} s`;
	return duration(Math.floor(leftMs / MINUTE_MS) * MINUTE_MS);
}

/** How many open items of a point to show. */
const MOST_THINGS = 50;

/** The checklist of what must be proven; open items with their next step. */
function points(view: OverlapView): PageElement {
	const items = checklist(view);
	const open = items.filter(({ state }) => state !== "proven").length;
	return h(
		"section",
		{ class: "panel points", "aria-labelledby": "points" },
		h("h2", { id: "points" }, `Proven: ${items.length - open} of ${items.length} points`),
		h("ul", { class: "plain" }, items.map(point)),
	);
}

function point(item: ChecklistItem): PageElement {
	const shown = item.open.slice(0, MOST_THINGS);
	const hidden = item.open.length - shown.length;
	return h(
		"li",
		{},
		h("span", { class: `badge ${CHECK_TONES[item.state]}` }, checkWord(item)),
		` ${item.asks}`,
		shown.length === 0
			? undefined
			: h(
					"ul",
					{ class: "plain" },
					shown.map((each) => h("li", { class: "note" }, h("bdi", {}, obligationText(each)))),
					hidden > 0 ? h("li", { class: "note" }, `and ${count(hidden)} more`) : undefined,
				),
	);
}

const CHECK_TONES: Readonly<Record<ChecklistItem["state"], Tone>> = { proven: "good", blocked: "bad", unknown: "wait" };

function fade(view: OverlapView, now: number): PageElement | undefined {
	if (view.rotation.watchSince === undefined) return undefined;
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "fade" },
		h("h2", { id: "fade" }, `${trafficText(view)} with the old token`),
		h("p", { class: "note" }, `Per 15 minutes: ${rateText(view)}.`),
		fadeChart(view, now),
	);
}

const TOKEN_ROWS: readonly (readonly [title: string, of: (token: TokenRow, now: number) => string])[] = [
	["Fingerprint", ({ fingerprint }) => fingerprint],
	["Requests", requestsText],
	["Records", ({ records }) => count(records)],
	["Bytes", bytesText],
	["Refused and lost", (token) => lostText(token) ?? "none"],
	["First seen", ({ firstSeen }, now) => ago(firstSeen, now)],
	["Last seen", ({ lastSeen }, now) => ago(lastSeen, now)],
	["Last status", ({ lastStatus }) => (lastStatus === undefined ? "none" : String(lastStatus))],
];

function tokens(view: OverlapView, now: number): PageElement {
	const both = tokensOfRotation(view);
	const roles = ["old", "new"] as const;
	const head = (role: "old" | "new") => {
		const token = both[role];
		const name = token === undefined ? role : tokenName(view, token.fingerprint);
		return h(
			"th",
			{ scope: "col", class: role },
			h("span", { class: "role" }, role === "old" ? "Old token" : "New token"),
			name === role || name === "unknown" ? undefined : [" ", h("bdi", {}, name)],
			h("span", { class: "share" }, percent(token?.recentShare ?? 0)),
		);
	};
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "tokens" },
		h("h2", { id: "tokens" }, "Share of the last 15 minutes"),
		shareBar(roles.map((role) => [role, both[role]?.recentShare ?? 0])),
		h(
			"table",
			{ class: "tokens" },
			h("caption", { class: "hidden" }, "The two tokens side by side"),
			h("thead", {}, h("tr", {}, h("td", { class: "corner" }), roles.map(head))),
			h(
				"tbody",
				{},
				TOKEN_ROWS.map(([title, of]) => {
					const cells = roles.map((role) => both[role]);
					return h(
						"tr",
						{},
						h("th", { scope: "row", class: "label" }, title),
						cells.map((token) =>
							h("td", { class: title === "Fingerprint" ? "mono" : "" }, token ? of(token, now) : "not known"),
						),
					);
				}),
			),
		),
	);
}

function gateways(view: OverlapView, now: number): PageElement | undefined {
	const all = places(view);
	if (all.length === 0) return undefined;
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "gateways" },
		h("h2", { id: "gateways" }, "Gateways and probes"),
		h(
			"ul",
			{ class: "places" },
			all.map((gateway) => placeItem(view, gateway, now)),
		),
	);
}

function placeItem(view: OverlapView, { place, url, state, detail, at }: GatewayView, now: number): PageElement {
	const groups = probesAt(view, place);
	return h(
		"li",
		{},
		h(
			"p",
			{ class: "place" },
			h("bdi", {}, h("b", {}, place)),
			" ",
			state === "unknown" ? undefined : [badge(state), " "],
			h("bdi", { class: "mono" }, url),
			at === undefined ? undefined : h("span", { class: "age" }, ` ${ago(at, now)}`),
		),
		detail === "" ? undefined : h("p", { class: "note" }, h("bdi", {}, detail)),
		groups.length === 0
			? undefined
			: h(
					"ul",
					{ class: "probes" },
					groups.map((group) => probeItem(view, group, now)),
				),
	);
}

function probeItem(view: OverlapView, group: ReturnType<typeof probesAt>[number], now: number): PageElement {
	const [{ verdict, evidence }] = group;
	const signals = group.map(({ evidence: { signal } }) => signal).join(", ");
	return h(
		"li",
		{},
		h("b", {}, h("bdi", {}, tokenName(view, evidence.fingerprint))),
		" ",
		badge(verdict),
		` ${evidence.status ?? ""} ${signals} by ${evidence.path}`,
		h("span", { class: "age" }, ` ${ago(evidence.at, now)}`),
		tone(verdict) === "good" ? undefined : [" ", h("bdi", { class: "note" }, sentence(evidence.detail))],
	);
}

function unknown(view: OverlapView, now: number): PageElement | undefined {
	const found = strangers(view);
	if (found.length === 0) return undefined;
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "unknown" },
		h("h2", { id: "unknown" }, "Credentials that are neither token"),
		h(
			"ul",
			{ class: "plain" },
			found.slice(0, 50).map((token) => {
				const { fingerprint, lastSeen } = token;
				const name = tokenName(view, fingerprint);
				return h(
					"li",
					{},
					h("bdi", { class: "mono" }, fingerprint === "none" ? "no credential" : fingerprint),
					name === "unknown" ? "" : [" ", h("bdi", {}, name)],
					`: ${amountText(token)}, last ${ago(lastSeen, now)}`,
				);
			}),
			found.length > 50 ? h("li", {}, `and ${count(found.length - 50)} more`) : undefined,
		),
	);
}

function inventory({ inventory: sums }: OverlapView): PageElement | undefined {
	if (!sums) return undefined;
	return h(
		"section",
		{ class: "panel", "aria-labelledby": "inventory" },
		h("h2", { id: "inventory" }, `${plural(sums.hosts, "machine")} reported what is configured`),
		h("p", {}, sentence(inventoryText(sums))),
	);
}
