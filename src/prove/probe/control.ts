import { madeUpToken } from "../../token/made-up.ts";
import { Secret } from "../../token/secret.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";
import type { Control } from "./control-result.ts";
import type { ProbeObservation } from "./observation.ts";
import type { Group } from "./send.ts";
import type { ProbeWorld, Round } from "./world.ts";

/** The marker of its test record. */
const CONTROL_NAME = "control";

/** Sends a record with a token through a path, in the same way as the rows. */
type Send = (round: Round, group: Group, signal: ProbeEvidence["signal"]) => Promise<ProbeObservation>;

/**
 * The rows of one place, corrected by a made-up token: if the place accepts that too, no row proves anything. It is sent once for a
 * path and a run, and only if one of the rows was accepted.
 */
export async function controlled(
	fx: ProbeWorld,
	round: Round,
	groups: readonly Group[],
	rows: readonly ProbeObservation[],
	send: Send,
): Promise<{ readonly rows: ProbeObservation[]; readonly controls: Control[] }> {
	const controls: Control[] = [];
	for (const path of round.plan.paths) {
		const taken = rows.find(({ evidence }) => evidence.outcome === "accepted" && evidence.path === path);
		const like = groups.find((group) => group.path === path && group.name === taken?.evidence.token);
		if (taken && like && !round.signal?.aborted) {
			controls.push(await controlFor(fx, round, like, taken, send));
		}
	}
	const judged = rows.map((row) => {
		const control = controls.find(({ path }) => path === row.evidence.path);
		return control ? withControl(row, control) : row;
	});
	return { rows: tellPathTokens(judged), controls };
}

/** The earlier result in this run, or that of a new request; a request that was never sent may be sent later. */
async function controlFor(
	fx: ProbeWorld,
	round: Round,
	like: Group,
	taken: ProbeObservation,
	send: Send,
): Promise<Control> {
	if (!round.plan.control) return { place: like.place.name, path: like.path, result: "not sent" };
	const key = `${like.place.url} ${like.path}`;
	const known = round.controls?.get(key);
	if (known) return known;
	const { isSent, ...control } = await ask(fx, round, like, taken, send);
	if (isSent) round.controls?.set(key, control);
	return control;
}

async function ask(
	fx: ProbeWorld,
	round: Round,
	like: Group,
	taken: ProbeObservation,
	send: Send,
): Promise<Control & { readonly isSent: boolean }> {
	const secret = Secret.of(madeUpToken(like.secret.reveal(), fx.random.token()));
	// A second attempt would look like a second guess to the server.
	const once: Round = { ...round, plan: { ...round.plan, retries: 0 } };
	const row = await send(once, { ...like, name: CONTROL_NAME, secret }, taken.evidence.signal);
	const { place, path, status, detail } = row.evidence;
	return { place, path, status, detail, result: resultOf(row, taken), isSent: row.timings.answer !== undefined };
}

/** A refusal that is not about a token by its words, but shows it all the same: the path holds it, or the token was passed on and refused. */
const REFUSING = ["path-or-token", "gateway-failed"];

/**
 * A refusal counts only if it is about the token, and by whoever accepted the other one: an address list, a proxy, or a gateway that saw no
 * credential refuses without a look at it.
 */
function resultOf({ evidence, speaker }: ProbeObservation, taken: ProbeObservation): Control["result"] {
	const { outcome, status = 0, cause } = evidence;
	if (outcome === "rejected" || REFUSING.includes(cause)) return speaker === taken.speaker ? "refused" : "unclear";
	if (outcome === "accepted" || cause === "sampled") return "taken";
	const isTaken = cause === "answer-not-otlp" && status >= 200 && status < 300;
	return isTaken ? "taken" : "unclear";
}

const PROVES_NOTHING = {
	taken: {
		cause: "takes-any-token",
		says: "but a made-up token is accepted too: this place does not check tokens, so nothing is proven",
		fix: "check the URL: another server may be responding instead, or authentication is off",
	},
	unclear: {
		cause: "control-unclear",
		says: "but the response to a made-up token is unclear, so it is not proven that this place checks tokens",
		fix: "run it again; to send no made-up token, use --no-control",
	},
} as const;

function withControl(row: ProbeObservation, control: Control): ProbeObservation {
	const { evidence } = row;
	if (evidence.outcome !== "accepted" || control.result === "refused" || control.result === "not sent") return row;
	const { cause, says, fix } = PROVES_NOTHING[control.result];
	const why = control.result === "unclear" ? ` (${control.detail})` : "";
	return {
		...row,
		evidence: { ...evidence, outcome: "inconclusive", cause, detail: `${evidence.detail}; ${says}${why}`, fix },
	};
}

/** If one token is accepted in a path, the path is right, so a 404 for the same path with another token refuses that token. */
function tellPathTokens(rows: readonly ProbeObservation[]): ProbeObservation[] {
	const accepted = new Set(
		rows
			.filter(({ evidence: { outcome, path } }) => outcome === "accepted" && path === "url")
			.map(({ evidence }) => evidence.signal),
	);
	return rows.map((row) => {
		const { evidence } = row;
		if (evidence.cause !== "path-or-token" || !accepted.has(evidence.signal)) return row;
		const detail = "the token was refused: another one is accepted with the same path";
		const fix = "check that it is the token for this place, and not revoked";
		return { ...row, evidence: { ...evidence, outcome: "rejected", cause: "http-404", detail, fix } };
	});
}
