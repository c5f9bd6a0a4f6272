import type { Signal } from "../../adapters/providers/provider.ts";
import { version } from "../../base/version.ts";
import type { HttpOutcome, HttpRequest } from "../../effects/net/http.ts";
import type { ProbePlace, ProbePlan, Protocol, TokenPath } from "../../spec/probe-plan.ts";
import type { Secret } from "../../token/secret.ts";
import { gatewayHost, probeHost } from "../judge/own-probes.ts";
import { grpcFrame, grpcPath } from "../otlp/grpc.ts";
import type { ProbedRequest } from "./acceptance.ts";
import {
	clockNotes,
	clockOffset,
	deservesLook,
	foreign,
	type ProbeReading,
	readOutcome,
	withLook,
} from "./classify.ts";
import type { ProbeObservation } from "./observation.ts";
import { speakerOf } from "./refusal.ts";
import { backoffMs, retryAfterMs } from "./retry.ts";
import type { ProbeWorld, Round } from "./world.ts";

/** One token on one path to one place. */
export interface Group {
	readonly place: ProbePlace;
	readonly path: TokenPath;
	readonly name: string;
	readonly secret: Secret;
}

/** OTLP clients must stop reading here. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Sends one test record, with retries if allowed and requested, and evaluates the result. */
export async function sendTestRecord(
	fx: ProbeWorld,
	round: Round,
	group: Group,
	signal: Signal,
): Promise<ProbeObservation> {
	const { plan, tls } = round;
	const { place, path, name, secret } = group;
	const { isGateway, url } = place;
	const asked: ProbedRequest = {
		url,
		protocol: plan.protocol,
		signal,
		scheme: plan.scheme,
		path,
		answers: isGateway ? undefined : plan.provider.answers,
	};
	const { outcome, reading, attempts, at } = await sendUntilClear(
		fx,
		round,
		await exportRequest(fx, round, group, signal),
		asked,
	);
	const named = deservesLook(outcome, reading, url)
		? withLook(reading, await fx.lookAtTls(url, tls, plan.timeoutMs), url, tls.cert !== undefined)
		: reading;
	const { cause, detail, fix, status, notes = [], ...result } = isGateway ? oneHop(named) : named;
	const clockOffsetMs = isGateway ? undefined : clockOffset(outcome, at);
	const aboutClock = isGateway ? [] : clockNotes(outcome, at);
	return {
		evidence: {
			kind: "probe",
			token: name,
			fingerprint: secret.fingerprint,
			place: place.name,
			path,
			signal,
			at,
			outcome: result.outcome,
			latencyMs: Math.round(outcome.latencyMs),
			cause,
			detail,
			...(status !== undefined && { status }),
			...(fix !== undefined && { fix }),
			...(clockOffsetMs !== undefined && { clockOffsetMs }),
		},
		attempts,
		timings: outcome.timings ?? {},
		proxy: outcome.proxy === undefined ? undefined : foreign(outcome.proxy),
		notes: [...notes, ...aboutClock],
		speaker: outcome.headers && speakerOf(outcome.headers),
	};
}

/** All attempts together stay within the timeout; each sends the whole request. `at` is when the last one was sent. */
async function sendUntilClear(
	fx: ProbeWorld,
	{ plan, signal }: Round,
	request: Omit<HttpRequest, "timeoutMs">,
	asked: ProbedRequest,
): Promise<{ outcome: HttpOutcome; reading: ProbeReading; attempts: number; at: number }> {
	const end = fx.clock.now() + plan.timeoutMs;
	for (let attempts = 1; ; attempts++) {
		const at = fx.clock.now();
		const outcome = await fx.request({ ...request, timeoutMs: Math.max(1, end - at) });
		const reading = readOutcome(outcome, asked);
		const now = fx.clock.now();
		const wait = retryAfterMs(outcome.headers?.["retry-after"], now) ?? backoffMs(attempts, fx.random.token());
		const isOver = !reading.isRetryable || attempts > plan.retries || now + wait >= end || signal?.aborted;
		if (isOver) return { outcome, reading, attempts, at };
		await fx.sleep(wait, signal);
	}
}

const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
	"http/protobuf": "application/x-protobuf",
	"http/json": "application/json",
	grpc: "application/grpc",
};

async function exportRequest(
	{ clock }: ProbeWorld,
	{ plan, tls, marker, signal: stop }: Round,
	{ place, path, name, secret }: Group,
	signal: Signal,
): Promise<Omit<HttpRequest, "timeoutMs">> {
	const { encodeTestRecord } = await import("./payload.ts");
	const encoding = plan.protocol === "http/json" ? "json" : "protobuf";
	const host = place.isGateway ? gatewayHost(place.name, secret.fingerprint) : probeHost(secret.fingerprint);
	const record = encodeTestRecord({ signal, marker, token: name, at: clock.now(), host }, encoding, plan.form);
	const isGrpc = plan.protocol === "grpc";
	const replayed = plan.replay?.(signal, secret.reveal());
	const base = path === "url" ? `${place.url}/${encodeURIComponent(secret.reveal())}` : place.url;
	return {
		method: "POST",
		url: replayed?.url ?? (isGrpc ? new URL(grpcPath(signal), place.url).href : `${base}/v1/${signal}`),
		headers: {
			"content-type": CONTENT_TYPES[plan.protocol],
			"user-agent": `otel-crossfade/${version}`,
			...(isGrpc && { te: "trailers" }),
			...(replayed?.headers ?? (path === "bearer" && authorization(plan, secret))),
		},
		body: isGrpc ? grpcFrame(record) : record,
		maxBytes: MAX_ANSWER_BYTES,
		gzip: plan.gzip,
		http2: isGrpc,
		tls,
		proxy: plan.proxy,
		signal: stop,
	};
}

/** The header with the token. */
export function authorization({ header, scheme }: ProbePlan, secret: Secret): Record<string, string> {
	return { [header.toLowerCase()]: `${scheme} ${secret.reveal()}`.trim() };
}

/** A gateway's success covers only one hop, and its refusal may concern its own token: every row says so. */
function oneHop(reading: ProbeReading): ProbeReading {
	if (reading.outcome === "rejected") {
		const fix =
			"check the token; a gateway without a queue also returns its backend's response to the gateway's own token";
		return { ...reading, fix };
	}
	if (reading.outcome !== "accepted") return reading;
	const said = reading.cause === "accepted" ? "" : `${reading.detail}; `;
	return {
		...reading,
		cause: "gateway-taken",
		detail: `${said}received by the gateway, not confirmed`,
		fix: "add --metrics with the gateway's metrics URL to confirm forwarding; a gateway with its own token accepts any",
	};
}
