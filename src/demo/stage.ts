import { defaultProvider } from "../adapters/providers/registry.ts";
import type { Effects } from "../effects/effects.ts";
import { openStore } from "../evidence/store.ts";
import type { ProbePlan } from "../probe/plan.ts";
import { probeRound } from "../probe/round.ts";
import { judgeRows } from "../probe/verdict.ts";
import type { OverlapView } from "../report/overlap.ts";
import { probeText } from "../report/probe.ts";
import { sandboxProviders } from "../sandbox/providers/registry.ts";
import { startSandbox } from "../sandbox/server.ts";
import { readSettings } from "../sandbox/settings.ts";
import { Secret } from "../secret.ts";
import { emptyFleet, type Fleet } from "../spec/fleet.ts";
import { newAttribution } from "../tap/attribution.ts";
import { observe } from "../watch/observe.ts";
import { exportRequest } from "./request.ts";
import { type Actor, type Credential, expectedHosts, sending } from "./story.ts";

const MINUTE_MS = 60_000;
const OVERLAP_MS = 24 * 60 * MINUTE_MS;

/** Where the story plays: a provider, a tap in front of it, a fleet that sends, and a clock that jumps. */
export interface Stage {
	/** Moves the clock to a minute of the story, and lets everybody send who does so then. Returns the number of requests. */
	play(minute: number): Promise<number>;
	rotate(): Promise<void>;
	/** Both tokens at the provider and through the tap, as text. */
	probe(color: boolean): Promise<string>;
	look(): Promise<OverlapView>;
	close(): Promise<void>;
}

/** Sets the stage; evidence goes to a folder of its own. Everything listens on loopback, on free ports. */
export async function setStage(real: Effects, folder: string): Promise<Stage> {
	const begin = real.clock.now();
	let minute = 0;
	const clock = { ...real.clock, now: () => begin + minute * MINUTE_MS };
	const fx: Effects = { ...real, clock };
	const tokens: Partial<Record<Credential, Secret>> = {
		old: Secret.of(fx.random.token()),
		stranger: Secret.of(fx.random.token()),
	};
	const [provider] = sandboxProviders;
	const sandbox = await startSandbox(fx, {
		host: "127.0.0.1",
		port: 0,
		provider,
		settings: readSettings(provider.settings, {}, String, () => {}),
		token: tokens.old?.reveal() ?? "",
		faults: [],
		onEvent: () => {},
	});
	const upstream = new URL(sandbox.url);
	let counting: Awaited<ReturnType<Awaited<ReturnType<typeof openStore>>["trafficWriter"]>> | undefined;
	const tap = await fx.forward({
		host: "127.0.0.1",
		port: 0,
		upstream: {
			isTls: false,
			hostname: upstream.hostname,
			port: Number(upstream.port),
			authority: upstream.host,
			basePath: "",
		},
		watcher: newAttribution({
			place: "tap",
			host: "",
			headers: [],
			now: clock.now,
			add: (seen) => counting?.add(seen),
			unknown: () => {},
		}),
		onUnreachable: () => {},
		onFault: (error) => {
			throw error;
		},
	});
	const store = await openStore(fx, folder);

	const send = async (actor: Actor, credential: Credential) => {
		const token = tokens[credential] ?? tokens.old;
		await fx.request(exportRequest(tap.url, actor, token?.reveal() ?? "", clock.now()));
	};
	return {
		async play(to) {
			minute = to;
			counting ??= await store.trafficWriter("tap");
			const now = sending(minute);
			for (const { actor, credential } of now) await send(actor, credential);
			return now.length;
		},
		async rotate() {
			const control = { timeoutMs: 30_000, maxBytes: 64 * 1024 };
			const url = `${sandbox.url}/_sandbox/rotate`;
			const answer = await fx.request({ ...control, method: "POST", url, headers: { accept: "text/plain" } });
			if (answer.kind === "answer") tokens.new = Secret.of(Buffer.from(answer.body).toString("utf8"));
		},
		async probe(color) {
			const pair = (["old", "new"] as const).flatMap((name) => (tokens[name] ? [{ name, secret: tokens[name] }] : []));
			const deadline = begin + OVERLAP_MS;
			const round = {
				plan: probePlan(sandbox.url, deadline),
				tokens: pair,
				tls: {},
				marker: "demo",
				readGateway: undefined,
			};
			const { rows: raw } = await probeRound(fx, round);
			const rows = judgeRows(raw, deadline);
			await store.addProbes(
				"probe",
				rows.map(({ evidence: { clockOffsetMs: _ofARealClock, ...evidence } }) => evidence),
			);
			return probeText({ marker: "demo", now: clock.now(), deadline, rows, whoami: [] }, { color, width: 80 });
		},
		async look() {
			await counting?.flush();
			const observer = await observe(fx, fleetOf(tokens, begin, folder));
			return observer.look();
		},
		async close() {
			await tap.close();
			await counting?.close();
			await sandbox.close();
		},
	};
}

function fleetOf(tokens: Partial<Record<Credential, Secret>>, started: number, evidence: string): Fleet {
	const names = (["old", "new"] as const).filter((name) => tokens[name]);
	return {
		...emptyFleet("."),
		name: "the demo's fleet",
		started: tokens.new ? started : undefined,
		deadline: tokens.new
			? { at: started + OVERLAP_MS, source: "the provider's rule: 24 h after the rotation" }
			: undefined,
		tokens: names.map((name) => ({ name, ref: undefined, fingerprint: tokens[name]?.fingerprint })),
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
