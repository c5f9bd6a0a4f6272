import type { Provider } from "../adapters/providers/provider.ts";
import type { ProviderCall } from "../adapters/providers/rotation.ts";
import { CrossfadeError } from "../base/errors.ts";
import { jsonField } from "../base/json.ts";
import { ownEntry } from "../base/lookup.ts";
import { shownName } from "../base/mask.ts";
import type { ProbeEvidence } from "../prove/evidence/evidence.ts";
import { openStore } from "../prove/evidence/store.ts";
import { probeRound } from "../prove/probe/round.ts";
import { parseProbeFlags } from "../spec/probe.ts";
import { fingerprint } from "../token/fingerprint.ts";
import type { Secret } from "../token/secret.ts";
import type { Engine } from "./engine.ts";
import { askProvider, outcomeText } from "./provider-call.ts";

/** Whether the provider accepts a token now, and whose it is as far as it says. */
export interface Acceptance {
	readonly is: "accepted" | "refused" | "unclear";
	/** What was looked at, in words. */
	readonly how: string;
	/** Fields that must be the same for the old and the new token; undefined if the provider was not asked. */
	readonly same?: Readonly<Record<string, string>> | undefined;
	/** Fields that the provider did not tell. */
	readonly undisclosed: readonly string[];
}

/**
 * Asks with the provider's harmless request, and with OTLP on every signal it takes; with `everyWay` also on its other ways in. All have to
 * agree. What a test record showed is kept in the evidence as a probe, which is no sender.
 */
export async function acceptanceOf(
	engine: Pick<Engine, "fx" | "spec" | "about" | "fleet">,
	token: Secret,
	role: "old" | "new",
	{ everyWay = false } = {},
): Promise<Acceptance> {
	const { spec } = engine;
	const call = spec.rules.whoami?.(engine.about());
	const ingests = everyWay ? (spec.rules.ingests?.(engine.about()) ?? []) : [];
	const further: Acceptance[] = [];
	for (const each of ingests) further.push(await byIngest(engine, each, token));
	const answers = [
		...(call ? [await byWhoami(engine, call, token)] : []),
		...("takes" in spec.issuer ? [await byOtlp(engine, token, role)] : []),
		...further,
	];
	const how = answers.map((each) => each.how).join("; ");
	const [first] = answers;
	if (!first)
		return { is: "unclear", how: "the provider has nothing that shows whether a token is accepted", undisclosed: [] };
	// A public half from another row is refused on one way in alone.
	const isRefused = further.some((each) => each.is === "refused");
	const is = isRefused ? "refused" : answers.every((each) => each.is === first.is) ? first.is : "unclear";
	const { same, undisclosed } = answers.find((each) => each.same) ?? first;
	return { is, how, same, undisclosed };
}

async function byWhoami(
	{ fx, spec }: Pick<Engine, "fx" | "spec">,
	call: ProviderCall,
	token: Secret,
): Promise<Acceptance> {
	const outcome = await askProvider(fx, spec, call, token);
	const nothing = { how: outcomeText(outcome), undisclosed: [] };
	if (outcome.kind === "failure") return { is: "unclear", ...nothing };
	const { status } = outcome;
	if (status === 401) return { is: "refused", ...nothing };
	const isFine = status >= 200 && status < 300;
	if (!isFine && !call.accepted?.includes(status)) return { is: "unclear", ...nothing };
	const body = isFine ? Buffer.from(outcome.body).toString("utf8") : "";
	// A page of a proxy or of a hotel's network answers 200 to everything.
	if (isFine && /^\s*</.test(body))
		return { is: "unclear", how: "the answer is a web page, not the provider's", undisclosed: [] };
	const told = (call.same ?? []).map((name) => [name, jsonField(body, name)] as const);
	const isTold = (value: unknown) => typeof value === "string" || typeof value === "number";
	return {
		is: "accepted",
		how: `its request ${whereOf(spec, call)} was answered with ${status}`,
		same: Object.fromEntries(told.filter(([, value]) => isTold(value)).map(([name, value]) => [name, String(value)])),
		undisclosed: told.filter(([, value]) => !isTold(value)).map(([name]) => name),
	};
}

/** Method and path; an address from the fleet file may hold what is nobody's business. */
function whereOf({ endpoint }: Engine["spec"], { method, path }: ProviderCall): string {
	return `${method} ${shownName(new URL(path, `${endpoint}/`).pathname)}`;
}

/** A test record on a way in of the provider's own. One that was dropped by sampling shows nothing. */
async function byIngest(
	{ fx, spec }: Pick<Engine, "fx" | "spec">,
	call: ProviderCall,
	token: Secret,
): Promise<Acceptance> {
	const outcome = await askProvider(fx, spec, call, token);
	const seen = (is: Acceptance["is"], what: string) => ({
		is,
		how: `a test record to ${whereOf(spec, call)}: ${what}`,
		undisclosed: [],
	});
	if (outcome.kind === "failure") return seen("unclear", outcomeText(outcome));
	const { status, headers } = outcome;
	if (status === 401) return seen("refused", "refused (401)");
	const sampled = "answers" in spec.issuer ? (spec.issuer as Provider).answers?.sampled : undefined;
	if (sampled !== undefined && ownEntry(headers, sampled) === "true")
		return seen("unclear", "dropped by sampling, which shows nothing");
	const isTaken = status >= 200 && status < 300 && (call.took?.(Buffer.from(outcome.body).toString("utf8")) ?? true);
	return isTaken ? seen("accepted", `accepted (${status})`) : seen("unclear", `not taken (${status})`);
}

/** A made-up token is sent too: a place that accepts everything proves nothing. */
async function byOtlp(
	{ fx, spec, fleet }: Pick<Engine, "fx" | "spec" | "fleet">,
	token: Secret,
	role: "old" | "new",
): Promise<Acceptance> {
	const flags = { provider: spec.issuer.id, endpoint: spec.endpoint, token: [`${role}=prompt`] };
	const plan = parseProbeFlags(flags, fx.clock.now());
	const { gatewayReading } = await import("../prove/metrics/counters.ts");
	const { rows } = await probeRound(fx, {
		plan,
		tokens: [{ name: role, secret: token }],
		tls: {},
		marker: fingerprint(fx.random.token()),
		readGateway: gatewayReading,
		controls: new Map(),
	});
	await keep(
		fx,
		fleet.evidence,
		rows.map(({ evidence }) => evidence),
	);
	const outcomes = new Set(rows.map(({ evidence }) => evidence.outcome));
	const only = (outcome: string) => outcomes.size === 1 && [...outcomes][0] === outcome;
	const is = only("accepted") ? "accepted" : only("rejected") ? "refused" : "unclear";
	const words = rows.map(
		({ evidence }) =>
			`${evidence.signal} ${evidence.outcome}${evidence.status === undefined ? "" : ` (${evidence.status})`}`,
	);
	return { is, how: `test records: ${words.join(", ")}`, undisclosed: [] };
}

/** A folder that cannot be written is told; the answer holds all the same. */
async function keep(fx: Engine["fx"], folder: string, rows: readonly ProbeEvidence[]): Promise<void> {
	try {
		await (await openStore(fx, folder)).addProbes("rotate", rows);
	} catch (error) {
		if (!(error instanceof CrossfadeError)) throw error;
		for (const problem of error.problems)
			fx.terminal.warn({ ...problem, what: `a probe was not kept: ${problem.what}` });
	}
}
