import { defaultProvider } from "../../adapters/providers/registry.ts";
import { MINUTE_MS } from "../../base/duration.ts";
import type { Effects } from "../../effects/effects.ts";
import { openStore } from "../../prove/evidence/store.ts";
import type { OverlapView } from "../../prove/overlap/view.ts";
import { probeText } from "../../prove/probe/report.ts";
import { probeRound } from "../../prove/probe/round.ts";
import { judgeRows } from "../../prove/probe/verdict.ts";
import { type Observer, observe } from "../../prove/watch/observe.ts";
import { emptyFleet, type Fleet } from "../../spec/fleet.ts";
import type { ProbePlan } from "../../spec/probe-plan.ts";
import { Secret } from "../../token/secret.ts";
import { collectorGateway } from "./collector.ts";
import { type Gateway, until } from "./gateway.ts";
import { type StoryProvider, startProvider } from "./provider.ts";
import { exportRequest } from "./request.ts";
import { type Credential, expectedHosts, START, sending } from "./story.ts";
import { tapGateway } from "./tap.ts";

const OVERLAP_MS = 24 * 60 * MINUTE_MS;
/** The story begins a little later than the programs that play in it: whenever they say they started, it was before. */
const AHEAD_MS = MINUTE_MS;

type Tokens = Partial<Record<Credential, Secret>>;

/** Records, by the token that a gateway sent them on with. */
export interface SentOn {
	readonly old: number;
	readonly new: number;
}

/** Where the story plays: a provider, a gateway in front of it, a fleet that sends, and a clock that jumps. */
export interface Stage {
	readonly gateway: Pick<Gateway, "title" | "other" | "hasOwnToken">;
	/** Why there is a tap, where a collector was wanted. */
	readonly failure: string | undefined;
	/** Moves the clock to a minute of the story, and lets everybody send who does so then. Returns the number of requests. */
	play(minute: number): Promise<number>;
	rotate(): Promise<void>;
	/**
	 * Records that the gateway has sent on with the old token of its own and with the new one, by what the provider took. Undefined while
	 * there is nothing with the new one, or the gateway has no token of its own.
	 */
	sentOn(): Promise<SentOn | undefined>;
	/** Both tokens at the provider, as text. */
	probe(color: boolean): Promise<string>;
	look(): Promise<OverlapView>;
	close(): Promise<void>;
}

export interface StageOptions {
	/** A folder of our own, for evidence and for what a collector needs. */
	readonly folder: string;
	/** The collector to use; without one, or if it does not start, there is a tap. */
	readonly collector: string | undefined;
}

/** Sets the stage. Everything listens on loopback, on free ports. When this throws, what was started is stopped again. */
export async function setStage(real: Effects, options: StageOptions): Promise<Stage> {
	const closing: (() => Promise<void> | undefined)[] = [];
	const close = async () => {
		try {
			await closing.pop()?.();
		} finally {
			if (closing.length > 0) await close();
		}
	};
	try {
		return { ...(await newStage(real, options, closing)), close };
	} catch (error) {
		await close();
		throw error;
	}
}

async function newStage(
	real: Effects,
	{ folder, collector }: StageOptions,
	closing: (() => Promise<void> | undefined)[],
): Promise<Omit<Stage, "close">> {
	const begin = real.clock.now() + AHEAD_MS;
	const timeAt = (each: number) => begin + (each - START) * MINUTE_MS;
	let minute = START;
	const fx: Effects = { ...real, clock: { ...real.clock, now: () => timeAt(minute) } };
	const old = Secret.of(fx.random.token());
	const tokens: Tokens = { old, stranger: Secret.of(fx.random.token()) };
	const provider = await startProvider(fx, old);
	closing.push(provider.close);
	const evidence = `${folder}/evidence`;
	const store = await openStore(fx, evidence);
	const wanted =
		collector === undefined
			? undefined
			: await collectorGateway(real, { path: collector, folder, upstream: provider.url, token: old });
	const gateway = typeof wanted === "object" ? wanted : await tapGateway(fx, store, new URL(provider.url));
	closing.push(gateway.close);
	const open = () => {
		const pages = { pageMs: 30_000, theirTime: real.clock.now };
		return observe(fx, fleetOf(tokens, timeAt(0), evidence, gateway), pages);
	};
	let observer: Observer = await open();
	closing.push(() => observer.close());
	// Where counters are read, counting begins with the first look.
	await observer.look();

	const fleet = newFleet(real, gateway, provider);
	return {
		gateway,
		failure: typeof wanted === "string" ? wanted : undefined,
		async play(to) {
			minute = to;
			const now = sending(minute);
			for (const { actor, credential } of now) {
				const token = (tokens[credential] ?? old).reveal();
				const way = { takesPaths: !gateway.hasOwnToken };
				await fleet.send(exportRequest(gateway.url, actor, token, fx.clock.now(), way));
			}
			await fleet.arrived();
			return now.length;
		},
		async rotate() {
			const made = await provider.rotate();
			if (!made) return;
			tokens.new = made;
			await gateway.rotate(made);
			await observer.close();
			observer = await open();
		},
		async sentOn() {
			if (!gateway.hasOwnToken || !tokens.new) return undefined;
			const taken = await fleet.taken();
			const since = taken.get(tokens.new.fingerprint) ?? 0;
			return since === 0 ? undefined : { old: taken.get(old.fingerprint) ?? 0, new: since };
		},
		async probe(color) {
			const pair = (["old", "new"] as const).flatMap((name) => (tokens[name] ? [{ name, secret: tokens[name] }] : []));
			const deadline = timeAt(0) + OVERLAP_MS;
			const plan = probePlan(provider.url, deadline);
			const round = { plan, tokens: pair, tls: {}, marker: "demo", readGateway: undefined };
			const { rows: raw } = await fleet.aside(() => probeRound(fx, round));
			const rows = judgeRows(raw, deadline);
			await store.addProbes(
				"probe",
				rows.map(({ evidence: { clockOffsetMs: _ofARealClock, ...row } }) => row),
			);
			return probeText({ marker: "demo", now: fx.clock.now(), deadline, rows, whoami: [] }, { color, width: 80 });
		},
		look: () => observer.look(),
	};
}

/** Everybody who sends, and what became of it. */
function newFleet(fx: Effects, gateway: Gateway, provider: StoryProvider) {
	let sent = 0;
	/** What the provider took from others. */
	const others = new Map<string, number>();
	const taken = async () =>
		new Map([...(await provider.taken())].map(([id, records]) => [id, records - (others.get(id) ?? 0)]));
	return {
		taken,
		async send(request: ReturnType<typeof exportRequest>) {
			const outcome = await fx.request(request);
			if (outcome.kind === "answer") sent++;
		},
		/** Resolves when all that was sent is counted, and went to the provider where the gateway answers before that. */
		async arrived() {
			await gateway.counted(sent);
			if (!gateway.hasOwnToken) return;
			await until(fx, "the provider to take what was sent", async () => {
				const all = [...(await taken()).values()].reduce((sum, records) => sum + records, 0);
				return all >= sent;
			});
		},
		/** Lets somebody send to the provider who is none of the fleet. */
		async aside<T>(work: () => Promise<T>): Promise<T> {
			const before = await taken();
			const done = await work();
			for (const [id, records] of await taken()) {
				others.set(id, (others.get(id) ?? 0) + records - (before.get(id) ?? 0));
			}
			return done;
		},
	};
}

function fleetOf(tokens: Tokens, started: number, evidence: string, { metrics }: Gateway): Fleet {
	const names = (["old", "new"] as const).filter((name) => tokens[name]);
	return {
		...emptyFleet("."),
		name: "the demo's fleet",
		started: tokens.new ? started : undefined,
		deadline: tokens.new
			? { at: started + OVERLAP_MS, source: "the provider's rule: 24 h after the rotation" }
			: undefined,
		tokens: names.map((name) => ({ name, ref: undefined, fingerprint: tokens[name]?.fingerprint })),
		gateways: metrics.length === 0 ? [] : [{ name: "gateway", metrics }],
		expectedHosts,
		evidence,
	};
}

function probePlan(url: string, deadline: number): ProbePlan {
	return {
		tokens: [],
		places: [{ name: "the provider", url, isGateway: false, metrics: [] }],
		provider: defaultProvider,
		signals: ["logs"],
		paths: ["bearer", "url"],
		protocol: "http/protobuf",
		emission: undefined,
		header: "Authorization",
		scheme: "Bearer",
		proxy: undefined,
		files: {},
		gzip: false,
		timeoutMs: 30_000,
		retries: 0,
		deadline,
		repeat: undefined,
		evidence: undefined,
		warnings: [],
	};
}
