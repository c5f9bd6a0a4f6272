import { limitConcurrency } from "../../base/concurrency.ts";
import { CrossfadeError } from "../../base/errors.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import type { CounterReading, Mark } from "../evidence/readings.ts";
import type { EvidenceStore, ReadingWriter } from "../evidence/store.ts";
import { countersOn } from "../metrics/counters.ts";
import { parseExposition } from "../metrics/exposition.ts";
import { KEPT_IN, processStart, runningTotals } from "../metrics/running-totals.ts";
import type { GatewayView } from "../overlap/view.ts";
import { type Health, healthOf, healthText } from "./health.ts";
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

/** The metrics pages of gateways: of collectors, with or without attribution, and of `crossfade tap`. */
export function gatewaySource(
	fx: WatchEffects,
	store: EvidenceStore,
	gateways: Fleet["gateways"],
	{ pageMs = 5_000, theirTime = fx.clock.now }: Partial<PageOptions> = {},
): TrafficSource {
	const options = { pageMs, theirTime };
	const read = gateways.filter(({ metrics }) => metrics.length > 0).map((gateway) => newGateway(store, gateway));
	return {
		async look() {
			const [whenFree, end] = [limitConcurrency(PAGES_AT_A_TIME), fx.clock.now() + LOOK_MS];
			const looks = await Promise.all(
				read.map((each) => each.look((url) => whenFree(() => readPage(fx, url, end, options)))),
			);
			const blind = looks.flatMap(({ blindSince }) => (blindSince === undefined ? [] : [blindSince]));
			return {
				gateways: looks.flatMap(({ gateways: views }) => views),
				warnings: looks.flatMap(({ warnings }) => warnings),
				blindSince: blind.length === 0 ? undefined : Math.min(...blind),
			};
		},
		async close() {
			for (const each of read) await each.close();
		},
	};
}

/** A page's content; a sentence if it is not metrics. */
interface MetricsPage extends Omit<CounterReading, "source"> {
	readonly health: Health | undefined;
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
	if (timeoutMs <= 0) return "other gateways took all the time of this look";
	const outcome = await request({ method: "GET", url, timeoutMs, maxBytes: MAX_PAGE_BYTES, proxy: "environment" });
	const wrong = trouble(outcome);
	if (wrong !== undefined || outcome.kind === "failure") return wrong ?? "there is no answer";
	const at = clock.now();
	const page = parseExposition(new TextDecoder().decode(outcome.body));
	const { samples, badLines } = page;
	if (badLines > samples.length) return "what is there is not in the format of Prometheus";
	const counters = countersOn(page);
	return {
		at,
		started: processStart(samples, theirTime()),
		isComplete: badLines === 0,
		totals: runningTotals(samples),
		health: counters.isCollector ? healthOf(counters) : undefined,
		keptIn: samples.flatMap(({ name, labels }) => (name === KEPT_IN ? [labels["folder"] ?? ""] : [])),
	};
}

function newGateway(store: EvidenceStore, { name, metrics }: Fleet["gateways"][number]) {
	const keeper = newKeeper(store, name);
	let before: Health | undefined;
	return {
		async look(read: (url: string) => Promise<MetricsPage | string>): Promise<SourceLook> {
			const pages = await Promise.all(metrics.map(async (url) => ({ source: shownUrl(url), page: await read(url) })));
			const own = await store.id();
			const good = pages.flatMap(({ source, page }) => (typeof page === "string" ? [] : [{ source, ...page }]));
			// All pages of a gateway belong to one process, but only the collector's own has the start time.
			const starts = good.flatMap(({ started }) => (started === undefined ? [] : [started]));
			const started = starts.length === 0 ? undefined : Math.max(...starts);
			// Data that its writer stores here itself would be counted twice.
			const foreign = good.filter(({ keptIn }) => !keptIn.includes(own));
			const warnings = await keeper.take(foreign.map(({ health: _, keptIn: __, ...page }) => ({ ...page, started })));
			const bad = pages.flatMap(({ source, page }) => (typeof page === "string" ? [{ source, why: page }] : []));
			const health = good.find((page) => page.health)?.health;
			const told = health && healthText(health, before);
			before = health ?? before;
			const lost = bad.flatMap(({ source }) => keeper.marks().filter((mark) => mark.source === source));
			const lastRead = Math.max(0, ...keeper.marks().map(({ at }) => at), ...good.map(({ at }) => at));
			const view: GatewayView = {
				place: name,
				url: pages[0]?.source ?? "",
				state:
					good.length === 0 || warnings.length > 0
						? "down"
						: bad.length > 0 || told?.isWell === false
							? "degraded"
							: "up",
				detail: [
					...warnings,
					...bad.map(({ source, why }) => (pages.length > 1 ? `${source}: ${why}` : why)),
					...(told ? [told.detail] : []),
					...(foreign.length < good.length ? ["it keeps its counters in this evidence folder by itself"] : []),
				].join("; "),
				...(lastRead > 0 && { at: lastRead }),
			};
			const counted = lost.filter(({ isAttributed }) => isAttributed).map(({ at }) => at);
			const marks = keeper.marks();
			const isBlind = marks.length > 0 && good.length > 0 && !marks.some(({ isAttributed }) => isAttributed);
			return {
				gateways: [view],
				warnings: [
					...warnings,
					...bad.map(({ source, why }) => `the metrics of ${name} cannot be read: ${why} (${source})`),
					...(isBlind ? [`nothing at ${name} has told tokens apart so far: what passes there is not counted`] : []),
				],
				blindSince: counted.length === 0 ? undefined : Math.min(...counted),
			};
		},
		close: keeper.close,
	};
}

/** Stores readings in the evidence folder; only observes while another process does so. */
function newKeeper(store: EvidenceStore, name: string) {
	const file = /^[\w-]+$/.test(name) ? name : `${name}-${fingerprint(name).slice(0, 4)}`;
	let writer: ReadingWriter | undefined;
	let failure: string | undefined;
	const open = async () => {
		try {
			writer ??= await store.readingWriter(`gateway-${file}`);
			failure = undefined;
		} catch (error) {
			if (!(error instanceof CrossfadeError)) throw error;
			failure = `the counters of ${name} cannot be kept: ${error.problems[0]?.what ?? error.message}`;
		}
		return writer;
	};
	return {
		marks: (): Mark[] => [...(writer?.marks.values() ?? [])],
		async take(readings: readonly CounterReading[]): Promise<string[]> {
			const own = await open();
			for (const reading of readings) own?.take(reading, name);
			await own?.flush().catch((error: unknown) => {
				failure = `the counters of ${name} cannot be kept: ${(error as Error).message}`;
			});
			return failure === undefined ? [] : [failure];
		},
		async close() {
			await writer?.close().catch(() => undefined);
		},
	};
}
