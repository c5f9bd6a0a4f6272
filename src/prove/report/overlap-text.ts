import { largest } from "../../base/largest.ts";
import { painter, type Style } from "../../base/paint.ts";
import { columns, cut, fill, wrap } from "../../base/width.ts";
import type { Obligation, SenderRow, TokenRow } from "../judge/case.ts";
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
	heldUp,
	type OverlapView,
	places,
	plainView,
	probesAt,
	progress,
	remaining,
	strangers,
	type Tone,
	tokenName,
	tokensOfRotation,
	tone,
	type Urgency,
	verdictCounts,
} from "../overlap/view.ts";
import { ago, count, localTime, percent, plural, until, utc } from "../overlap/wording.ts";
import { sparkline } from "./sparkline.ts";

export interface TextOptions {
	/** Columns of the terminal; 80 if not given. */
	readonly width?: number | undefined;
	readonly color?: boolean | undefined;
	/** Milliseconds since the epoch, to update between judgements; default the view's time. */
	readonly now?: number | undefined;
	/** How many senders to list; 20 if not given. */
	readonly senders?: number | undefined;
	/** Show all evidence for each point of the checklist; otherwise the first few open items. */
	readonly explain?: boolean | undefined;
	/** The IANA zone for local times shown with UTC; default none. */
	readonly timeZone?: string | undefined;
}

/** A piece of a line, and its style. */
type Piece = string | readonly [text: string, ...styles: readonly Style[]];
type Line = readonly Piece[];

const TONE_STYLES: Readonly<Record<Tone, readonly Style[]>> = {
	good: ["green"],
	wait: ["cyan"],
	warn: ["yellow"],
	bad: ["bold", "red"],
};
const URGENCY_STYLES: Readonly<Record<Urgency, readonly Style[]>> = {
	none: [],
	calm: ["green"],
	soon: ["yellow"],
	near: ["bold", "yellow"],
	last: ["bold", "red"],
	past: ["bold", "inverse", "red"],
};

/** The overlap as lines for a terminal, within the given width; external text cannot control the terminal. */
export function reportText(outside: OverlapView, options: TextOptions = {}): string[] {
	const view = plainView(outside);
	const width = Math.max(40, options.width ?? 80);
	const now = options.now ?? view.rotation.now;
	const sections: Line[][] = [
		headLines(view, now, width),
		verdictLines(view, width),
		operationLines(view, width),
		checklistLines(view, width, options.explain ?? false),
		deadlineLines(view, now, width, options.timeZone),
		staleNotes(view).flatMap((note) => indented(note, width, 0)),
		tokenLines(view, now, width),
		rateLines(view, width),
		gatewayLines(view, now, width),
		senderLines(view, now, width, options.senders ?? 20),
		strangerLines(view, now),
		inventoryLines(view, width),
		heldUpLines(view, width, options.senders ?? 20),
	];
	const lines = sections.filter(({ length }) => length > 0).flatMap((section) => [[], ...section]);
	return lines.slice(1).map((line) => painted(line, width, options.color ?? false));
}

function painted(line: Line, width: number, color: boolean): string {
	const paint = painter(color);
	let left = width;
	let text = "";
	for (const piece of line) {
		const [raw, ...styles] = typeof piece === "string" ? [piece] : piece;
		const fitted = cut(raw, left);
		left -= columns(fitted);
		text += paint(fitted, ...styles);
	}
	return text.trimEnd();
}

function headLines({ rotation }: OverlapView, now: number, width: number): Line[] {
	const title = ["crossfade", rotation.name, rotation.provider].filter((part) => part !== undefined).join("  ");
	const time = utc(now);
	return [[[fill(title, width - time.length - 2), "bold"], "  ", [time, "dim"]]];
}

function verdictLines({ judgement: { fleet } }: OverlapView, width: number): Line[] {
	return [
		[
			["Safe to retire the old token: ", "bold"],
			[fleet.safeToRetire, "bold", ...TONE_STYLES[tone(fleet.safeToRetire)]],
		],
		...indented(fleet.reason, width),
	];
}

/** Where the rotation stands, what its stores hold, and what is next. */
function operationLines({ operation }: OverlapView, width: number): Line[] {
	if (operation === undefined) return [];
	return [
		[[`Rotation ${operation.name}: `, "bold"], operation.phase],
		...operation.stores.flatMap(({ name, state }) => indented(`${name}: ${state}`, width)),
		...operation.next.flatMap((line) => indented(line, width, line.startsWith(" ") ? 4 : 2)),
	];
}

const MARKS: Readonly<Record<Obligation["state"], readonly [mark: string, tone: Tone]>> = {
	proven: ["+", "good"],
	blocked: ["x", "bad"],
	unknown: ["?", "wait"],
};
/** How many items of each open point to show without --explain. */
const FEW = 2;

/** What must be proven; one line if everything is. */
function checklistLines(view: OverlapView, width: number, explain: boolean): Line[] {
	const items = checklist(view);
	const open = items.filter(({ state }) => state !== "proven");
	if (open.length === 0 && !explain) return [[[`Proven: all ${items.length} points; --explain shows them`, "dim"]]];
	const head: Line = [[`Proven: ${items.length - open.length} of ${items.length} points`, "bold"]];
	return [head, ...(explain ? items : open).flatMap((item) => itemLines(item, width, explain))];
}

function itemLines(item: ChecklistItem, width: number, explain: boolean): Line[] {
	const [mark, markTone] = MARKS[item.state];
	const shown = explain ? [...item.open, ...item.proven] : item.open.slice(0, FEW);
	const hidden = explain ? 0 : item.open.length - shown.length;
	return [
		["  ", [mark, ...TONE_STYLES[markTone]], ` ${item.asks}: ${checkWord(item)}`],
		...shown.flatMap((each) => indented(obligationText(each), width, 6)),
		...(hidden > 0 ? [[`      … ${count(hidden)} more; --explain shows them`] as Line] : []),
	];
}

function deadlineLines({ rotation, judgement }: OverlapView, now: number, width: number, zone?: string): Line[] {
	const { leftMs, urgency } = countdown(rotation, now);
	if (rotation.deadline === undefined || leftMs === undefined) {
		return [[["Old token: expiry time unknown", "bold"]], ...offsetLines(rotation)];
	}
	const silence = silenceNote(judgement.fleet);
	const local = zone === undefined ? "" : `, ${localTime(rotation.deadline, zone)}`;
	const passed = progress(rotation, now);
	const barWidth = Math.min(40, width - 34);
	const full = Math.round((passed ?? 0) * barWidth);
	const bar: Line[] =
		passed === undefined || barWidth < 8
			? []
			: [
					[
						"  ",
						["█".repeat(full), ...URGENCY_STYLES[urgency]],
						["░".repeat(barWidth - full), "dim"],
						` ${percent(passed)} of the overlap gone`,
					],
				];
	return [
		[
			[leftMs > 0 ? "Old token expires " : "Old token expired ", "bold"],
			[until(leftMs), ...URGENCY_STYLES[urgency]],
			`  ${utc(rotation.deadline)}${local}`,
		],
		...bar,
		...(rotation.deadlineSource === undefined ? [] : indented(`deadline from ${rotation.deadlineSource}`, width)),
		...offsetLines(rotation),
		...(silence !== undefined && leftMs > 0
			? [["  ", [silence, ...(judgement.fleet.fits ? (["dim"] as const) : TONE_STYLES.bad)]] as Line]
			: []),
	];
}

function offsetLines(rotation: OverlapView["rotation"]): Line[] {
	const note = clockNote(rotation);
	return note === undefined ? [] : [["  ", [note, ...TONE_STYLES.warn]]];
}

function tokenLines(view: OverlapView, now: number, width: number): Line[] {
	const tokens = tokensOfRotation(view);
	const lost = [tokens.old, tokens.new].some((token) => token && lostText(token) !== undefined);
	const label = 14;
	const column = Math.min(24, Math.floor((width - 2 - label) / 2));
	const cell = (token: TokenRow | undefined, of: (token: TokenRow) => string) =>
		fill(token === undefined ? "not known" : of(token), column - 1);
	const row = (name: string, of: (token: TokenRow) => string): Line => [
		"  ",
		[fill(name, label), "dim"],
		cell(tokens.old, of),
		" ",
		cell(tokens.new, of),
	];
	const head = (token: TokenRow | undefined, role: string) => {
		const name = token === undefined ? role : tokenName(view, token.fingerprint);
		return fill(name === role || name === "unknown" ? role : `${role} (${name})`, column - 1);
	};
	return [
		["  ", [fill("Token", label), "bold"], [head(tokens.old, "old"), "bold"], " ", [head(tokens.new, "new"), "bold"]],
		row("fingerprint", ({ fingerprint }) => fingerprint),
		row("last 15 min", ({ recentShare }) => percent(recentShare)),
		row("requests", requestsText),
		row("records", ({ records }) => count(records)),
		row("bytes", bytesText),
		row("first seen", ({ firstSeen }) => ago(firstSeen, now)),
		row("last seen", ({ lastSeen }) => ago(lastSeen, now)),
		...(lost ? [row("lost", ({ refused }) => (refused === 0 ? "none" : plural(refused, "request")))] : []),
		row("last status", ({ lastStatus }) => (lastStatus === undefined ? "none" : String(lastStatus))),
	];
}

function rateLines(view: OverlapView, width: number): Line[] {
	if (view.rotation.watchSince === undefined) return [];
	return [
		[[`${trafficText(view)} with the old token, per 15 min`, "bold"]],
		["  ", sparkline(view.judgement.oldRate, width - 4)],
		["  ", [rateText(view), "dim"]],
	];
}

function gatewayLines(view: OverlapView, now: number, width: number): Line[] {
	const all = places(view);
	if (all.length === 0) return [];
	const placeWidth = Math.min(28, largest(all.map(({ place }) => columns(place))));
	return [[["Gateways and probes", "bold"]], ...all.flatMap((each) => placeLines(view, each, now, placeWidth, width))];
}

function placeLines(view: OverlapView, gateway: GatewayView, now: number, placeWidth: number, width: number): Line[] {
	const { place, url, state, detail, at } = gateway;
	const heard = at === undefined ? "" : `  ${ago(at, now)}`;
	const known: Line = ["  ", [fill(state, 8), ...TONE_STYLES[tone(state)]], `  ${url}`, [heard, "dim"]];
	return [
		["  ", fill(place, placeWidth), ...(state === "unknown" ? [] : known)],
		...(detail === "" ? [] : indented(detail, width, 4)),
		...probesAt(view, place).flatMap((group) => probeLines(view, group, now)),
	];
}

/** One line per token and path, and one per problem. */
function probeLines(view: OverlapView, group: ReturnType<typeof probesAt>[number], now: number): Line[] {
	const [{ verdict, evidence }] = group;
	const signals = group.map(({ evidence: { signal } }) => signal).join(", ");
	const line: Line = [
		"    ",
		fill(tokenName(view, evidence.fingerprint), 8),
		" ",
		[fill(verdict, 16), ...TONE_STYLES[tone(verdict)]],
		` ${fill(String(evidence.status ?? ""), 3)} ${signals} by ${evidence.path}`,
		[`  ${ago(evidence.at, now)}`, "dim"],
	];
	return tone(verdict) === "good" ? [line] : [line, [" ".repeat(13), evidence.detail]];
}

function senderLines(view: OverlapView, now: number, width: number, most: number): Line[] {
	const { senders } = view.judgement;
	if (senders.length === 0) return [];
	const left = remaining(view);
	const counts = verdictCounts(senders).flatMap(([verdict, number]): Piece[] => [
		"  ",
		[`${verdict} ${number}`, ...TONE_STYLES[tone(verdict)]],
	]);
	const head: Line[] = [
		[
			[
				left.length === 0
					? "Every sender has moved"
					: `${plural(left.length, "sender")} of ${count(senders.length)} remaining`,
				"bold",
			],
		],
		counts,
	];
	if (left.length === 0) return head;
	const table = senderColumns(width);
	const row = (text: (column: SenderColumn) => string) =>
		table.map((column) => `${fill(text(column), column.width - 1)} `).join("");
	return [
		...head,
		["  ", [`${fill("verdict", VERDICT_WIDTH)}${row(({ title }) => title)}`, "dim"]],
		...left
			.slice(0, most)
			.map(
				(sender): Line => [
					"  ",
					[fill(sender.verdict, VERDICT_WIDTH), ...TONE_STYLES[tone(sender.verdict)]],
					row(({ of }) => of(sender, now)),
				],
			),
		...(left.length > most ? [[`  … ${count(left.length - most)} more`] as Line] : []),
	];
}

interface SenderColumn {
	readonly title: string;
	readonly width: number;
	readonly of: (sender: SenderRow, now: number) => string;
}

const VERDICT_WIDTH = 13;

/** The columns that fit: the host gets the remaining width, and the reason only appears on wide terminals. */
function senderColumns(width: number): SenderColumn[] {
	const others: readonly (SenderColumn & { readonly from: number })[] = [
		{ title: "CLI", width: 12, from: 0, of: ({ cli }) => (cli === "" ? "any" : cli) },
		{ title: "version", width: 10, from: 76, of: ({ version }) => version },
		{ title: "old seen", width: 11, from: 58, of: ({ lastOld }, now) => ago(lastOld, now) },
		{ title: "new seen", width: 11, from: 66, of: ({ lastNew }, now) => ago(lastNew, now) },
		{ title: "why", width: width - 100, from: 124, of: ({ reason }) => reason },
	];
	const fitting = others.filter(({ from }) => width >= from);
	const left = fitting.reduce((rest, column) => rest - column.width, width - 2 - VERDICT_WIDTH);
	return [{ title: "host", width: left, of: ({ host }) => (host === "" ? "(no host name)" : host) }, ...fitting];
}

function strangerLines(view: OverlapView, now: number): Line[] {
	const found = strangers(view);
	if (found.length === 0) return [];
	return [
		[[`Credentials that are neither token: ${count(found.length)}`, ...TONE_STYLES.warn]],
		...found.slice(0, 10).map((token): Line => {
			const { fingerprint, lastSeen } = token;
			const name = fingerprint === "none" ? "no credential" : `${fingerprint}  ${tokenName(view, fingerprint)}`;
			return ["  ", fill(name, 24), `${amountText(token)}, last ${ago(lastSeen, now)}`];
		}),
		...(found.length > 10 ? [[`  … ${count(found.length - 10)} more`] as Line] : []),
	];
}

function inventoryLines({ inventory }: OverlapView, width: number): Line[] {
	if (inventory === undefined) return [];
	const title = `${plural(inventory.hosts, "machine")} reported what is configured`;
	return [[[title, "bold"]], ...indented(inventoryText(inventory), width)];
}

/** The machines, each with all that is open of it, so that they are found without a list of hosts. */
function heldUpLines(view: OverlapView, width: number, most: number): Line[] {
	const machines = new Map<string, string[]>();
	for (const { about, witness } of heldUp(view)) machines.set(about, [...(machines.get(about) ?? []), witness]);
	if (machines.size === 0) return [];
	const more = machines.size - most;
	return [
		[[`${plural(machines.size, "machine")} to look at before the answer can be yes`, "bold"]],
		...[...machines].slice(0, most).flatMap(([name, why]) => indented(`${name}: ${why.join("; ")}`, width)),
		...(more > 0 ? [[`  … ${count(more)} more`] as Line] : []),
	];
}

function indented(text: string, width: number, indent = 2): Line[] {
	return wrap(text, Math.max(20, width - indent)).map((line) => [" ".repeat(indent), line]);
}

/** The overlap as one line of `key=value` pairs, for logs and pipes. */
export function reportLine(outside: OverlapView): string {
	const view = plainView(outside);
	const { rotation, judgement, operation } = view;
	const tokens = tokensOfRotation(view);
	const { leftMs } = countdown(rotation, rotation.now);
	const pairs: readonly (readonly [string, string | number | undefined])[] = [
		["safe", judgement.fleet.safeToRetire.replace(" ", "-")],
		["behind", judgement.fleet.behind],
		["silent", judgement.fleet.silent],
		["old_share", tokens.old?.recentShare.toFixed(2)],
		["new_share", tokens.new?.recentShare.toFixed(2)],
		[`old_${judgement.rateUnit}_15m`, judgement.oldRate.at(-1)],
		["unknown", strangers(view).length],
		["left_s", leftMs === undefined ? undefined : Math.floor(leftMs / 1000)],
		["phase", operation === undefined ? undefined : JSON.stringify(operation.phase)],
		["open", judgement.obligations.filter(({ state }) => state !== "proven").length],
	];
	const known = pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
	return `${new Date(rotation.now).toISOString()} ${known.join(" ")} reason=${JSON.stringify(judgement.fleet.reason)}`;
}
