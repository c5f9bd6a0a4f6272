import { defaultProvider } from "../../adapters/providers/registry.ts";
import { MINUTE_MS } from "../../base/duration.ts";
import type { TextStyle } from "../../base/paint.ts";
import type { Effects } from "../../effects/effects.ts";
import { type EvidenceStore, openStore } from "../../prove/evidence/store.ts";
import type { OverlapView } from "../../prove/overlap/view.ts";
import { probeText } from "../../prove/probe/report.ts";
import { probeRound } from "../../prove/probe/round.ts";
import { judgeRows } from "../../prove/probe/verdict.ts";
import type { Round } from "../../prove/probe/world.ts";
import { type Observer, observe } from "../../prove/watch/observe.ts";
import { emptyFleet, type Fleet } from "../../spec/fleet.ts";
import type { ProbePlan } from "../../spec/probe-plan.ts";
import { Secret } from "../../token/secret.ts";
import { collectorGateway } from "./collector.ts";
import { type DemoGateway, waitUntil } from "./gateway.ts";
import type { NarrationStep } from "./narration.ts";
import { type DemoProvider, startDemoProvider } from "./provider.ts";
import { logExportRequest } from "./request.ts";
import { demoRotation } from "./rotation.ts";
import { type CredentialRole, expectedHosts, START, STRANGER_HOST, sending } from "./simulated-fleet.ts";
import { tapGateway } from "./tap.ts";

const STORY_EVERY_MS = 60 * MINUTE_MS;
const OVERLAP_MS = 24 * 60 * MINUTE_MS;
/** The rotation begins after all programs have started, whatever start time they report. */
const AHEAD_MS = MINUTE_MS;

/** The tokens so far; `new` from the rotation on. */
type DemoTokens = Partial<Record<CredentialRole, Secret>> & { readonly old: Secret };

/** Records, by the token with which a gateway forwarded them. */
export interface SentOn {
	readonly old: number;
	readonly new: number;
}

/** A rotation with simulated CLIs: a provider, a gateway in front of it, a fleet, and a movable clock. */
export interface Rehearsal {
	readonly gateway: Pick<DemoGateway, "title" | "other" | "tokenFile">;
	/** Why a tap is used instead of a requested collector. */
	readonly failure: string | undefined;
	/** Moves the clock to a minute and sends for every CLI due then. Returns the number of requests. */
	advanceTo(minute: number): Promise<number>;
	/** What `crossfade rotate` does at that point of the story; returns its lines. */
	rotation(does: NonNullable<NarrationStep["does"]>): Promise<readonly string[]>;
	/**
	 * Records that the gateway forwarded with its old and its new token, as received by the provider. Undefined while
	 * there are none with the new one, or if the gateway has no token.
	 */
	sentOn(): Promise<SentOn | undefined>;
	/** Both tokens at the provider, as text. */
	probe(style: TextStyle): Promise<string>;
	look(): Promise<OverlapView>;
	close(): Promise<void>;
}

export interface RehearsalOptions {
	/** A private folder for evidence and the collector's files. */
	readonly folder: string;
	/** The collector to use; without one, or if it does not start, a tap is used. */
	readonly collector: string | undefined;
}

/** Steps that no program can do here. */
const OWNER = "person   says to crossfade rotate resume that what reads each store has the new token";
const PERSON = "person   clicks Rotate in the portal, and gives the new token to crossfade rotate resume";

/** What to close, in the order it was opened. */
type Closing = (() => Promise<void> | undefined)[];

/** Everything listens on free loopback ports. If this throws, everything started is stopped. */
export async function startRehearsal(real: Effects, options: RehearsalOptions): Promise<Rehearsal> {
	const closing: Closing = [];
	const close = async () => {
		try {
			await closing.pop()?.();
		} finally {
			if (closing.length > 0) await close();
		}
	};
	try {
		return { ...(await assemble(real, options, closing)), close };
	} catch (error) {
		await close();
		throw error;
	}
}

async function assemble(real: Effects, options: RehearsalOptions, closing: Closing): Promise<Omit<Rehearsal, "close">> {
	const { fx, timeAt, moveTo } = newDemoClock(real);
	const asked: DemoProbe["asked"] = new Map();
	const old = Secret.of(fx.random.token());
	const tokens: DemoTokens = { old, stranger: Secret.of(fx.random.token()) };
	const provider = await startDemoProvider(fx, old);
	closing.push(provider.close);
	const evidence = `${options.folder}/evidence`;
	const store = await openStore(fx, evidence);
	const { gateway, failure } = await startGateway({ real, fx }, options, store, provider.url, old);
	closing.push(gateway.close);
	const watch = await startWatch(() => {
		const pages = { pageMs: 30_000, theirTime: real.clock.now };
		return observe(fx, fleetOf(tokens, timeAt(0), evidence, gateway), pages);
	});
	closing.push(watch.close);
	const fleet = newFleet(real, gateway, provider);
	const mdm = `${options.folder}/mdm.token`;
	await real.files.createSecret(mdm, old);
	const files = { mdm, ...(gateway.tokenFile !== undefined && { gateway: gateway.tokenFile }) };
	const rotation = await demoRotation(fx, { folder: options.folder, url: provider.url, old, files });
	return {
		gateway,
		failure,
		advanceTo(minute) {
			moveTo(minute);
			return fleet.sendAll(minute, tokens, fx.clock.now());
		},
		rotation: (does) =>
			fleet.aside(async () => {
				if (does === "confirm") return [OWNER, ...(await rotation.confirm("every sender is on the new token"))];
				if (does === "finish") return rotation.resume();
				const begun = await rotation.start();
				const made = await provider.rotate();
				if (!made) return begun;
				tokens.new = made;
				const spread = await rotation.paste(made);
				await watch.restart();
				return [...begun, PERSON, ...spread];
			}),
		async sentOn() {
			if (!gateway.tokenFile || !tokens.new) return undefined;
			const taken = await fleet.taken();
			const since = taken.get(tokens.new.fingerprint) ?? 0;
			return since === 0 ? undefined : { old: taken.get(old.fingerprint) ?? 0, new: since };
		},
		probe: (style) =>
			fleet.aside(() =>
				probeProvider(fx, store, { url: provider.url, tokens, deadline: timeAt(0) + OVERLAP_MS, style, asked }),
			),
		look: watch.look,
	};
}

/** A clock that stays at the first minute until it is advanced. */
function newDemoClock(real: Effects) {
	const begin = real.clock.now() + AHEAD_MS;
	const timeAt = (minute: number) => begin + (minute - START) * MINUTE_MS;
	let current = START;
	const fx: Effects = { ...real, clock: { ...real.clock, now: () => timeAt(current) } };
	const moveTo = (minute: number) => {
		current = minute;
	};
	return { fx, timeAt, moveTo };
}

/** The requested collector, or a tap with the reason. */
async function startGateway(
	{ real, fx }: { readonly real: Effects; readonly fx: Effects },
	{ folder, collector }: RehearsalOptions,
	store: EvidenceStore,
	upstream: string,
	token: Secret,
): Promise<{ readonly gateway: DemoGateway; readonly failure: string | undefined }> {
	if (collector === undefined) return { gateway: await tapGateway(fx, store, new URL(upstream)), failure: undefined };
	const started = await collectorGateway(real, { path: collector, folder, upstream, token });
	if (typeof started === "object") return { gateway: started, failure: undefined };
	return { gateway: await tapGateway(fx, store, new URL(upstream)), failure: started };
}

/** An observer that can be reopened with the current tokens. If it reads counters, counting starts with the first reading. */
async function startWatch(open: () => Promise<Observer>) {
	let observer = await open();
	const watch = {
		look: () => observer.look(),
		close: () => observer.close(),
		async restart() {
			await observer.close();
			observer = await open();
		},
	};
	try {
		await watch.look();
	} catch (error) {
		await watch.close();
		throw error;
	}
	return watch;
}

interface DemoProbe {
	readonly url: string;
	readonly tokens: DemoTokens;
	readonly deadline: number;
	readonly style: TextStyle;
	/** Earlier results of made-up tokens. */
	readonly asked: NonNullable<Round["controls"]>;
}

/** Probes the provider with the rotation's tokens, stores the results as evidence, and returns them as text. */
async function probeProvider(
	fx: Effects,
	store: EvidenceStore,
	{ url, tokens, deadline, style, asked }: DemoProbe,
): Promise<string> {
	const named = rotationTokens.flatMap((name) => (tokens[name] ? [{ name, secret: tokens[name] }] : []));
	const round = { plan: probePlan(url, deadline), tokens: named, tls: {}, marker: "demo", controls: asked };
	const found = await probeRound(fx, round);
	const inDemoTime = found.rows.map(({ evidence: { clockOffsetMs: _ofARealClock, ...evidence }, ...row }) => ({
		...row,
		evidence,
	}));
	const rows = judgeRows(inDemoTime, deadline);
	await store.addProbes(
		"probe",
		rows.map(({ evidence }) => evidence),
	);
	return probeText(
		{ marker: "demo", now: fx.clock.now(), deadline, rows, whoami: [], controls: found.controls, leftOut: [] },
		style,
	);
}

const rotationTokens = ["old", "new"] as const;

/** The simulated CLIs, and the fate of their data. */
function newFleet(fx: Effects, gateway: DemoGateway, provider: DemoProvider) {
	let sent = 0;
	/** Records the provider received from others. */
	const others = new Map<string, number>();
	const taken = async () =>
		new Map([...(await provider.taken())].map(([id, records]) => [id, records - (others.get(id) ?? 0)]));
	/** Resolves when all data sent is counted and, if the gateway responds earlier, has reached the provider. */
	const arrived = async () => {
		await gateway.counted(sent);
		if (!gateway.tokenFile) return;
		await waitUntil(fx, "the provider to take what was sent", async () => {
			const all = [...(await taken()).values()].reduce((sum, records) => sum + records, 0);
			return all >= sent;
		});
	};
	return {
		taken,
		/** Returns the number of requests, once all data sent is counted. `now` is in milliseconds since the epoch. */
		async sendAll(minute: number, tokens: DemoTokens, now: number) {
			const due = sending(minute);
			for (const { sender, credential } of due) {
				const token = (tokens[credential] ?? tokens.old).reveal();
				const takesPaths = gateway.tokenFile === undefined;
				const outcome = await fx.request(logExportRequest(gateway.url, sender, token, now, { takesPaths }));
				if (outcome.kind === "answer") sent++;
			}
			await arrived();
			return due.length;
		},
		/** Sends to the provider from outside the fleet. */
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

function fleetOf(tokens: DemoTokens, started: number, evidence: string, { metrics }: DemoGateway): Fleet {
	const names = rotationTokens.filter((name) => tokens[name]);
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
		// Every sender in the demo sends at least this often while awake.
		intervals: { fleet: STORY_EVERY_MS, hosts: {}, clis: {} },
		attested: metrics.length === 0 || !tokens.new ? [] : ownersWords(tokens, started),
		evidence,
	};
}

/**
 * What the owner in the demo knows and a collector cannot show: it answers senders itself, so the provider's answer to their credential is not
 * visible, and it forwards with its own token, whose file the owner replaced.
 */
function ownersWords({ stranger }: DemoTokens, at: number): Fleet["attested"] {
	const word = { actor: "the demo", at };
	const because = "a nightly import that never had the old token";
	return [
		{
			...word,
			kind: "gateway",
			name: "gateway",
			says: "moved",
			because: "its token file was replaced, and the provider has accepted its data since",
		},
		{ ...word, kind: "host", name: STRANGER_HOST, says: "known", because },
		...(stranger ? [{ ...word, kind: "credential", name: stranger.fingerprint, says: "known", because } as const] : []),
	];
}

function probePlan(url: string, deadline: number): ProbePlan {
	return {
		tokens: [],
		places: [{ name: "the provider", url, isGateway: false, metrics: [] }],
		provider: defaultProvider,
		signals: ["logs"],
		paths: ["bearer", "url"],
		protocol: "http/protobuf",
		form: undefined,
		header: "Authorization",
		scheme: "Bearer",
		proxy: undefined,
		files: {},
		exporter: undefined,
		gzip: false,
		control: true,
		timeoutMs: 30_000,
		retries: 0,
		deadline,
		repeat: undefined,
		evidence: undefined,
		leftOut: [],
	};
}
