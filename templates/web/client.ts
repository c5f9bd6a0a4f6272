import { pageBody, pageTitle } from "../../src/prove/web/page.ts";
import {
	type AnswerAge,
	FIRST_ROWS,
	type PageData,
	type PageState,
	SILENT_MS,
	type SortKey,
} from "../../src/prove/web/state.ts";
import { mount } from "./mount.ts";

const MORE_ROWS = 100;
const RETRY_MS = { first: 500, most: 8_000 };

let data: PageData | undefined;
/** The view's clock minus this browser's. */
let clockOffset = 0;
let retryMs = RETRY_MS.first;
/** When the server last spoke and last looked, by this browser's clock, and how long its answer holds. */
let heardAt = Date.now();
let lookedAt = heardAt;
let holdsMs = Number.POSITIVE_INFINITY;
/** Ends the present connection, and tries another. */
let reconnect: (connection: PageState["connection"]) => void = () => {};
let state: PageState = {
	now: 0,
	connection: "live",
	timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
	filter: "",
	verdict: undefined,
	sort: "verdict",
	descending: false,
	rows: FIRST_ROWS,
};

/** The key in the address was used up when the page was loaded. */
history.replaceState(undefined, "", location.pathname);

function show(change: Partial<PageState> = {}): void {
	if (!data) return;
	state = { ...state, ...change, now: Date.now() + clockOffset };
	mount(document.body, pageBody(data, state));
	const title = pageTitle(data.view, state);
	if (document.title !== title) document.title = title;
}

function heard(age: AnswerAge): void {
	heardAt = Date.now();
	lookedAt = heardAt - age.ageMs;
	holdsMs = age.holdsMs ?? Number.POSITIVE_INFINITY;
}

/** The answer is too old: the server has not looked again. */
function isStale(): boolean {
	return Date.now() - lookedAt > holdsMs;
}

function connect(): void {
	const events = new EventSource("/events");
	const retry = (connection: PageState["connection"]) => {
		events.close();
		heardAt = Date.now();
		show({ connection });
		setTimeout(connect, retryMs);
		retryMs = Math.min(RETRY_MS.most, retryMs * 2);
	};
	reconnect = retry;
	events.addEventListener("view", ({ data: text }) => {
		const sent = JSON.parse(text) as PageData & AnswerAge;
		data = sent;
		clockOffset = data.view.rotation.now - Date.now();
		retryMs = RETRY_MS.first;
		heard(sent);
		show({ connection: isStale() ? "lost" : "live" });
	});
	events.addEventListener("here", ({ data: text }) => {
		heard(JSON.parse(text) as AnswerAge);
		if (state.connection === "lost" && !isStale()) show({ connection: "live" });
	});
	events.addEventListener("end", () => retry("ended"));
	events.addEventListener("error", () => retry(state.connection === "ended" ? "ended" : "lost"));
}

/** A server that hangs closes no connection: only its silence shows that its answer is no longer of now. */
function checkAge(): void {
	if (Date.now() - heardAt > SILENT_MS) {
		if (!data) withdraw();
		reconnect(state.connection === "ended" ? "ended" : "lost");
	} else if (state.connection === "live" && isStale()) show({ connection: "lost" });
}

/** Takes back the answer of a page that was loaded, and whose events never came. */
function withdraw(): void {
	document.title = "no answer · crossfade";
	document.body.textContent = "No answer: the watch does not respond. Reload this page.";
}

const actions: Readonly<Record<string, (value: string) => Partial<PageState>>> = {
	more: () => ({ rows: state.rows + MORE_ROWS }),
	filter: (filter) => ({ filter, rows: FIRST_ROWS }),
	verdict: (value) => ({
		verdict: state.verdict === value ? undefined : (value as PageState["verdict"]),
		rows: FIRST_ROWS,
	}),
	sort: (value) => ({ sort: value as SortKey, descending: state.sort === value && !state.descending }),
};

function act(event: Event): void {
	const target = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-action]") : null;
	if (!target) return;
	const isInput = target instanceof HTMLInputElement;
	if (isInput !== (event.type === "input")) return;
	const action = actions[target.dataset["action"] ?? ""];
	if (action) show(action(isInput ? target.value : (target.dataset["value"] ?? "")));
}

document.addEventListener("click", act);
document.addEventListener("input", act);
setInterval(() => {
	checkAge();
	if (!document.hidden) show();
}, 1_000);
connect();
