import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { couldBeToken, shown, shownName } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import type { ServerAnswer } from "../effects/net/http-server.ts";
import type { Upstream } from "../effects/net/upstream.ts";
import { openStore, type TrafficWriter } from "../prove/evidence/store.ts";
import type { Sighting } from "../prove/evidence/traffic.ts";
import { FAULTS, tableFull } from "../prove/metrics/running-totals.ts";
import { newAttribution } from "../prove/tap/attribution.ts";
import { newTapMetrics, type TapMetrics } from "../prove/tap/metrics.ts";
import { endpointProblems, isLoopback, isThisMachine } from "../spec/endpoint.ts";
import { type FlagReader, type Flags, readFlags } from "../spec/flags.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command, Invocation } from "./command.ts";
import { readFleet } from "./fleet-options.ts";
import { followRotation, rotationOption } from "./rotation-option.ts";

export const tapCommand: Command = {
	name: "tap",
	description: `Forwards OTLP over HTTP (protobuf and JSON, gzip) to one place without changing a byte, and counts who sent what
with which token: by token fingerprint, host.name, CLI and signal. It reads tokens from the Authorization header,
the path (as CLIs without a header setting send it) or a header you name, and neither stores nor prints them.

The client sees what the upstream does: status, Retry-After, resets. If the tap cannot connect to it, it responds
502, after which OTLP clients retry. It also forwards requests that are not OTLP. It does not support gRPC.`,
	options: [
		{ flags: "--to <url>", description: "where to forward to, e.g. https://otlp.example.com" },
		{ flags: "--listen <address>", description: "where to listen (default: 127.0.0.1:4318); port 0 for any free port" },
		{ flags: "--place <name>", description: "name of this place in reports (default: tap)" },
		{ flags: "--host <name>", description: "host name for data without one" },
		{ flags: "--auth-header <name>", description: "another header that contains the token", repeatable: true },
		{
			flags: "--token <name=ref>",
			description: "always give this token a row of its own: old=file:PATH, new=fp:<12 hex digits>, …",
			repeatable: true,
		},
		{
			flags: "-f, --fleet <file>",
			description: "the same for every token of a fleet file",
			files: true,
		},
		{ ...rotationOption, description: "the same for both tokens of this rotation of the fleet file, from its journal" },
		{ flags: "--evidence <dir>", description: "store the counters in this folder, and continue them", files: true },
		{ flags: "--metrics <address>", description: "serve /metrics and /healthz there, e.g. 127.0.0.1:9464" },
		{ flags: "--ca <file>", description: "extra CA certificates (PEM) to trust", files: true },
		backendOptions.allowPlaintext,
		{ flags: "--json", description: "print each new sender as a JSON line" },
	],
	examples: [
		["crossfade tap --to https://otlp.example.com --evidence ./evidence", "count traffic through 127.0.0.1:4318"],
		["crossfade tap --to http://127.0.0.1:4319 --listen 127.0.0.1:0 --metrics 127.0.0.1:9464", "for Prometheus"],
	],
	run,
};

/** Maximum size of a CA file. */
const MAX_CA_BYTES = 1024 * 1024;

async function run(fx: Effects, { options }: Invocation): Promise<ExitName> {
	const { listen, metricsAt, upstream, place, host, headers, evidence, caFile, isJson } = parseFlags(options);
	const { terminal, clock } = fx;
	const ca =
		caFile === undefined
			? undefined
			: new TextDecoder().decode(await fx.files.read(caFile, { maxBytes: MAX_CA_BYTES }));
	const metrics = newTapMetrics(clock.now());
	const server = metricsAt && (await fx.serve({ ...metricsAt, maxBodyBytes: 0, answer: ownPages(metrics) }));
	const named = await knownTokens(fx, options);
	const store = evidence === undefined ? undefined : await openStore(fx, evidence, named);
	const writer = await store?.trafficWriter(place);
	const known = [...named, ...(writer?.counters() ?? []).map((row) => row.fingerprint)];
	const folder = await store?.id();
	if (folder !== undefined) metrics.keptIn(folder);
	const failing = new Set<string>();
	const forwarder = await fx.forward({
		...listen,
		upstream: { ...upstream, ca },
		watcher: newAttribution({
			place,
			host,
			headers,
			known,
			now: clock.now,
			add: (seen) => note(fx, isJson, seen, metrics, writer),
			unknown: (why) => metrics.count("unknown", why),
			full(what) {
				metrics.count("limit", what);
				writer?.limit(tableFull(what));
			},
		}),
		onUnreachable(code) {
			metrics.count("upstream", code);
			if (failing.has(code) || failing.size > 20) return;
			failing.add(code);
			terminal.warn({
				what: "cannot connect to the upstream; clients get 502 and retry",
				got: shown(code),
				where: { file: upstream.authority },
				fix: "check that it runs and that this machine can reach it; this message appears once",
			});
		},
		onFault(error) {
			metrics.count("fault", error instanceof Error ? error.name : "other");
			writer?.limit(FAULTS);
		},
	});
	if (!isLoopback(listen.host)) warnOpen(fx, listen.host);
	terminal.note(
		`tap       ${forwarder.url} -> ${upstream.isTls ? "https" : "http"}://${upstream.authority}${upstream.basePath}`,
	);
	if (server) terminal.note(`metrics   ${server.url}/metrics`);
	if (evidence !== undefined) terminal.note(`evidence  ${shownName(evidence)}`);
	terminal.note("stop with Ctrl-C");
	await fx.stopped();
	await forwarder.close();
	await server?.close();
	await writer?.close();
	return "ok";
}

/** The fingerprints of the tokens that flags and the fleet file name; a fleet file that is here and not named is not asked. */
async function knownTokens(fx: Effects, options: Flags): Promise<string[]> {
	const follower = await followRotation(fx, options, []);
	if (options["token"] === undefined && options["fleet"] === undefined && !follower) return [];
	const { emptyFleet } = await import("../spec/fleet.ts");
	const { withFlags } = await import("../spec/fleet-flags.ts");
	const fleet = options["fleet"] === undefined ? undefined : await readFleet(fx, options);
	const named = follower ? (await follower.look(fleet ?? emptyFleet("."))).fleet : fleet;
	const flags = { token: options["token"] };
	const found: string[] = [];
	for (const { ref, fingerprint } of withFlags(named ?? emptyFleet("."), flags, ".", fx.clock.now()).tokens) {
		const id = ref ? (await fx.readToken(ref)).fingerprint : fingerprint;
		if (id !== undefined) found.push(id);
	}
	return found;
}

function note(
	fx: Effects,
	isJson: boolean,
	seen: Sighting,
	metrics: TapMetrics,
	writer: TrafficWriter | undefined,
): void {
	writer?.add(seen);
	if (!metrics.add(seen)) return;
	const { fingerprint, host, cli, version, signal, lastStatus: status, at } = seen;
	const { terminal } = fx;
	if (isJson) {
		const row = { at: new Date(at).toISOString(), fingerprint, host, cli, version, signal, status };
		terminal.print(`${JSON.stringify(row)}\n`);
	} else
		terminal.note(
			`fp=${fingerprint} ${signal} ${shown(cli) || "-"} ${shown(version) || "-"} ${shownName(host, 255) || "-"} ${status}`,
		);
}

function ownPages(metrics: TapMetrics) {
	return ({ method, path }: { method: string; path: string }): ServerAnswer => {
		const text = (status: number, body: string, contentType = "text/plain; charset=utf-8") => ({
			status,
			contentType,
			body,
		});
		if (method !== "GET") return text(405, "use GET\n");
		if (path === "/healthz") return text(200, "ok\n");
		if (path === "/metrics") return text(200, metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
		return text(404, "see /metrics and /healthz\n");
	};
}

function warnOpen({ terminal }: Effects, host: string): void {
	terminal.warn({
		what: "other machines can send here unencrypted: the tap listens without TLS",
		got: shownName(host),
		where: { file: "--listen" },
		fix: "listen on 127.0.0.1, or put a TLS proxy in front",
	});
}

interface Address {
	readonly host: string;
	readonly port: number;
}

function parseFlags(options: Flags) {
	const flags = readFlags(options);
	const listen = address(flags, "--listen", flags.text("listen") ?? "127.0.0.1:4318");
	const metrics = flags.text("metrics");
	const metricsAt = metrics === undefined ? undefined : address(flags, "--metrics", metrics);
	const upstream = readUpstream(flags, listen);
	const place = flags.text("place") ?? "tap";
	const host = flags.text("host") ?? "";
	for (const [flag, name] of [
		["--place", place],
		["--host", host],
	] as const) {
		if (couldBeToken(name) && !name.includes("."))
			flags.wrong(flag, { what: "the name looks like a token", expected: "a name", fix: "choose a short name" });
	}
	const headers = flags.all("authHeader").map((name) => name.toLowerCase());
	for (const name of headers) {
		if (!/^[!#$%&'*+\-.^_`|~0-9a-z]{1,100}$/.test(name) || couldBeToken(name))
			flags.wrong("--auth-header", {
				what: "not a valid header name",
				got: shown(name),
				fix: "give only the name, e.g. x-api-key",
			});
	}
	if (flags.problems.length > 0 || !upstream || !listen) throw new CrossfadeError("usage", flags.problems);
	return {
		listen,
		metricsAt,
		upstream,
		place,
		host,
		headers,
		evidence: flags.text("evidence"),
		caFile: flags.text("ca"),
		isJson: flags.isSet("json"),
	};
}

/** `host:port`, `[::1]:port`, or only a port, on loopback. */
function address(flags: FlagReader, flag: string, text: string): Address | undefined {
	const [, ipv6, name, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]:|([A-Za-z0-9.-]*):)?(\d{1,5})$/.exec(text) ?? [];
	const port = Number(digits);
	if (digits !== undefined && port <= 65535) return { host: ipv6 ?? (name || "127.0.0.1"), port };
	flags.wrong(flag, {
		what: "not an address to listen on",
		expected: "host:port, such as 127.0.0.1:4318",
		got: shown(text),
		fix: "give host and port; port 0 is any free port",
	});
	return undefined;
}

function readUpstream(flags: FlagReader, listen: Address | undefined): Upstream | undefined {
	const text = flags.text("to");
	if (text === undefined) {
		flags.wrong("--to", {
			what: "no upstream given",
			expected: "--to <url>",
			fix: "name the provider or gateway",
		});
		return undefined;
	}
	const problems = endpointProblems(text, "--to", "allowed");
	flags.problems.push(...problems);
	if (problems.length > 0) return undefined;
	const url = new URL(text);
	const isTls = url.protocol === "https:";
	const port = Number(url.port) || (isTls ? 443 : 80);
	const isHere = isLoopback(url.hostname);
	if (!isTls && !isHere && !flags.isSet("allowPlaintext")) {
		flags.wrong("--to", {
			what: "the tokens would cross the network in clear text",
			expected: "https, or http to this machine",
			got: "http to another machine",
			fix: "use https, or add --allow-plaintext on a network you trust",
		});
	}
	// By other names it leads back here, too; those are found when the first connection is.
	if (isThisMachine(url.hostname) && listen && listen.port === port) {
		flags.wrong("--to", {
			what: "the tap would forward to itself",
			expected: "another port than the one it listens on",
			got: `port ${port} twice`,
			fix: "listen on another port with --listen",
		});
	}
	return {
		isTls,
		hostname: url.hostname.replace(/^\[|\]$/g, ""),
		port,
		authority: url.host,
		basePath: url.pathname.replace(/\/+$/, ""),
	};
}
