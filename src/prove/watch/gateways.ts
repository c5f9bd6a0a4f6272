import { limitConcurrency } from "../../base/concurrency.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { largest } from "../../base/largest.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import type { CounterReading, ExporterTally, Mark, PlaceShown } from "../evidence/readings.ts";
import type { EvidenceStore, ReadingWriter } from "../evidence/store.ts";
import type { FileTrouble } from "../judge/case.ts";
import { exportersOf, exportersOn, losingOf } from "../judge/exporters.ts";
import { acceptedOnPage, countersOn } from "../metrics/counters.ts";
import { parseExposition } from "../metrics/exposition.ts";
import {
	exporterTokens,
	hasNoCount,
	KEPT_IN,
	limitsOnPage,
	processStart,
	runningTotals,
} from "../metrics/running-totals.ts";
import type { LookedSeries } from "../overlap/observed.ts";
import type { GatewayView } from "../overlap/view.ts";
import { unattributedOf } from "./completeness.ts";
import { type Health, healthOf, healthText, talliesOf } from "./health.ts";
import { type SourceLook, shownUrl, type TrafficSource, trouble, type WatchEffects } from "./source.ts";

const PAGES_AT_A_TIME = 16;
/** For all pages in one reading. */
const LOOK_MS = 20_000;
/** Larger than the page of a collector with 100,000 senders. */
const MAX_PAGE_BYTES = 48 * 1024 * 1024;

export interface PageOptions {
	/** For one page, in milliseconds. */
	readonly pageMs: number;
	/** The current time for the processes behind the pages, in milliseconds since the epoch, if not our clock. */
	readonly theirTime: () => number;
}

export interface GatewaySource extends TrafficSource {
	/** `host:port` of the pages that have answered at least once. */
	readable(): ReadonlySet<string>;
}

/** The metrics pages of gateways: of collectors, with or without attribution, and of `crossfade tap`. */
export function gatewaySource(
	fx: WatchEffects,
	store: EvidenceStore,
	gateways: Fleet["gateways"],
	{ pageMs = 5_000, theirTime = fx.clock.now }: Partial<PageOptions> = {},
): GatewaySource {
	const options = { pageMs, theirTime };
	const read = gateways.filter(({ metrics }) => metrics.length > 0).map((gateway) => newGateway(store, gateway));
	const readable = new Set<string>();
	const unread = gateways.filter(({ metrics }) => metrics.length === 0);
	return {
		async look() {
			const [whenFree, end] = [limitConcurrency(PAGES_AT_A_TIME), fx.clock.now() + LOOK_MS];
			const looks = await Promise.all(
				read.map((each) =>
					each.look(async (url) => {
						const page = await whenFree(() => readPage(fx, url, end, options));
						// A page that becomes unreadable is an open point; reading it through the server would count it twice.
						if (typeof page !== "string") readable.add(new URL(url).host);
						return page;
					}),
				),
			);
			return {
				gateways: looks.flatMap(({ gateways: views }) => views),
				looked: [...looks.flatMap(({ looked }) => looked), ...unread.map(noPage)],
				exporters: looks.flatMap(({ exporters }) => exporters),
				troubles: looks.flatMap(({ troubles }) => troubles),
			};
		},
		readable: () => readable,
		async close() {
			for (const each of read) await each.close();
		},
	};
}

/** A gateway without a metrics URL is not watched, unless it writes its own evidence. */
function noPage({ name }: Fleet["gateways"][number]): LookedSeries {
	return { place: name, source: "", trouble: "the URL of its metrics is not given" };
}

/** A page's content; a sentence if it is not metrics. */
interface MetricsPage extends Omit<CounterReading, "source"> {
	readonly health: Health | undefined;
	/** See `exporterTokens` and `limitsOnPage`. */
	readonly exporters: readonly string[];
	readonly limits: readonly string[];
	/** Evidence folders that already contain the same data. */
	readonly keptIn: readonly string[];
}

async function readPage(
	{ request, clock }: WatchEffects,
	url: string,
	end: number,
	{ pageMs, theirTime }: PageOptions,
): Promise<MetricsPage | string> {
	const timeoutMs = Math.min(pageMs, end - clock.now());
	if (timeoutMs <= 0) return "other gateways took too long; it is read next time";
	const outcome = await request({
		method: "GET",
		url,
		timeoutMs,
		maxBytes: MAX_PAGE_BYTES,
		proxy: "environment",
		polled: true,
	});
	const wrong = trouble(outcome);
	if (wrong !== undefined || outcome.kind === "failure") return wrong ?? "no response";
	const at = clock.now();
	const text = new TextDecoder().decode(outcome.body);
	const page = parseExposition(text);
	const { samples, badLines, isOursBad } = page;
	if (badLines > samples.length) return "it is not in the format of Prometheus";
	// The format's last line ends with a line feed: without it, the last number may be half of one.
	if (text !== "" && !text.endsWith("\n")) return "its page is cut off";
	const counters = countersOn(page);
	const isUnread = isOursBad ?? hasNoCount(samples);
	return {
		at,
		started: processStart(samples, theirTime()),
		isComplete: badLines === 0,
		totals: runningTotals(samples),
		accepted: acceptedOnPage(samples),
		exporters: exporterTokens(samples),
		limits: [...limitsOnPage(samples), ...(isUnread ? ["some of its counters by token could not be read"] : [])],
		health: counters.isCollector ? healthOf(counters) : undefined,
		keptIn: samples.flatMap(({ name, labels }) => (name === KEPT_IN ? [labels["folder"] ?? ""] : [])),
	};
}

function newGateway(store: EvidenceStore, { name, metrics }: Fleet["gateways"][number]) {
	const keeper = newKeeper(store, name);
	let before: Health | undefined;
	let tallies: readonly ExporterTally[] | undefined;
	return {
		async look(read: (url: string) => Promise<MetricsPage | string>): Promise<SourceLook> {
			const pages = await Promise.all(metrics.map(async (url) => ({ source: shownUrl(url), page: await read(url) })));
			const own = await store.id();
			const good = pages.flatMap(({ source, page }) => (typeof page === "string" ? [] : [{ source, ...page }]));
			// All pages of a gateway belong to one process, but only the collector's own has the start time.
			const starts = good.flatMap(({ started }) => (started === undefined ? [] : [started]));
			const started = starts.length === 0 ? undefined : largest(starts);
			// Data that its writer stores here itself would be counted twice.
			const foreign = good.filter(({ keptIn }) => own === undefined || !keptIn.includes(own));
			const marksBefore = keeper.marks();
			const health = good.find((page) => page.health)?.health;
			const known = tallies ?? marksBefore.find(({ shown }) => shown?.tallies)?.shown?.tallies ?? [];
			tallies = health ? talliesOf(health, known) : known;
			const exporters = exportersOn(good.map((page) => page.exporters));
			const shown: PlaceShown = {
				exporters,
				unattributed: unattributedOf(foreign, marksBefore, started, exporters[0] === "passed on"),
				limits: foreign.flatMap(({ limits }) => limits),
				tallies,
			};
			const troubles = await keeper.take(
				foreign.map(({ health: _, keptIn: __, exporters: ___, limits: ____, ...page }) => ({ ...page, started })),
				shown,
			);
			const bad = pages.flatMap(({ source, page }) => (typeof page === "string" ? [{ source, why: page }] : []));
			const told = health && healthText(health, before);
			const losing = losingOf(tallies);
			before = health ?? before;
			const lastRead = largest(
				[...keeper.marks(), ...good].map(({ at }) => at),
				0,
			);
			const view: GatewayView = {
				place: name,
				url: pages[0]?.source ?? "",
				state:
					good.length === 0 || troubles.length > 0
						? "down"
						: bad.length > 0 || told?.isWell === false
							? "degraded"
							: "up",
				detail: [
					...troubles.map(({ what }) => what),
					...bad.map(({ source, why }) => (pages.length > 1 ? `${source}: ${why}` : why)),
					...(told ? [told.detail] : []),
					...(started === undefined && foreign.some(({ totals }) => totals.length > 0) ? [NO_START] : []),
					...(foreign.length < good.length ? ["it stores its counters in this evidence folder itself"] : []),
				].join("; "),
				...(lastRead > 0 && { at: lastRead }),
			};
			return {
				gateways: [view],
				looked: lookedOf(name, pages, { foreign, marks: keeper.marks(), shown }),
				exporters: exportersOf(name, exporters, good[0]?.at, losing),
				troubles,
			};
		},
		close: keeper.close,
	};
}

/** Without a start time, only frequent readings show that the process is the same. */
const NO_START =
	"its page does not show when its process started: read it at least every 5 min, or add the URL of its own metrics, usually port 8888";

interface LookedPages {
	/** Pages whose process does not store its own counts. */
	readonly foreign: readonly (MetricsPage & { readonly source: string })[];
	readonly marks: readonly Mark[];
	readonly shown: PlaceShown;
}

/** The result for each page that was or should have been read. */
function lookedOf(
	place: string,
	pages: readonly { readonly source: string; readonly page: MetricsPage | string }[],
	{ foreign, marks, shown }: LookedPages,
): LookedSeries[] {
	const isAttributed = (source: string) => marks.some((mark) => mark.source === source && mark.isAttributed);
	const bad = pages.flatMap(({ source, page }) =>
		typeof page === "string" ? [{ place, source, trouble: page } satisfies LookedSeries] : [],
	);
	// One or more of a gateway's pages count by token; the others only show what it received.
	const counting = foreign.filter(({ source }) => isAttributed(source));
	const [main = foreign[0], ...others] = counting;
	if (!main) return bad;
	const { unattributed, limits } = shown;
	return [
		...bad,
		{ place, source: main.source, unattributed, limits },
		...others.map(({ source }) => ({ place, source })),
	];
}

/** Stores readings in the evidence folder; only observes while another process does so. */
function newKeeper(store: EvidenceStore, name: string) {
	const file = /^[\w-]+$/.test(name) ? name : `${name}-${fingerprint(name).slice(0, 4)}`;
	let writer: ReadingWriter | undefined;
	let failure: string | undefined;
	const notSaved = (why: string) => `the counters of ${name} cannot be saved: ${why}`;
	const open = async (isNeeded: boolean) => {
		try {
			writer ??= await store.readingWriter(`gateway-${file}`);
			failure = undefined;
		} catch (error) {
			if (!(error instanceof CrossfadeError)) throw error;
			const { what = error.message, got } = error.problems[0] ?? {};
			failure = notSaved(got === undefined ? what : `${what}: ${got}`);
			return undefined;
		}
		if (isNeeded && !writer && !(await store.read()).series.some(({ place }) => place === name)) {
			failure = notSaved("another process has locked them, and has written none");
		}
		return writer;
	};
	return {
		marks: (): Mark[] => [...(writer?.marks.values() ?? [])],
		async take(readings: readonly CounterReading[], shown: PlaceShown): Promise<FileTrouble[]> {
			const own = await open(readings.length > 0);
			for (const reading of readings) {
				own?.take(reading, name);
				own?.note(reading.source, shown);
			}
			await own?.flush().catch((error: unknown) => {
				failure = notSaved((error as Error).message);
			});
			if (failure === undefined) return [];
			return [{ where: name, what: failure, fix: "check the evidence folder" }];
		},
		async close() {
			await writer?.close().catch(() => undefined);
		},
	};
}
