import type { Signal } from "../../adapters/providers/provider.ts";
import { limitConcurrency } from "../../base/concurrency.ts";
import { type ProbeReading, readOutcome } from "./classify.ts";
import { probeMetered, unconfirmed } from "./confirm.ts";
import { controlled } from "./control.ts";
import type { Control } from "./control-result.ts";
import type { ProbeObservation } from "./observation.ts";
import { authorization, type Group, MAX_ANSWER_BYTES, sendTestRecord } from "./send.ts";
import type { ProbeWorld, Round } from "./world.ts";

/** What the place itself reports about a token, if it has an API for that. */
export interface WhoamiRow {
	readonly token: string;
	readonly place: string;
	readonly reading: ProbeReading;
}

export interface RoundResult {
	readonly rows: readonly ProbeObservation[];
	readonly whoami: readonly WhoamiRow[];
	/** Results of the made-up tokens, if any were needed. */
	readonly controls: readonly Control[];
}

const REQUESTS_AT_A_TIME = 8;

/** Sends one test record per place, token, path and signal and evaluates each; results keep this order. */
export async function probeRound(world: ProbeWorld, round: Round): Promise<RoundResult> {
	const fx = { ...world, lookAtTls: lookOnce(world) };
	const { plan, tokens } = round;
	const whenFree = limitConcurrency(REQUESTS_AT_A_TIME);
	const send = (of: Round, group: Group, signal: Signal) => whenFree(() => sendTestRecord(fx, of, group, signal));
	const probeGroup = (group: Group) => Promise.all(plan.signals.map((signal) => send(round, group, signal)));
	const sendControl = async (of: Round, group: Group, signal: Signal) => {
		if (group.place.metrics.length === 0) return send(of, group, signal);
		const [row] = await probeMetered(fx, of, group, async () => [await send(of, group, signal)]);
		if (!row) throw new TypeError("a probe of one record has one row");
		return row;
	};
	const probePlace = async (groups: readonly Group[]): Promise<ProbeObservation[]> => {
		const [place] = groups.map((group) => group.place);
		if (!place || place.metrics.length === 0) {
			const found = (await Promise.all(groups.map(probeGroup))).flat();
			return place?.isGateway ? found.map((row) => unconfirmed(row)) : found;
		}
		// Sequentially, so that the gateway's counters distinguish them.
		const rows: ProbeObservation[][] = [];
		for (const group of groups) rows.push(await probeMetered(fx, round, group, () => probeGroup(group)));
		return rows.flat();
	};
	const places = plan.places.map(async (place) => {
		const groups = tokens.flatMap((token) => plan.paths.map((path) => ({ place, path, ...token })));
		return controlled(fx, round, groups, await probePlace(groups), sendControl);
	});
	const whoami = Promise.all(whoamiTargets(round).map((target) => whenFree(() => askWhoami(fx, round, target))));
	const all = await Promise.all(places);
	return {
		rows: all.flatMap(({ rows }) => rows),
		controls: all.flatMap(({ controls }) => controls),
		whoami: await whoami,
	};
}

/** Inspects each place once for all rows that fail there. */
function lookOnce({ lookAtTls }: ProbeWorld): ProbeWorld["lookAtTls"] {
	const looks = new Map<string, ReturnType<typeof lookAtTls>>();
	return (url, ...rest) => {
		const look = looks.get(url) ?? lookAtTls(url, ...rest);
		looks.set(url, look);
		return look;
	};
}

function whoamiTargets({ plan, tokens }: Round) {
	const path = plan.provider.answers?.whoami;
	if (path === undefined) return [];
	return plan.places
		.filter(({ isGateway }) => !isGateway)
		.flatMap((place) => tokens.map((token) => ({ ...token, place, url: new URL(path, `${place.url}/`).href })));
}

async function askWhoami(
	fx: ProbeWorld,
	{ plan, tls, signal }: Round,
	{ name, secret, place, url }: ReturnType<typeof whoamiTargets>[number],
): Promise<WhoamiRow> {
	const { timeoutMs, proxy } = plan;
	const headers = authorization(plan, secret);
	const outcome = await fx.request({
		method: "GET",
		url,
		headers,
		timeoutMs,
		maxBytes: MAX_ANSWER_BYTES,
		tls,
		proxy,
		signal,
	});
	return {
		token: name,
		place: place.name,
		reading: readOutcome(outcome, { url, protocol: "http/json", scheme: plan.scheme, isWhoami: true }),
	};
}
