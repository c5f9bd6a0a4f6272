import type { Problem } from "../../base/errors.ts";
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

/** Which requests a fault can hit: those that bring data, and those about tokens. Never those below `/_sandbox`. */
export type FaultTarget = "ingest" | "manage";

/** What faults do to one request. */
export interface Interference {
	/** This answer in place of the provider's; the request is not processed. */
	readonly instead?: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
	/** So many records of an OTLP request are rejected by partial success. */
	readonly rejected: number;
	/** What becomes of the answer once the request was processed. */
	readonly finish: (answer: ServerAnswer) => ServerAnswer;
}

/** A fault that was asked for. */
export interface Fault {
	readonly kind: string;
	readonly on: readonly FaultTarget[];
	/** How many requests it hits; Infinity until it is turned off. */
	readonly times: number;
	readonly effect: (now: number) => Partial<Interference>;
}

export interface FaultState {
	readonly fault: string;
	readonly on: readonly FaultTarget[];
	/** How many requests it will still hit; not there when it stays until it is turned off. */
	readonly left?: number;
}

/** The faults that are on. */
export interface Faults {
	/** Turns one on; one of the same kind is replaced. */
	add(fault: Fault): void;
	clear(): void;
	list(): readonly FaultState[];
	/** What happens to a request now, by the clock that the Date header follows; counts the faults that hit it. */
	hit(target: FaultTarget, now: number): Interference;
}

const NOTHING: Interference = { rejected: 0, finish: (answer) => answer };

export function newFaults(): Faults {
	let active: { readonly fault: Fault; left: number }[] = [];
	return {
		add(fault) {
			active = [...active.filter((each) => each.fault.kind !== fault.kind), { fault, left: fault.times }];
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
				const effect = each.fault.effect(now);
				// The first that answers in place of the provider has the word; the next has its turn when that one is used up.
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
		form: choiceSetting<(after: number, now: number) => string>("seconds", "of Retry-After", {
			seconds: (ms) => String(Math.ceil(ms / 1000)),
			date: (ms, now) => httpDate(now + ms),
		}),
	};
	return kind(`answer ${status}`, settings, ({ after, form }, now) => {
		const headers = Number.isFinite(after) ? { "retry-after": form(after, now) } : {};
		return { instead: { status, headers } };
	});
}

/** What can be answered instead, with the Retry-After each has when none is asked for. */
const statuses = { 413: "none", 429: "30s", 500: "none", 502: "none", 503: "none", 504: "none" };

/** The kinds there are, by the word that turns them on. */
const kinds: Readonly<Record<string, FaultKind>> = {
	slow: kind("answer late", { delay: timeSetting("2s", "how late") }, ({ delay }) => ({
		finish: (answer) => ({ ...answer, delayMs: (answer.delayMs ?? 0) + Math.min(delay, MAX_DELAY_MS) }),
	})),
	reset: kind("process it, then reset the connection instead of answering", {}, () => ({
		finish: (answer) => ({ ...answer, reset: true }),
	})),
	malformed: kind("process it, then answer with a body that is cut off", {}, () => ({
		finish: (answer) => ({ ...answer, body: answer.contentType.includes("protobuf") ? CUT_PROTOBUF : CUT_JSON }),
	})),
	skew: kind("a Date header that is wrong", { by: offsetSetting("5m", "how far") }, ({ by }, now) => ({
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
/** A length-delimited field that ends before its length does. */
const CUT_PROTOBUF = new Uint8Array([0x0a, 0x7f, 0x08]);
const CUT_JSON = '{"partialSuccess": {';

/** Settings every kind has. */
const everywhere = {
	times: wholeNumberOrWordSetting("always", "always", "how many requests", 1),
	on: choiceSetting<readonly FaultTarget[]>("all", "which requests", {
		all: ["ingest", "manage"],
		ingest: ["ingest"],
		manage: ["manage"],
	}),
};

/** Each kind with its own settings, for the help; those that only differ in their status are one row. */
export function faultHelp(): readonly (readonly [usage: string, what: string])[] {
	const numbers = Object.keys(statuses);
	const others = Object.entries(kinds).filter(([name]) => !numbers.includes(name));
	return [
		[
			"503:after=30s,form=date",
			`answer this, process nothing; also ${numbers.filter((each) => each !== "503").join(", ")}`,
		],
		...others.map(([name, { settings, what }]): [string, string] => {
			const own = Object.entries(settings).map(([key, { standard }]) => `${key}=${standard}`);
			return [own.length === 0 ? name : `${name}:${own.join(",")}`, what];
		}),
	];
}

/** `503:times=3,on=ingest` as a fault; what is wrong goes to `wrong`. */
export function parseFault(text: string, flag: string, wrong: (problem: Problem) => void): Fault | undefined {
	const [name = "", rest] = text.split(/:(.*)/s);
	const pairs = rest === undefined || rest === "" ? [] : rest.split(",");
	const given = pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string?]);
	return readFault(name, Object.fromEntries(given.map(([key, value = ""]) => [key, value])), flag, wrong);
}

/** A fault by its kind and the texts of its settings; what is wrong goes to `wrong`. */
export function readFault(
	name: string,
	given: Readonly<Record<string, string>>,
	flag: string,
	wrong: (problem: Problem) => void,
): Fault | undefined {
	const found = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
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
		? { kind: name, on: values.on, times: values.times, effect: (now) => found.effect(values, now) }
		: undefined;
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats */
function httpDate(time: number): string {
	return new Date(time).toUTCString();
}
