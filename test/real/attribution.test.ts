import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { platforms } from "../../src/adapters/collectors/distribution.ts";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import type { Signal } from "../../src/adapters/providers/provider.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import { parseExposition, type Sample } from "../../src/prove/metrics/exposition.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { planFor } from "../contracts/collector.ts";
import { type Canary, canary, filesBelow, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { type RunningCollector, startCollector } from "../harness/collector.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { type RunningProvider, startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

/** The release our own collector is built from: its names of components are those of that time. */
const RELEASE = "0.155.0";
const SIGNALS: readonly Signal[] = ["logs", "metrics", "traces"];
const REQUESTS = 40;

interface LoadSender {
	readonly token: string | undefined;
	readonly host: string;
	readonly cli: string;
	readonly version: string;
	/** Records in each of its requests. */
	readonly records: number;
}

async function gateway(provider: RunningProvider, id: string, flags: Flags): Promise<string> {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(id);
	const tokenFile = join(scratch({ token: provider.token }), "token");
	const base = { endpoint: provider.url, tokenFile, platform: "systemd", signals: "logs,metrics,traces" };
	return renderConfig(planFor(distribution, { ...base, targetVersion: RELEASE, ...flags }));
}

async function send(url: string, { token, records, ...sender }: LoadSender, signal: Signal): Promise<number> {
	const resource = { "host.name": sender.host, "service.name": sender.cli, "service.version": sender.version };
	const response = await fetch(`${url}/v1/${signal}`, {
		method: "POST",
		headers: {
			"content-type": "application/x-protobuf",
			...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
		},
		body: Buffer.from(otlpRequest(signal, records, "protobuf", resource)),
	});
	await response.arrayBuffer();
	return response.status;
}

/** A request with an Authorization header for each token, which `fetch` would join. */
function sendTwice(url: string, tokens: readonly Canary[], body: Buffer): Promise<number> {
	const each = tokens.flatMap(({ token }) => ["authorization", `Bearer ${token}`]);
	const headers = [
		"host",
		new URL(url).host,
		...each,
		"content-type",
		"application/x-protobuf",
		"content-length",
		String(body.length),
	];
	return new Promise((done, fail) => {
		request(`${url}/v1/logs`, { method: "POST", headers }, (answer) => {
			answer.resume().on("end", () => done(answer.statusCode ?? 0));
		})
			.on("error", fail)
			.end(body);
	});
}

/** A backend that takes everything and keeps it: headers and unpacked body, as text. */
async function recordingBackend(): Promise<{ url: string; requests: string[] }> {
	const requests: string[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\n`);
			requests.push(headers.join("") + gunzipSync(Buffer.concat(chunks)).toString("latin1"));
			response.end();
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** What a page says, as `series: value`, for the samples that `name` gives a name. */
async function counted(
	url: string,
	name: (sample: Sample) => string | undefined,
): Promise<Readonly<Record<string, number>>> {
	const { samples, badLines } = parseExposition(await (await fetch(url)).text());
	expect(badLines).toBe(0);
	const found: Record<string, number> = {};
	for (const sample of samples) {
		const key = name(sample);
		if (key !== undefined) found[key] = (found[key] ?? 0) + sample.value;
	}
	return found;
}

const UNITS: Readonly<Record<string, Signal>> = { log_records: "logs", metric_points: "metrics", spans: "traces" };

function bySender({ name, labels }: Sample): string | undefined {
	const signal = UNITS[/^crossfade_gateway_(\w+?)(?:_total)?$/.exec(name)?.[1] ?? ""];
	const { crossfade_fingerprint, host_name, service_name, service_version } = labels;
	return signal && [signal, crossfade_fingerprint, host_name, service_name, service_version].join(" ");
}

function byToken({ name, labels }: Sample): string | undefined {
	const id = /crossfade-fp-(\w+)$/.exec(labels["processor"] ?? labels["receiver"] ?? "")?.[1];
	if (id === undefined) return undefined;
	if (/^otelcol_processor_incoming_items(_total)?$/.test(name)) return `${labels["otel_signal"]} ${id}`;
	const unit = /^otelcol_receiver_accepted_(log_records|metric_points|spans)(_total)?$/.exec(name)?.[1];
	return unit && `${UNITS[unit]} ${id}`;
}

function times(totals: Readonly<Record<string, number>>, factor: number): Readonly<Record<string, number>> {
	return Object.fromEntries(Object.entries(totals).map(([key, value]) => [key, value * factor]));
}

/** What one request of each sender for each signal adds up to. */
function expected(senders: readonly LoadSender[], name: (sender: LoadSender, signal: Signal) => string) {
	const totals: Record<string, number> = {};
	for (const signal of SIGNALS) {
		for (const sender of senders) {
			const key = name(sender, signal);
			totals[key] = (totals[key] ?? 0) + sender.records;
		}
	}
	return totals;
}

function idOf(token: string | undefined): string {
	return token === undefined ? "none" : fingerprint(token);
}

/** Two tokens on several hosts and CLIs at once, one that nobody knows, and none. */
function fleet(tokens: readonly Canary[]): LoadSender[] {
	const [old, next, unknown] = tokens.map(({ token }) => token);
	return [
		{ token: old, host: "mac-1", cli: "claude-code", version: "2.0.1", records: 1 },
		{ token: old, host: "mac-2", cli: "claude-code", version: "2.0.1", records: 10 },
		{ token: old, host: "mac-2", cli: "codex_cli_rs", version: "0.99.0", records: 7 },
		{ token: next, host: "mac-1", cli: "claude-code", version: "2.0.1", records: 3 },
		{ token: next, host: 'a "host"\\ with\nmarks', cli: "gemini-cli", version: "0.9.0", records: 50 },
		{ token: unknown, host: "mac-9", cli: "claude-code", version: "2.0.1", records: 2 },
		{ token: undefined, host: "mac-8", cli: "curl", version: "8", records: 5 },
	];
}

/** Has all senders send at once, in turns, checks the totals on the way and at the end. */
async function provenExact(
	collector: RunningCollector,
	senders: readonly LoadSender[],
	url: string,
	name: (sample: Sample) => string | undefined,
	totals: Readonly<Record<string, number>>,
	urlOf: (sender: LoadSender) => string = () => collector.url,
): Promise<void> {
	for (const rounds of [REQUESTS / 4, REQUESTS]) {
		const from = rounds === REQUESTS ? REQUESTS / 4 : 0;
		const all = senders.flatMap((sender) => SIGNALS.map((signal) => [sender, signal] as const));
		await Promise.all(
			all.map(async ([sender, signal]) => {
				for (let round = from; round < rounds; round++) expect(await send(urlOf(sender), sender, signal)).toBe(200);
			}),
		);
		const wanted = times(totals, rounds);
		// Never more than was sent, and all of it in the end.
		await waitFor(`the totals of ${rounds} rounds`, async () => {
			const seen = await counted(url, name);
			for (const [key, value] of Object.entries(seen)) expect(value, key).toBeLessThanOrEqual(wanted[key] ?? 0);
			return JSON.stringify(sorted(seen)) === JSON.stringify(sorted(wanted));
		});
	}
}

function sorted(totals: Readonly<Record<string, number>>): [string, number][] {
	return Object.entries(totals)
		.filter(([, value]) => value > 0)
		.sort(([a], [b]) => (a < b ? -1 : 1));
}

function show(name: string, page: string, pattern: RegExp): void {
	const lines = page.split("\n").filter((line) => pattern.test(line));
	process.stdout.write(`attribution: ${name}:\n${lines.slice(0, 4).join("\n")}\n`);
}

async function pageOf(url: string): Promise<string> {
	return (await fetch(url)).text();
}

function printed(collector: RunningCollector): string {
	const { status, stdout, stderr } = spawnSync(otelcol.path, ["print-config", `--config=${collector.configPath}`], {
		encoding: "utf8",
	});
	expect({ status, stderr }).toMatchObject({ status: 0 });
	return stdout + stderr;
}

describe("a real gateway counts who sends with which token", needs(otelcol), () => {
	test.each([{}, { stripFingerprint: true }])("by sender, %o: token, host, CLI and signal, exact", async (more) => {
		const provider = await startProvider();
		const tokens = [canary(), canary(), canary()];
		const senders = fleet(tokens);
		const queue = scratch();
		const config = await gateway(provider, "contrib", { attribute: true, queue: "persistent", ...more });
		const collector = await startCollector(scratch(), config.replace(/directory: .*/, `directory: ${queue}/q`));
		const totals = expected(senders, ({ token, host, cli, version }, signal) =>
			[signal, idOf(token), host, cli, version].join(" "),
		);
		await provenExact(collector, senders, collector.pageUrl, bySender, totals);
		const sent = Object.values(totals).reduce((sum, value) => sum + value, 0) * REQUESTS;
		await waitFor("everything to arrive", async () => (await provider.records()) === sent);
		const { traffic } = await provider.status();
		expect(new Set(traffic.map((each) => each.fingerprint))).toEqual(new Set([fingerprint(provider.token)]));
		const page = await pageOf(collector.pageUrl);
		show("senders", page, /^crossfade_gateway/);
		expect(Object.keys(filesBelow(queue)).length).toBeGreaterThan(0);
		const places = { log: collector.log(), page, metrics: await pageOf(collector.metricsUrl), ...filesBelow(queue) };
		expect(leaks(tokens, { ...places, printed: printed(collector) })).toEqual([]);
		expect(collector.log()).not.toMatch(/\t(warn|error)\t/);
	});

	test("by token, among known ones: exact for each and for all others", async () => {
		const provider = await startProvider();
		const tokens = [canary(), canary(), canary()];
		const senders = fleet(tokens);
		const known = tokens.slice(0, 2).map((each) => each.fingerprint);
		const queue = scratch();
		const flags = { attribute: true, token: known.map((id, index) => `t${index}=fp:${id}`), queue: "persistent" };
		const config = await gateway(provider, "splunk", flags);
		const collector = await startCollector(scratch(), config.replace(/directory: .*/, `directory: ${queue}/q`));
		const totals = expected(senders, ({ token }, signal) => {
			const id = idOf(token);
			return `${signal} ${known.includes(id) ? id : "other"}`;
		});
		await provenExact(collector, senders, collector.metricsUrl, byToken, totals);
		const sent = Object.values(totals).reduce((sum, value) => sum + value, 0) * REQUESTS;
		await waitFor("everything to arrive", async () => (await provider.records()) === sent);
		const page = await pageOf(collector.metricsUrl);
		show("tokens", page, /^otelcol_processor_incoming_items.*crossfade-fp/);
		expect(Object.keys(filesBelow(queue)).length).toBeGreaterThan(0);
		const places = { log: collector.log(), page, ...filesBelow(queue), printed: printed(collector) };
		expect(leaks(tokens, places)).toEqual([]);
		expect(collector.log()).not.toMatch(/\t(warn|error)\t/);
	});

	test("by port: exact for each token, and no other is let in", async () => {
		const provider = await startProvider();
		const tokens = [canary(), canary(), canary()];
		const known = tokens.slice(0, 2);
		const files = known.map(({ token, fingerprint: id }) => [`torii-accepted-${id}.token`, token]);
		const folder = scratch({ token: provider.token, ...Object.fromEntries(files) });
		const flags = { attribute: "ports", token: known.map((each, index) => `t${index}=fp:${each.fingerprint}`) };
		const config = await gateway(provider, "contrib", { ...flags, tokenFile: join(folder, "token") });
		const collector = await startCollector(scratch(), config);
		const urlOf = ({ token }: LoadSender) => collector.urls[known.findIndex((each) => each.token === token)] ?? "";
		const senders = fleet(tokens).filter((sender) => urlOf(sender) !== "");
		const totals = expected(senders, ({ token }, signal) => `${signal} ${idOf(token)}`);
		await provenExact(collector, senders, collector.metricsUrl, byToken, totals, urlOf);
		for (const [index, url] of collector.urls.entries()) {
			for (const token of [undefined, tokens[2]?.token, known[1 - index]?.token]) {
				const stranger = { token, host: "mac-1", cli: "curl", version: "8", records: 1 };
				expect(await send(url, stranger, "logs")).toBe(401);
			}
		}
		expect(sorted(await counted(collector.metricsUrl, byToken))).toEqual(sorted(times(totals, REQUESTS)));
		const page = await pageOf(collector.metricsUrl);
		show("ports", page, /^otelcol_receiver_accepted.*crossfade-fp/);
		expect(leaks(tokens, { log: collector.log(), page, printed: printed(collector) })).toEqual([]);
	});

	test.each([
		["senders", {}, true],
		["senders", { stripFingerprint: true }, false],
		["tokens", {}, false],
	])("%s %o: the backend sees the gateway's token alone; the fingerprint: %s", async (attribute, more, isSentOn) => {
		const mine = canary();
		const backend = await recordingBackend();
		const tokenFile = join(scratch({ token: "the-token-of-the-gateway" }), "token");
		const token = attribute === "tokens" ? [`old=fp:${mine.fingerprint}`] : [];
		const provider = { url: backend.url, token: "" } as RunningProvider;
		const config = await gateway(provider, "contrib", { attribute, tokenFile, token, ...more });
		const collector = await startCollector(scratch(), config);
		const sender = { token: mine.token, host: "mac-1", cli: "claude-code", version: "2.0.1", records: 3 };
		for (const signal of SIGNALS) expect(await send(collector.url, sender, signal)).toBe(200);
		await waitFor("all signals", () => backend.requests.length === SIGNALS.length);
		const whole = backend.requests.join("\n");
		expect(whole).toContain("authorization: Bearer the-token-of-the-gateway");
		expect(whole).toContain("mac-1");
		expect(leaks([mine], { whole })).toEqual([]);
		expect(whole.includes(mine.fingerprint)).toBe(isSentOn);
		expect(whole.includes("crossfade.fingerprint")).toBe(isSentOn);
	});

	test.each([
		["senders", ["logs several mac-1 curl 8", "logs several mac-1 curl 8"]],
		["tokens", ["logs other", "logs other"]],
	])("%s: a request with both tokens counts for neither, whichever comes first", async (attribute, counts) => {
		const provider = await startProvider();
		const [first, second] = [canary(), canary()];
		const token = attribute === "tokens" ? [`old=fp:${first.fingerprint}`, `new=fp:${second.fingerprint}`] : [];
		const collector = await startCollector(scratch(), await gateway(provider, "contrib", { attribute, token }));
		const [page, name] = attribute === "tokens" ? [collector.metricsUrl, byToken] : [collector.pageUrl, bySender];
		const resource = { "host.name": "mac-1", "service.name": "curl", "service.version": "8" };
		const body = Buffer.from(otlpRequest("logs", 1, "protobuf", resource));
		let sent = 0;
		for (const [at, tokens] of [
			[first, second],
			[second, first],
		].entries()) {
			expect(await sendTwice(collector.url, tokens, body)).toBe(200);
			sent++;
			await waitFor("the count", async () => (await counted(page, name))[counts[at] ?? ""] === sent);
			expect(sorted(await counted(page, name))).toEqual([[counts[at], sent]]);
		}
		expect(collector.log()).not.toMatch(/\t(warn|error)\t/);
	});

	test("a client cannot pass for another by naming a fingerprint itself, and a missing host is a row of its own", async () => {
		const provider = await startProvider();
		const collector = await startCollector(scratch(), await gateway(provider, "contrib", { attribute: "senders" }));
		const forged = { "crossfade.fingerprint": "0123456789ab", "service.name": "liar" };
		const body = Buffer.from(otlpRequest("logs", 3, "protobuf", forged));
		const headers = { "content-type": "application/x-protobuf" };
		await fetch(`${collector.url}/v1/logs`, { method: "POST", headers, body });
		await waitFor("the count", async () => Object.keys(await counted(collector.pageUrl, bySender)).length > 0);
		expect(await counted(collector.pageUrl, bySender)).toEqual({ "logs none  liar ": 3 });
	});
});

/** Every way on every platform, where the distribution has it. */
async function configs(id: string): Promise<{ flags: Flags; text: string }[]> {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(id);
	const token = ["old=fp:0123456789ab", "new=fp:abcdefabcdef"];
	const ways: Flags[] = [
		{ attribute: "senders" },
		{ attribute: "senders", stripFingerprint: true, queue: "persistent" },
		{ attribute: "tokens", token },
		{ attribute: "ports", token },
	];
	return platforms
		.filter((platform) => distribution.hosts[platform])
		.flatMap((platform) =>
			ways.flatMap((way) => {
				const flags = { ...way, platform };
				try {
					return [{ flags, text: renderConfig(planFor(distribution, flags)) }];
				} catch {
					return [];
				}
			}),
		);
}

describe("the real otelcol validates every gateway we generate", needs(otelcol), () => {
	test.each(distributionIds.filter((id) => id !== "alloy" && id !== "adot"))("%s", async (id) => {
		const listing = execFileSync(otelcol.path, ["components"], { encoding: "utf8" });
		const folder = scratch({ "torii.token": canary().token });
		const all = await configs(id);
		expect(all.length).toBeGreaterThan(0);
		for (const { flags, text } of all) {
			// Its newest names are younger than our collector; a Windows path and a vendor's exporter mean nothing to it.
			const parsed = parse(text.replaceAll("delta_to_cumulative", "deltatocumulative"));
			if (id === "ddot") {
				delete parsed.exporters.datadog;
				parsed.exporters["debug/datadog"] = {};
			}
			const config = stringify(parsed)
				.replaceAll("- datadog", "- debug/datadog")
				.replaceAll("C:\\ProgramData\\crossfade\\", `${folder}/`)
				.replaceAll("/etc/crossfade/torii.token", `${folder}/torii.token`);
			expect(listing).toContain("name: deltatocumulative");
			const path = join(folder, "config.yaml");
			writeFileSync(path, config);
			const { status, stderr } = spawnSync(otelcol.path, ["validate", `--config=${path}`], {
				encoding: "utf8",
				env: { NODE_IP: "127.0.0.1", DD_API_KEY: "k", DD_SITE: "s" },
			});
			expect({ status, stderr }, `${id} ${JSON.stringify(flags)}\n${config}`).toMatchObject({ status: 0 });
		}
	});
});
