import type { InventoryRow, ProbeEvidence, TrafficCounter } from "../../src/prove/evidence/evidence.ts";
import type { JudgementInput } from "../../src/prove/judge/case.ts";
import { judge } from "../../src/prove/judge/judge.ts";
import type { OverlapView } from "../../src/prove/overlap/view.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The moment every demo overlap is looked at. */
export const NOON = Date.UTC(2026, 4, 4, 12, 9, 20);
export const OLD = fingerprint("demo-old-token-demo-old-token");
export const NEW = fingerprint("demo-new-token-demo-new-token");
const STRANGER = fingerprint("demo-third-token-demo-third-token");

/** Host names, CLI names and sentences that try to break out of every format they could be put in. */
export const hostile = {
	html: '<img src=x onerror="document.title=1">',
	script: "</script><script>document.title='owned'</script>",
	cdata: "]]><failure/>",
	quotes: `"';-- \``,
	ansi: "\u001b[2J\u001b[31mred\u001b]0;title\u0007",
	c1: "\u009b31mred",
	bidi: "laptop-\u202egnp.exe\u2066\u2069",
	invisible: "lap\u200btop\u00ad\u061c\u{e0041}",
	formula: '=HYPERLINK("http://127.0.0.1/?"&A1)',
	at: "@SUM(1+1)*cmd|' /C calc'!A0",
	tab: "\t=1+1",
	lines: "one\r\ntwo\u2028three",
	wide: "開発用ノート端末の長い名前👩‍💻のひとつめ",
	piled: `z${"\u0310".repeat(60)}algo`,
	long: "very-long-name-".repeat(40),
	proto: "__proto__",
	surrogate: "broken-\ud800-half",
} as const;

interface FleetSize {
	/** Hosts of the fleet; 48 if not given. */
	readonly hosts?: number;
	/** Hours since the rotation; 7 if not given. */
	readonly hours?: number;
	/** More host names, each on the old token. */
	readonly names?: readonly string[];
	readonly change?: Partial<OverlapView>;
}

const CLIS = [
	["claude-code", "2.1.34"],
	["codex", "0.128.0"],
	["gemini", "0.21.1"],
] as const;
const TEAMS = ["mbp-lena", "mbp-omar", "desk-finance", "lab-build", "ci-runner", "mbp-yuki"];

/**
 * A fleet in the middle of a rotation with a 24 h overlap, judged from counters as `tap` keeps them: most hosts moved one after the other,
 * a few are late, use both tokens, sleep, or send with something else.
 */
export function demoOverlap({ hosts = 48, hours = 7, names = [], change = {} }: FleetSize = {}): OverlapView {
	const started = NOON - hours * HOUR - 26 * MINUTE;
	const fleet = Array.from({ length: hosts }, (_each, index) => hostName(index));
	const facts: JudgementInput = {
		now: NOON,
		tokens: { old: OLD, new: NEW },
		deadline: started + 24 * HOUR,
		started,
		series: [
			{
				place: "gw-eu-1",
				source: "http://10.20.0.11:8888/metrics",
				since: started + 4 * MINUTE,
				until: NOON - 8_000,
				toleranceMs: 5 * MINUTE,
				isAttributed: true,
				isClosed: false,
			},
		],
		exporters: [{ gateway: "gw-eu-1", fingerprint: NEW, witness: "its metrics say so", at: NOON }],
		directHosts: [],
		intervals: { fleet: HOUR, hosts: {}, clis: {} },
		statements: [],
		listTroubles: [],
		evidenceTroubles: [],
		lookalikes: {},
		expectedHosts: [...fleet, "mbp-on-holiday", "desk-reception"],
		expectedClis: [],
		traffic: [
			...fleet.flatMap((host, index) => hostTraffic(host, index, started, hours, hosts)),
			...names.map((host) => counter({ host, cli: "codex", version: "0.97.0" }, OLD, NOON - 6 * MINUTE)),
			counter({ host: "", cli: "curl", version: "8.14.1" }, STRANGER, NOON - 42 * MINUTE),
			counter({ host: "ci-legacy", cli: "otelcol" }, "none", NOON - 3 * MINUTE),
		],
		inventory: fleet.map((host, index): InventoryRow => inventory(host, index)),
		probes: probes(),
	};
	return {
		schema: 2,
		rotation: {
			name: "prod-eu",
			provider: "Torii",
			started,
			deadline: facts.deadline,
			deadlineSource: "Torii's rule: 24 h after the rotation",
			clockOffsetMs: 2_400,
			watchSince: started + 4 * MINUTE,
			now: NOON,
		},
		judgement: judge(facts),
		names: { [OLD]: "old", [NEW]: "new" },
		inventory: {
			hosts,
			onOld: 4,
			onNew: hosts - 5,
			other: 1,
			drift: 2,
			absent: 0,
			refused: 0,
			error: 0,
			unreported: 0,
			badLines: 3,
		},
		gateways: [
			{ place: "gw-eu-1", url: "http://10.20.0.11:8888/metrics", state: "up", detail: "", at: NOON - 8_000 },
			{
				place: "gw-eu-2",
				url: "http://10.20.0.12:8888/metrics",
				state: "degraded",
				detail: "its queue to the backend is 82 % full",
				at: NOON - 9_000,
			},
			{
				place: "tap-office",
				url: "http://127.0.0.1:9464/metrics",
				state: "down",
				detail: "connection refused; traffic through it is not counted since 11:31 UTC",
				at: NOON - 29 * MINUTE,
			},
		],
		series: facts.series,
		...change,
	};
}

function hostName(index: number): string {
	return `${TEAMS[index % TEAMS.length]}-${String(index + 1).padStart(2, "0")}`;
}

/** A host sends every quarter of an hour; it moves at its own time, the last few of the fleet not yet or only half. */
function hostTraffic(host: string, index: number, started: number, hours: number, hosts: number): TrafficCounter[] {
	const cli = CLIS[index % CLIS.length] ?? CLIS[0];
	const sender = { host, cli: cli[0], version: cli[1] };
	const late = index >= hosts - 3;
	const mixed = index === hosts - 4 || index === hosts - 5;
	const recent = index === hosts - 6;
	const moves = late ? Infinity : recent ? hours - 0.5 : 0.4 + (hours - 2) * (index / hosts) ** 1.6;
	return Array.from({ length: hours * 4 + 1 }, (_each, quarter) => {
		const at = started + (quarter + 1) * 15 * MINUTE + ((index * 79_190) % (11 * MINUTE));
		const requests = 6 + ((index * 31 + quarter * 17) % 22);
		const token = quarter / 4 < moves ? OLD : NEW;
		const both = mixed && quarter % 3 === 0 ? [counter(sender, OLD, at - 30_000, 2)] : [];
		return [counter(sender, token, at, requests), ...both];
	}).flat();
}

/** One counter of a minute. */
function counter(
	sender: Partial<Pick<TrafficCounter, "host" | "cli" | "version">>,
	token: string,
	at: number,
	requests = 12,
): TrafficCounter {
	return {
		fingerprint: token,
		place: "gw-eu-1",
		host: "",
		cli: "",
		version: "",
		signal: "logs",
		minute: Math.floor(at / MINUTE),
		span: 1,
		requests,
		records: requests * 9,
		bytes: requests * 4_100,
		lastSeen: at,
		lastStatus: 200,
		refused: 0,
		lastAccepted: at,
		...sender,
	};
}

function inventory(host: string, index: number): InventoryRow {
	const clis = { "claude-code": "ok", codex: index % 4 === 0 ? "absent" : "ok", gemini: "ok" };
	return { host, state: "ok", fingerprint: index % 12 === 11 ? OLD : NEW, clis, users: 1, at: NOON - HOUR };
}

function probes(): ProbeEvidence[] {
	const probe = (token: "old" | "new", place: string, signal: ProbeEvidence["signal"]): ProbeEvidence => ({
		kind: "probe",
		token,
		fingerprint: token === "old" ? OLD : NEW,
		place,
		path: "bearer",
		signal,
		at: NOON - 4 * MINUTE,
		outcome: "accepted",
		status: 200,
		latencyMs: 41,
		cause: "http-200",
		detail: "accepted",
	});
	const signals = ["logs", "metrics", "traces"] as const;
	const accepted = ["gw-eu-1", "gw-eu-2", "api.torii.example"].flatMap((place) =>
		signals.flatMap((signal) => [probe("old", place, signal), probe("new", place, signal)]),
	);
	const limited: ProbeEvidence = {
		...probe("new", "gw-eu-2", "traces"),
		outcome: "retry-later",
		status: 429,
		cause: "http-429",
		detail: "the gateway asks to come back in 30 s",
	};
	return [...accepted, limited];
}
