import type { Problem } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import {
	choiceSetting,
	offsetSetting,
	readSettings,
	type SettingTable,
	timeOrWordSetting,
	timeSetting,
	type Values,
	wholeNumberOrWordSetting,
	wholeNumberSetting,
} from "../../base/settings.ts";
import { choiceProblem } from "../../base/suggest.ts";
import type { ServerAnswer } from "../../effects/net/http-server.ts";

/** Requests that a fault can affect: ingest, and token management. Never those below `/_sandbox`. */
export type FaultTarget = "ingest" | "manage";

/** The faults of one request. */
export interface Interference {
	/** Respond with this; the request is not processed. */
	readonly instead?: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
	/** Number of records to reject through partial success. */
	readonly rejected: number;
	/** What happens to the response after processing. */
	readonly finish: (answer: ServerAnswer) => ServerAnswer;
}

/** A requested fault. */
export interface Fault {
	readonly kind: string;
	readonly on: readonly FaultTarget[];
	/** How many requests it affects; Infinity until turned off. */
	readonly times: number;
	/** How many requests it lets through first. */
	readonly skip: number;
	readonly effect: (now: number) => Partial<Interference>;
}

export interface FaultState {
	readonly fault: string;
	readonly on: readonly FaultTarget[];
	/** How many more requests it affects; absent if until turned off. */
	readonly left?: number;
}

/** The active faults. */
export interface Faults {
	/** Activates a fault, replacing one of the same kind. */
	add(fault: Fault): void;
	clear(): void;
	list(): readonly FaultState[];
	/** The faults for a request, at the time of the Date header's clock; counts them. */
	hit(target: FaultTarget, now: number): Interference;
}

const NOTHING: Interference = { rejected: 0, finish: (answer) => answer };

export function newFaults(): Faults {
	let active: { readonly fault: Fault; left: number; skip: number }[] = [];
	return {
		add(fault) {
			active = [
				...active.filter((each) => each.fault.kind !== fault.kind),
				{ fault, left: fault.times, skip: fault.skip },
			];
		},
		clear() {
			active = [];
		},
		list: () =>
			active.map(({ fault: { kind, on }, left }) => ({ fault: kind, on, ...(Number.isFinite(left) ? { left } : {}) })),
		hit(target, now) {
			if (active.length === 0) return NOTHING;
			let all = NOTHING;
			for (const each of active.filter(({ fault }) => fault.on.includes(target))) {
				if (each.skip-- > 0) continue;
				const effect = each.fault.effect(now);
				// The first response fault applies; the next one only after it is used up.
				if (all.instead && effect.instead) continue;
				each.left--;
				const { finish } = all;
				all = { ...all, ...effect, finish: (answer) => (effect.finish ?? NOTHING.finish)(finish(answer)) };
			}
			active = active.filter(({ left }) => left > 0);
			return all;
		},
	};
}

interface FaultKind {
	readonly what: string;
	readonly settings: SettingTable;
	effect(values: Readonly<Record<string, unknown>>, now: number): Partial<Interference>;
}

function kind<T extends SettingTable>(
	what: string,
	settings: T,
	effect: (values: Values<T>, now: number) => Partial<Interference>,
): FaultKind {
	return { what, settings, effect: (values, now) => effect(values as Values<T>, now) };
}

function answers(status: number, retryAfter: string): FaultKind {
	const settings = {
		after: timeOrWordSetting("none", retryAfter, "Retry-After"),
		// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
		form: choiceSetting<(after: number, now: number) => string>("seconds", "form of Retry-After", {
			seconds: (ms) => String(Math.ceil(ms / 1000)),
			date: (ms, now) => httpDate(now + ms),
		}),
	};
	return kind(`answer ${status}`, settings, ({ after, form }, now) => {
		const headers = Number.isFinite(after) ? { "retry-after": form(after, now) } : {};
		return { instead: { status, headers } };
	});
}

/** Possible response faults, with their default Retry-After. */
const statuses = { 413: "none", 429: "30s", 500: "none", 502: "none", 503: "none", 504: "none" };

/** The kinds of faults, by name. */
const kinds: Readonly<Record<string, FaultKind>> = {
	slow: kind("respond late", { delay: timeSetting("2s", "how late") }, ({ delay }) => ({
		finish: (answer) => ({ ...answer, delayMs: (answer.delayMs ?? 0) + Math.min(delay, MAX_DELAY_MS) }),
	})),
	reset: kind("process it, then reset the connection instead of responding", {}, () => ({
		finish: (answer) => ({ ...answer, reset: true }),
	})),
	malformed: kind("process it, then respond with a truncated body", {}, () => ({
		finish: (answer) => ({ ...answer, body: answer.contentType.includes("protobuf") ? CUT_PROTOBUF : CUT_JSON }),
	})),
	skew: kind("send a wrong Date header", { by: offsetSetting("5m", "how far") }, ({ by }, now) => ({
		finish: (answer) => ({ ...answer, headers: { ...answer.headers, date: httpDate(now + by) } }),
	})),
	partial: kind(
		"reject some records of an OTLP request by partial success",
		{ rejected: wholeNumberSetting("1", "how many records", 1) },
		({ rejected }) => ({ rejected }),
	),
	...Object.fromEntries(Object.entries(statuses).map(([status, after]) => [status, answers(Number(status), after)])),
};

/** Longer than any client waits. */
const MAX_DELAY_MS = 3_600_000;
/** A length-delimited field shorter than its length. */
const CUT_PROTOBUF = new Uint8Array([0x0a, 0x7f, 0x08]);
const CUT_JSON = '{"partialSuccess": {';

/** Settings common to all kinds. */
const everywhere = {
	times: wholeNumberOrWordSetting("always", "always", "how many requests", 1),
	skip: wholeNumberSetting("0", "how many requests it lets through first"),
	on: choiceSetting<readonly FaultTarget[]>("all", "which requests", {
		all: ["ingest", "manage"],
		ingest: ["ingest"],
		manage: ["manage"],
	}),
};

/** Each kind with its settings, for the help; kinds that differ only in status share a row. */
export function faultHelp(): readonly (readonly [usage: string, what: string])[] {
	const numbers = Object.keys(statuses);
	const others = Object.entries(kinds).filter(([name]) => !numbers.includes(name));
	return [
		[
			"503:after=30s,form=date",
			`respond with this status, process nothing; also ${numbers.filter((each) => each !== "503").join(", ")}`,
		],
		...others.map(([name, { settings, what }]): [string, string] => {
			const own = Object.entries(settings).map(([key, { standard }]) => `${key}=${standard}`);
			return [own.length === 0 ? name : `${name}:${own.join(",")}`, what];
		}),
	];
}

/** Parses a fault such as `503:times=3,on=ingest`; reports problems to `wrong`. */
export function parseFault(text: string, flag: string, wrong: (problem: Problem) => void): Fault | undefined {
	const [name = "", rest] = text.split(/:(.*)/s);
	const pairs = rest === undefined || rest === "" ? [] : rest.split(",");
	const given = pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string?]);
	return readFault(name, Object.fromEntries(given.map(([key, value = ""]) => [key, value])), flag, wrong);
}

/** A fault from its kind and settings; reports problems to `wrong`. */
export function readFault(
	name: string,
	given: Readonly<Record<string, string>>,
	flag: string,
	wrong: (problem: Problem) => void,
): Fault | undefined {
	const found = ownEntry(kinds, name);
	if (!found) {
		wrong(choiceProblem("fault", name, Object.keys(kinds), flag));
		return undefined;
	}
	let good = true;
	const values = readSettings(
		{ ...everywhere, ...found.settings },
		given,
		() => flag,
		(problem) => {
			good = false;
			wrong(problem);
		},
	);
	return good
		? { kind: name, on: values.on, times: values.times, skip: values.skip, effect: (now) => found.effect(values, now) }
		: undefined;
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats */
export function httpDate(time: number): string {
	return new Date(time).toUTCString();
}
