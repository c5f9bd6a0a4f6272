import { forms } from "../adapters/clis/emits.generated.ts";
import type { Provider } from "../adapters/providers/provider.ts";
import { durationMs } from "../base/duration.ts";
import { CrossfadeError } from "../base/errors.ts";
import { couldBeToken, shown, shownName } from "../base/mask.ts";
import { choiceProblem } from "../base/suggest.ts";
import { parseTokenRef } from "../token/reference.ts";
import { headerOf, providerOf, signalsOf } from "./backend.ts";
import { endpointProblems, normalEndpoint } from "./endpoint.ts";
import { type FlagReader, type Flags, readFlags } from "./flags.ts";
import type { Fleet } from "./fleet.ts";
import { FLEET_FILE } from "./fleet-text.ts";
import type { LeftOut, TokenPath } from "./probe-plan.ts";
import { type NamedToken, NEW, type ProbePlace, type ProbePlan, protocols } from "./probe-plan.ts";

export const paths = ["bearer", "url", "both"] as const;

const MAX_RETRIES = 10;
const SECOND_MS = 1000;

/**
 * Builds a plan from flags and, without a flag, from the fleet file; throws one error with every problem. Durations count from
 * `now`, in milliseconds since the epoch.
 */
export function parseProbeFlags(flags: Flags, now: number, fleet?: Fleet): ProbePlan {
	const reader = readFlags(flags);
	const usual = reader.text("endpoint") === undefined ? fleet?.provider.id : undefined;
	const provider = providerOf(reader, usual ?? "custom");
	const names = forms.map((each) => each.id);
	const cli = reader.choice(reader.text("as"), names, "--as", "CLI");
	const form = forms.find((each) => each.id === cli);
	const protocol = reader.choice(reader.text("protocol") ?? protocols[0], protocols, "--protocol", "protocol");
	const plan = {
		tokens: tokensOf(reader, fleet),
		places: provider ? placesOf(reader, provider, fleet) : [],
		signals: provider ? signalsOf(reader, provider) : [],
		paths: pathsOf(reader, form?.path ?? "bearer", provider),
		form,
		...headerOf(reader, provider),
		proxy: proxyOf(reader, form?.usesProxy ?? true),
		files: filesOf(reader),
		exporter: exporterOf(reader),
		gzip: reader.isSet("gzip"),
		control: flags["control"] !== false,
		timeoutMs: span(reader, "timeout", "--timeout") ?? 10 * SECOND_MS,
		retries: retriesOf(reader),
		deadline: time(reader, "deadline", "--deadline", now) ?? fleet?.deadline?.at,
		evidence: reader.text("evidence") ?? fleet?.evidence,
		repeat: repeatOf(reader, now),
	};
	if (protocol === "grpc" && plan.paths.includes("url")) {
		const fix = "use --path bearer, or one of the http protocols";
		reader.wrong("--path", { what: "gRPC cannot send the token in the URL: its paths are fixed", fix });
	}
	if (protocol === "grpc" && plan.gzip) {
		reader.wrong("--gzip", {
			what: "not supported with gRPC",
			fix: "omit it, or use an http protocol",
		});
	}
	if (reader.isSet("json") && reader.isSet("junit")) {
		reader.wrong("--junit", {
			what: "--json and --junit cannot be combined",
			expected: "--json or --junit",
			fix: "choose one of them",
		});
	}
	if (reader.problems.length > 0 || !provider || !protocol) throw new CrossfadeError("usage", reader.problems);
	return { ...plan, provider, protocol, leftOut: fleet ? leftOutOf(reader, provider, fleet) : [] };
}

/** Tokens given as flags replace all those of the fleet file. */
function tokensOf(reader: FlagReader, fleet: Fleet | undefined): NamedToken[] {
	const tokens: NamedToken[] = [];
	// Those of a rotation are in its journal.
	if (reader.text("rotation") !== undefined) return [];
	if (fleet && reader.all("token").length === 0) {
		const readable = fleet.tokens.flatMap(({ name, ref }) => (ref ? [{ name, ref }] : []));
		if (readable.length > 0) return readable;
	}
	for (const text of reader.all("token")) {
		const { name, rest } = splitName(text, NEW);
		const ref = parseTokenRef(rest, "--token");
		if ("what" in ref) {
			reader.problems.push(ref);
			continue;
		}
		if (tokens.some((each) => each.name === name)) {
			const fix = "give each token a different name";
			reader.wrong("--token", { what: "two tokens have the same name", got: shown(name), fix });
		}
		if (ref.kind === "fd" && tokens.some((each) => each.ref.kind === "fd" && each.ref.fd === ref.fd)) {
			const fix = "use a separate file, variable or descriptor for each";
			reader.wrong("--token", { what: "two tokens use one descriptor, which can be read only once", fix });
		}
		tokens.push({ name, ref });
	}
	if (reader.all("token").length === 0) {
		reader.wrong("--token", {
			what: "no token given",
			expected: "a name and where to read it, such as new=file:new.token",
			fix: "add --token for each token",
		});
	}
	return tokens;
}

/** Tokens known only by fingerprint cannot be sent, and gateways without an address cannot be asked. */
function leftOutOf(reader: FlagReader, provider: Provider, { tokens, gateways }: Fleet): LeftOut[] {
	const hasTokens = reader.all("token").length > 0 || reader.text("rotation") !== undefined;
	const unknown = hasTokens ? [] : tokens.filter(({ ref }) => ref === undefined);
	const unnamed = flaggedPlaces(reader, provider).length > 0 ? [] : gateways.filter(({ otlp }) => otlp === undefined);
	return [
		...unknown.map(({ name, fingerprint }) => ({
			what: `skipping the token named ${shown(name)}`,
			got: `only its fingerprint ${fingerprint ?? ""}`,
			fix: `add --token ${shown(name)}=file:PATH to probe it`,
		})),
		...unnamed.map(({ name }) => ({
			what: `skipping the gateway named ${shownName(name)}`,
			got: "no otlp address in the fleet file",
			fix: "add otlp: URL to it, or name the places to ask with --endpoint and --via",
		})),
	];
}

function flaggedPlaces(reader: FlagReader, provider: Provider): GivenPlace[] {
	return [...backendOf(reader, provider), ...viaOf(reader)];
}

/** `name=rest`; without a name all text is rest. A name is a short word that cannot be a token. */
function splitName(text: string, otherwise: string): { name: string; rest: string } {
	const [, name, rest] = /^([A-Za-z0-9][A-Za-z0-9._:-]{0,39})=(.*)$/s.exec(text) ?? [];
	return name === undefined || rest === undefined || couldBeToken(name) || /^(file|env|fd):/.test(text)
		? { name: otherwise, rest: text }
		: { name, rest };
}

interface GivenPlace extends ProbePlace {
	/** Where it was given. */
	readonly flag: string;
}

/** Destinations given as flags replace all those of the fleet file. */
function placesOf(reader: FlagReader, provider: Provider, fleet: Fleet | undefined): ProbePlace[] {
	const flagged = flaggedPlaces(reader, provider);
	const places = flagged.length > 0 || !fleet ? flagged : placesOfFleet(fleet);
	if (places.length === 0) {
		const what = "no destination for the test records";
		reader.wrong("--endpoint", { what, fix: "add --provider, --endpoint, or --via with a gateway's URL" });
	}
	const plaintext = reader.isSet("allowPlaintext") ? "allowed" : "by flag";
	for (const { url, flag } of places) reader.problems.push(...endpointProblems(url, flag, plaintext));
	const names = places.filter(({ isGateway }) => isGateway).map(({ name }) => name);
	for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
		const fix = "give different names: --via name=url";
		reader.wrong("--via", { what: "two gateways have the same name", got: shown(name), fix });
	}
	const metrics = metricsOf(reader, names);
	return places.map(({ flag: _flag, ...place }) => ({
		...place,
		metrics: metrics.get(place.name) ?? place.metrics,
	}));
}

function backendOf(reader: FlagReader, provider: Provider): GivenPlace[] {
	const usual = reader.text("provider") === undefined ? undefined : provider.endpoint;
	const given = reader.text("endpoint") ?? usual;
	return given === undefined ? [] : [{ ...backend(given), flag: "--endpoint" }];
}

function backend(url: string): ProbePlace {
	return { name: normalEndpoint(url), url: normalEndpoint(url), isGateway: false, metrics: [] };
}

function viaOf(reader: FlagReader): GivenPlace[] {
	return reader.all("via").map((text) => {
		const { name, rest } = splitName(text, "");
		const host = URL.canParse(rest) ? new URL(rest).host : "";
		return { name: name || host, url: normalEndpoint(rest), isGateway: true, metrics: [], flag: "--via" };
	});
}

function placesOfFleet({ endpoint, gateways }: Fleet): GivenPlace[] {
	const passing = gateways.flatMap(({ name, otlp, metrics }): GivenPlace[] =>
		otlp === undefined ? [] : [{ name, url: normalEndpoint(otlp), isGateway: true, metrics, flag: FLEET_FILE }],
	);
	return [...(endpoint === undefined ? [] : [{ ...backend(endpoint), flag: FLEET_FILE }]), ...passing];
}

/** `--metrics` by gateway name, which is optional if there is only one gateway. */
function metricsOf(reader: FlagReader, gateways: readonly string[]): Map<string, string[]> {
	const only = gateways.length === 1 ? gateways[0] : undefined;
	const found = new Map<string, string[]>();
	for (const text of reader.all("metrics")) {
		const { name: given, rest } = splitName(text, only ?? "");
		const url = URL.canParse(rest) ? new URL(rest) : undefined;
		if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
			reader.wrong("--metrics", {
				what: "not a gateway's metrics URL",
				expected: "a URL such as gateway=http://127.0.0.1:8888/metrics, without credentials",
				got: url ? "a URL with a user name or password, or not http" : shown(rest),
				fix: "give the collector's Prometheus endpoint",
			});
		}
		if (gateways.length === 0) {
			reader.wrong("--metrics", { what: "metrics without a gateway", fix: "add the gateway with --via" });
		} else if (!gateways.includes(given)) reader.problems.push(choiceProblem("gateway", given, gateways, "--metrics"));
		found.set(given, [...(found.get(given) ?? []), rest]);
	}
	return found;
}

/** A component's id. https://opentelemetry.io/docs/collector/configuration/#basics */
function exporterOf(reader: FlagReader): string | undefined {
	const id = reader.text("exporter");
	if (id === undefined) return undefined;
	if (reader.all("metrics").length === 0 && reader.all("via").length > 0) {
		reader.wrong("--exporter", { what: "an exporter of a gateway without metrics", fix: "add --metrics" });
	}
	if (/^[\w.-]{1,100}(\/[\w.-]{1,100})?$/.test(id)) return id;
	const expected = "its id in the collector's config, such as otlp_http/NAME";
	reader.wrong("--exporter", { what: "this is no exporter", expected, got: shown(id), fix: "look below exporters:" });
	return undefined;
}

function pathsOf(reader: FlagReader, usual: TokenPath, provider: Provider | undefined): TokenPath[] {
	const path = reader.choice(reader.text("path") ?? usual, paths, "--path", "path");
	const wanted: TokenPath[] = path === "both" ? ["bearer", "url"] : path ? [path] : [];
	if (provider && !provider.tokenInUrl && wanted.includes("url")) {
		const what = `${provider.title} accepts no token in the URL`;
		reader.wrong("--path", { what, fix: "use --path bearer" });
	}
	return wanted;
}

/** A proxy's credentials are read only from the environment. */
function proxyOf(reader: FlagReader, usual: boolean): ProbePlan["proxy"] {
	const given = reader.text("proxy");
	if (given === "none") return undefined;
	if (given === undefined) return usual ? "environment" : undefined;
	const url = URL.canParse(given) ? new URL(given) : undefined;
	if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return { url: given };
	reader.wrong("--proxy", {
		what: "not a valid proxy",
		expected: "none, or a URL such as http://proxy.example:3128 without user and password",
		fix: "put a proxy with credentials into HTTPS_PROXY and omit the flag",
	});
	return undefined;
}

function filesOf(reader: FlagReader): ProbePlan["files"] {
	const files = { ca: reader.text("ca"), cert: reader.text("cert"), key: reader.text("key") };
	if ((files.cert === undefined) !== (files.key === undefined)) {
		const fix = "give both --cert and --key, or neither";
		reader.wrong("--cert", { what: "a client certificate needs two files", fix });
	}
	return files;
}

function retriesOf(reader: FlagReader): number {
	const retries = Number(reader.text("retry") ?? 0);
	if (!Number.isInteger(retries) || retries < 0 || retries > MAX_RETRIES) {
		const expected = `a whole number up to ${MAX_RETRIES}`;
		reader.wrong("--retry", { what: "not a number of retries", expected, fix: "choose one, e.g. --retry 3" });
	}
	return retries;
}

function repeatOf(reader: FlagReader, now: number): ProbePlan["repeat"] {
	const everyMs = span(reader, "repeat", "--repeat");
	const until = time(reader, "until", "--until", now);
	if (everyMs === undefined) {
		if (until !== undefined)
			reader.wrong("--until", { what: "requires --repeat", fix: "add --repeat 30s, or omit it" });
		return undefined;
	}
	if (everyMs < SECOND_MS) reader.wrong("--repeat", { what: "too often", fix: "use 1s or more" });
	if (reader.isSet("junit")) {
		const fix = "with --repeat use --json, which prints one line per row";
		reader.wrong("--junit", { what: "cannot be combined with --repeat", fix });
	}
	return { everyMs, until };
}

function span(reader: FlagReader, name: string, flag: string): number | undefined {
	const text = reader.text(name);
	const ms = text === undefined ? undefined : durationMs(text);
	if (text !== undefined && !ms) {
		const expected = "a number with ms, s, m, h or d, such as 30s";
		reader.wrong(flag, {
			what: "not a duration",
			expected,
			got: shown(text),
			fix: "use a form such as 30s or 24h",
		});
	}
	return ms;
}

/** A time with zone, or a duration from now. */
function time(reader: FlagReader, name: string, flag: string, now: number): number | undefined {
	const text = reader.text(name);
	if (text === undefined) return undefined;
	const after = durationMs(text);
	if (after !== undefined) return now + after;
	const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
	if (!Number.isNaN(at)) return at;
	const expected = "a time with zone such as 2026-01-31T12:00:00Z, or a duration from now such as 24h";
	reader.wrong(flag, { what: "not a time", expected, got: shown(text), fix: "use one of these forms" });
	return undefined;
}
