import type { Emission } from "../../adapters/clis/emission.ts";
import { forms } from "../../adapters/clis/emits.generated.ts";
import type { Signal } from "../../adapters/providers/provider.ts";
import { providers } from "../../adapters/providers/registry.ts";
import type { ProbePlan, Replay } from "../../spec/probe-plan.ts";
import type { Secret } from "../../token/secret.ts";
import { probeRound } from "../probe/round.ts";
import { type JudgedRow, judgeRows } from "../probe/verdict.ts";
import type { ProbeWorld, Round } from "../probe/world.ts";
import type { Diagnosis, SignalState } from "./diagnosis.ts";
import { settingName } from "./findings.ts";
import { openRoute } from "./route.ts";

/** The result of probing for one CLI. */
export interface Probed {
	readonly id: string;
	readonly rows: readonly JudgedRow[];
	readonly skipped: readonly SkippedSignal[];
}

/** A signal that was not probed. With `isMoot` an answer would show nothing about the token. */
interface SkippedSignal {
	readonly signal: Signal;
	readonly why: string;
	readonly isMoot?: boolean;
}

/** Shared by the probes of all CLIs in one run. */
export interface Asking {
	/** See `MARKER`. */
	readonly marker: string;
	/** Results of made-up tokens: one is enough for a place used by several CLIs. */
	readonly controls: NonNullable<Round["controls"]>;
	/** When the old token ends, in milliseconds since the epoch. */
	readonly deadline: number | undefined;
	readonly environment: Readonly<Record<string, string | undefined>>;
}

const TIMEOUT_MS = 10_000;

/** What one test record needs besides the signal: what is the same is asked in one round. */
interface Route {
	readonly base: string;
	readonly secret: Secret;
	readonly state: SignalState;
	readonly emissions: Emission[];
}

/** Sends one test record per signal exactly as the CLI would, with its URL, headers and encoding, and reads the responses. */
export async function probeCli(
	fx: ProbeWorld,
	{ id, title, signals, resolved }: Diagnosis,
	{ marker, controls, deadline, environment }: Asking,
): Promise<Probed> {
	const skipped: SkippedSignal[] = [];
	const form = forms.find((each) => each.id === id);
	const routes = new Map<string, Route>();
	for (const state of signals) {
		const { off, signal, secret, tokenBy } = state;
		if (off !== undefined) continue;
		const emission = resolved.emissions.find((each) => each.signal === signal);
		const way = form?.usesProxy === false ? {} : environment;
		const why = reasonToSkip(state, emission, title, way);
		if (why !== undefined || !emission || !secret) {
			skipped.push({ signal, why: why ?? "its token is unknown" });
			continue;
		}
		const base = baseOf(state.url ?? "", signal, tokenBy === "url");
		const key = `${base} ${secret.fingerprint} ${tokenBy} ${state.scheme} ${emission.protocol}`;
		const route = routes.get(key) ?? { base, secret, state, emissions: [] };
		route.emissions.push(emission);
		routes.set(key, route);
	}
	const rows: JudgedRow[] = [];
	for (const route of routes.values()) {
		const tokens = [{ name: route.state.token ?? "current", secret: route.secret }];
		const plan = planFor(form, route);
		const round = await probeRound(fx, { plan, tokens, tls: {}, marker, controls });
		rows.push(...judgeRows(round.rows, deadline));
		for (const { signal } of route.emissions) {
			if (plan.signals.includes(signal)) continue;
			skipped.push({ signal, why: `${plan.provider.title} accepts no ${signal}`, isMoot: true });
		}
	}
	return { id, rows, skipped };
}

function reasonToSkip(
	{ secret, url, doubt, tokenBy }: SignalState,
	emission: Emission | undefined,
	title: string,
	environment: Asking["environment"],
): string | undefined {
	if (tokenBy === "program" && !secret) return "its token is unknown";
	if (doubt !== undefined) return `untested: ${doubt}`;
	const isUrl = url !== undefined && URL.canParse(url);
	const [setting] = emission?.transport ?? [];
	const name = setting === undefined ? isUrl && openRoute(url, environment) : settingName(setting);
	if (name) return `untested: ${name} sets a proxy or certificates, which this probe may not use as ${title} does`;
	if (!secret) return "its token is unknown";
	return isUrl ? undefined : "its URL is not one";
}

/** The URL without the token and the path of the signal; of an unusual one only the server. Contains no token. */
function baseOf(url: string, signal: Signal, isTokenInUrl: boolean): string {
	const end = `${isTokenInUrl ? "/TOKEN" : ""}/v1/${signal}`;
	return url.endsWith(end) ? url.slice(0, -end.length) : new URL(url).origin;
}

/** The same requests with another token in the place of the CLI's own. */
function replayOf(emissions: readonly Emission[], own: string): Replay {
	return (signal, token) => {
		const emission = emissions.find((each) => each.signal === signal);
		if (emission?.url === undefined) throw new TypeError(`no URL for ${signal}`);
		const put = (text: string) =>
			text.replaceAll(own, token).replaceAll(encodeURIComponent(own), encodeURIComponent(token));
		const headers = emission.headers.map(({ name, value }) => [name, inBasic(value, put) ?? put(value)] as const);
		return { url: put(emission.url), headers: Object.fromEntries(headers) };
	};
}

/** A value for Basic authentication with its content changed; undefined for any other. */
function inBasic(value: string, change: (text: string) => string): string | undefined {
	const [, word, login] = /^(basic) +(\S+)$/i.exec(value) ?? [];
	if (login === undefined) return undefined;
	return `${word} ${Buffer.from(change(Buffer.from(login, "base64").toString("utf8"))).toString("base64")}`;
}

function planFor(form: ProbePlan["form"], { base: url, secret, state, emissions }: Route): ProbePlan {
	const signals = emissions.map(({ signal }) => signal);
	const usual = providers.find(({ endpoint }) => endpoint === url) ?? providers.find((each) => each.id === "custom");
	if (!usual) throw new TypeError("no provider for custom endpoints");
	return {
		tokens: [],
		places: [{ name: url, url, isGateway: false, metrics: [] }],
		provider: usual,
		// Signals that the provider does not accept show nothing about the token.
		signals: signals.filter((signal) => usual.takes.includes(signal)),
		paths: [state.tokenBy === "url" ? "url" : "bearer"],
		replay: replayOf(emissions, secret.reveal()),
		protocol: emissions[0]?.protocol ?? "http/protobuf",
		form,
		header: "Authorization",
		scheme: state.scheme ?? "Bearer",
		proxy: form?.usesProxy === false ? undefined : "environment",
		files: {},
		exporter: undefined,
		gzip: false,
		control: true,
		timeoutMs: TIMEOUT_MS,
		retries: 0,
		deadline: undefined,
		evidence: undefined,
		repeat: undefined,
		leftOut: [],
	};
}
