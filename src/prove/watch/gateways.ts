import { limitConcurrency } from "../../base/concurrency.ts";
import { CrossfadeError } from "../../base/errors.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import type { CounterReading, Mark } from "../evidence/readings.ts";
import type { EvidenceStore, ReadingWriter } from "../evidence/store.ts";
import type { FileTrouble } from "../judge/case.ts";
import { acceptedOnPage, countersOn } from "../metrics/counters.ts";
import { parseExposition } from "../metrics/exposition.ts";
import { exporterToken, KEPT_IN, limitsOnPage, processStart, runningTotals } from "../metrics/running-totals.ts";
import type { LookedSeries } from "../overlap/observed.ts";
import type { GatewayView } from "../overlap/view.ts";
import { exporterOf, unattributedOf } from "./completeness.ts";
import { type Health, healthOf, healthText } from "./health.ts";
import { type SourceLook, shownUrl, type TrafficSource, trouble, type WatchEffects } from "./source.ts";

const PAGES_AT_A_TIME = 16;
/** For all pages in one look. */
const LOOK_MS = 20_000;
/** A collector with 100,000 senders writes less. */
const MAX_PAGE_BYTES = 48 * 1024 * 1024;

export interface PageOptions {
	/** For one page, in milliseconds. */
	readonly pageMs: number;
	/** What time it is for the processes behind the pages, in milliseconds since the epoch, where ours is not the time we judge by. */
	readonly theirTime: () => number;
}

export interface GatewaySource extends TrafficSource {
	/** `host:port` of the pages that ever answered. */
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
						// One that cannot be read any more blocks by itself; a server that took its place would count twice.
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

/** A gateway that is named without its metrics is a place that nobody watches, unless it writes evidence by itself. */
function noPage({ name }: Fleet["gateways"][number]): LookedSeries {
	return { place: name, source: "", trouble: "nothing says where its metrics are" };
}

/** What is on a page; a sentence when it is not metrics. */
interface MetricsPage extends Omit<CounterReading, "source"> {
	readonly health: Health | undefined;
	/** See `exporterToken` and `limitsOnPage`. */
	readonly exporter: string | undefined;
	readonly limits: readonly string[];
	/** Evidence folders in which the same is kept already. */
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
	const outcome = await request({
		method: "GET",
		url,
		timeoutMs,
		maxBytes: MAX_PAGE_BYTES,
		proxy: "environment",
		polled: true,
	});
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
		accepted: acceptedOnPage(samples),
		exporter: exporterToken(samples),
		limits: limitsOnPage(samples),
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
			// The pages of a gateway are of one process, but only the collector's own says when it started.
			const starts = good.flatMap(({ started }) => (started === undefined ? [] : [started]));
			const started = starts.length === 0 ? undefined : Math.max(...starts);
			// What its writer keeps here by itself would count twice.
			const foreign = good.filter(({ keptIn }) => !keptIn.includes(own));
			const marksBefore = keeper.marks();
			const troubles = await keeper.take(
				foreign.map(({ health: _, keptIn: __, exporter: ___, limits: ____, ...page }) => ({ ...page, started })),
			);
			const bad = pages.flatMap(({ source, page }) => (typeof page === "string" ? [{ source, why: page }] : []));
			const health = good.find((page) => page.health)?.health;
			const told = health && healthText(health, before);
			before = health ?? before;
			const lastRead = Math.max(0, ...keeper.marks().map(({ at }) => at), ...good.map(({ at }) => at));
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
					...(foreign.length < good.length ? ["it keeps its counters in this evidence folder by itself"] : []),
				].join("; "),
				...(lastRead > 0 && { at: lastRead }),
			};
			const exporter = good.find((page) => page.exporter !== undefined);
			return {
				gateways: [view],
				looked: lookedOf(name, pages, { foreign, marks: keeper.marks(), marksBefore, started }),
				exporters: [exporterOf(name, exporter?.exporter, exporter?.at)],
				troubles,
			};
		},
		close: keeper.close,
	};
}

interface LookedPages {
	/** Those that are not counted by the process itself. */
	readonly foreign: readonly (MetricsPage & { readonly source: string })[];
	readonly marks: readonly Mark[];
	readonly marksBefore: readonly Mark[];
	readonly started: number | undefined;
}

/** What there is to say of each page that was or should have been read. */
function lookedOf(
	place: string,
	pages: readonly { readonly source: string; readonly page: MetricsPage | string }[],
	{ foreign, marks, marksBefore, started }: LookedPages,
): LookedSeries[] {
	const isAttributed = (source: string) => marks.some((mark) => mark.source === source && mark.isAttributed);
	const bad = pages.flatMap(({ source, page }) =>
		typeof page === "string" ? [{ place, source, trouble: page } satisfies LookedSeries] : [],
	);
	// Of a gateway's pages one or more tell tokens apart; the others only say what it took.
	const counting = foreign.filter(({ source }) => isAttributed(source));
	const [main = foreign[0], ...others] = counting;
	if (!main) return bad;
	const limits = foreign.flatMap((page) => page.limits);
	const isTap = foreign.some(({ exporter }) => exporter === "passed on");
	const unattributed = unattributedOf(foreign, marksBefore, started, isTap);
	return [
		...bad,
		{ place, source: main.source, unattributed, limits },
		...others.map(({ source }) => ({ place, source })),
	];
}

/** Keeps readings in the evidence folder; while another process does so, only looks. */
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
		async take(readings: readonly CounterReading[]): Promise<FileTrouble[]> {
			const own = await open();
			for (const reading of readings) own?.take(reading, name);
			await own?.flush().catch((error: unknown) => {
				failure = `the counters of ${name} cannot be kept: ${(error as Error).message}`;
			});
			if (failure === undefined) return [];
			return [{ where: name, what: failure, fix: "see what is wrong with the evidence folder" }];
		},
		async close() {
			await writer?.close().catch(() => undefined);
		},
	};
}
