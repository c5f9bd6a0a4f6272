import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseExposition } from "../../src/prove/metrics/exposition.ts";
import type { OverlapView } from "../../src/prove/overlap/view.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, type RunningCli, scratch, startCrossfade } from "../harness/cli.ts";
import { freePorts, onFreePorts, runCollector } from "../harness/collector.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { ask, prometheus, push, startPrometheus } from "../harness/prometheus.ts";
import { startProvider } from "../harness/provider.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { pause, waitFor } from "../harness/wait.ts";

/** What must be proven before the old token may be retired, point by point, through real programs; by made-up evidence in test/commands/obligations.test.ts. */

const [OLD, NEW] = [canary(), canary()];
const tokens = ["--token", `old=fp:${OLD.fingerprint}`, "--token", `new=fp:${NEW.fingerprint}`];
const OF_MAC_1 = { "host.name": "mac-1", "service.name": "codex_cli_rs", "service.version": "1.0" };

/** What a report says of an evidence folder, and of more places. */
async function look(
	cwd: string,
	...args: string[]
): Promise<OverlapView["judgement"] & { readonly code: number | null }> {
	const run = ["report", "--json", "--require-migrated", ...tokens, ...args];
	const { code, stdout } = await crossfadeProcess(run, { cwd, canaries: [OLD, NEW] });
	return { ...(JSON.parse(stdout) as OverlapView).judgement, code };
}

async function startTap(
	to: string,
	cwd: string,
	...more: string[]
): Promise<{ process: RunningCli; url: string; stop(): Promise<unknown> }> {
	const args = ["tap", "--to", to, "--listen", "127.0.0.1:0", "--evidence", "crossfade-evidence", ...more];
	const process = startCrossfade(args, { cwd, canaries: [OLD, NEW] });
	return { process, url: await process.find(/tap +(http:\S+) ->/), stop: () => process.stop() };
}

interface Sent {
	readonly method?: string;
	readonly path?: string;
	readonly headers?: readonly string[];
	readonly records?: number;
}

/** One request, with its headers just as they are given. */
function send(url: string, { method = "POST", path = "/v1/logs", headers = [], records = 3 }: Sent): Promise<number> {
	const body = otlpRequest("logs", records, "protobuf", OF_MAC_1);
	const plain = [
		"Host",
		new URL(url).host,
		"Content-Type",
		"application/x-protobuf",
		"Content-Length",
		`${body.length}`,
	];
	return new Promise((done, fail) => {
		const asked = request(url + path, { method, headers: [...plain, ...headers] as never, agent: false }, (answer) => {
			answer.resume();
			answer.on("end", () => done(answer.statusCode ?? 0));
		});
		asked.on("error", fail);
		asked.end(body);
	});
}

const bearer = (token: string) => ["Authorization", `Bearer ${token}`];

const pointsOf = (judgement: OverlapView["judgement"], id: string) =>
	judgement.obligations.filter((point) => point.id === id);

describe("1. watched:", () => {
	test("a tap that ended cleanly and starts again goes on; one that was killed watches from its own start", async () => {
		const provider = await startProvider();
		const cwd = scratch();
		const since = async () => {
			const tap = await startTap(provider.url, cwd);
			await send(tap.url, { headers: bearer(provider.token) });
			return tap;
		};
		const watched = async () =>
			JSON.parse((await crossfadeProcess(["report", "--json", ...tokens], { cwd })).stdout).series[0].since as number;
		await (await since()).stop();
		const first = await watched();
		const second = await since();
		await second.stop();
		expect(await watched()).toBe(first);
		const third = await since();
		await third.process.kill();
		const killed = Date.now();
		await (await since()).stop();
		expect(await watched()).toBeGreaterThanOrEqual(killed);
	});

	test(
		"a target that left Prometheus' discovery is no silence, and a page that nobody can read hides nothing that Prometheus knows",
		needs(prometheus),
		async () => {
			const provider = await startProvider();
			const [metrics = 0] = await freePorts(1);
			const tap = startCrossfade([
				"tap",
				"--to",
				provider.url,
				"--listen",
				"127.0.0.1:0",
				"--metrics",
				`127.0.0.1:${metrics}`,
			]);
			const url = await tap.find(/tap +(http:\S+) ->/);
			const found = join(scratch(), "targets.json");
			const discover = (targets: readonly string[]) => writeFileSync(found, JSON.stringify([{ targets }]));
			discover([`127.0.0.1:${metrics}`]);
			const server = await startPrometheus({ tap: { file: found } });
			await waitFor(
				"the tap to be scraped for a while",
				async () => (await ask(server, "count_over_time(up[1m])")) >= 12,
			);
			const cwd = scratch();
			await look(cwd, "--prometheus", server);
			await send(url, { headers: bearer(OLD.token) });
			await waitFor(
				"the request to be scraped",
				async () => (await ask(server, "sum(crossfade_tap_records_total)")) === 3,
			);
			const hidden = await look(cwd, "--prometheus", server, "--gateway", "eu=http://127.0.0.1:1/metrics");
			expect(hidden).toMatchObject({ code: 5, tokens: [{ role: "old", records: 3 }, {}] });
			expect(pointsOf(hidden, "watched")).toContainEqual(
				expect.objectContaining({ state: "unknown", witness: expect.stringContaining("could never be read") }),
			);
			discover([]);
			await waitFor("Prometheus to drop the target", async () => (await ask(server, "count(up)")) === 0);
			// Its last sample counts for the longest time between two of them.
			const gone = await waitFor("its silence to be none", async () => {
				await pause(2_000);
				const now = await look(cwd, "--prometheus", server);
				return pointsOf(now, "watched").some(({ state }) => state === "proven") ? undefined : now;
			});
			expect(pointsOf(gone, "watched")).toMatchObject([
				{ state: "unknown", witness: expect.stringMatching(/last (watched|read)/) },
			]);
		},
	);

	test("series that were pushed and are no more are no silence", needs(prometheus), async () => {
		const provider = await startProvider();
		const args = ["tap", "--to", provider.url, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
		const tap = startCrossfade(args);
		const [url, page] = [await tap.find(/tap +(http:\S+) ->/), await tap.find(/metrics +(http:\S+)/)];
		const server = await startPrometheus({});
		const cwd = scratch();
		const pushed = async () => {
			const { samples } = parseExposition(await (await fetch(page)).text());
			const of = { job: "agent", instance: "tap-1" };
			await push(
				server,
				samples.map(({ name, labels, value }) => ({ labels: { ...labels, ...of, __name__: name }, value })),
			);
			await pause(1_000);
		};
		// Nothing shows a place that has no series yet: of what came before its first sample nobody knows when.
		await send(url, { headers: bearer(OLD.token) });
		for (let sample = 0; sample < 12; sample++) await pushed();
		await look(cwd, "--prometheus", server);
		await send(url, { headers: bearer(OLD.token) });
		await waitFor("the request to be pushed", async () => {
			await pushed();
			return (await ask(server, "sum(crossfade_tap_records_total)")) === 6;
		});
		const known = await look(cwd, "--prometheus", server);
		expect(known).toMatchObject({ code: 5, tokens: [{ role: "old", records: 3 }, {}] });
		expect(pointsOf(known, "watched")).toMatchObject([{ about: expect.stringContaining("tap-1"), state: "proven" }]);
		const gone = await waitFor("its silence to be none", async () => {
			await pause(2_000);
			const now = await look(cwd, "--prometheus", server);
			return pointsOf(now, "watched").some(({ state }) => state === "proven") ? undefined : now;
		});
		expect(pointsOf(gone, "watched")).toMatchObject([
			{ state: "unknown", witness: expect.stringMatching(/last (watched|read)/) },
		]);
	});
});

describe("2. complete: a tap sees the old token in whatever it forwards", () => {
	const key = OLD.token;
	const forms: readonly (readonly [string, Sent])[] = [
		["another method and path", { method: "PUT", path: "/any/where", headers: bearer(key) }],
		["profiles", { path: "/v1development/profiles", headers: bearer(key) }],
		["x-api-key", { headers: ["X-Api-Key", key] }],
		["Api-Key key=", { headers: ["Authorization", `Api-Key key=${key}`] }],
		["the query", { path: `/v1/logs?key=${key}` }],
		["the path", { path: `/${key}/v1/logs` }],
		["the second of two headers of one name", { headers: [...bearer(NEW.token), ...bearer(key)] }],
		["the first of them", { headers: [...bearer(key), ...bearer(NEW.token)] }],
		["a header of no known name, in a sentence", { headers: [...bearer(NEW.token), "X-Note", `was ${key} before`] }],
	];
	test.each(forms)("%s", async (_, form) => {
		const upstream = await rawServer((socket) => socket.end(httpText("200 OK")));
		const cwd = scratch();
		const tap = await startTap(upstream.url, cwd, ...tokens);
		expect(await send(tap.url, form)).toBe(200);
		await tap.stop();
		const said = await look(cwd);
		expect(said.code).toBe(5);
		expect(said.tokens.find(({ role }) => role === "old")).toMatchObject({ requests: 1 });
	});
});

describe("3. seen:", () => {
	test("1,000 made-up credentials that are taken hide no old token that comes after them", async () => {
		const upstream = await rawServer((socket) => socket.end(httpText("200 OK")));
		const cwd = scratch();
		const tap = await startTap(upstream.url, cwd, ...tokens);
		for (let index = 0; index < 1_010; index++) await send(tap.url, { headers: bearer(canary().token), records: 1 });
		await send(tap.url, { headers: bearer(OLD.token) });
		await tap.stop();
		const said = await look(cwd);
		expect(said.code).toBe(5);
		expect(said.tokens.find(({ role }) => role === "old")).toMatchObject({ requests: 1, records: 3 });
		expect(pointsOf(said, "whole").filter(({ state }) => state === "proven")).toEqual([]);
	}, 300_000);
});

describe("5. accepted: with the new token, after the old one, an answer that is", () => {
	const rejected = httpText("200 OK", { "content-type": "application/x-protobuf" }, "\n\u0002\b\u0003");
	const answers: readonly (readonly [string, string, number, boolean])[] = [
		["200", httpText("200 OK", { "content-type": "application/x-protobuf" }), 3, true],
		["401", httpText("401 Unauthorized"), 3, false],
		["502", httpText("502 Bad Gateway"), 3, false],
		["200 with all records rejected", rejected, 3, false],
		["200 to a request without records", httpText("200 OK", { "content-type": "application/x-protobuf" }), 0, false],
	];
	test.each(answers)("%s", async (_, answer, records, isTaken) => {
		const upstream = await rawServer((socket, first) =>
			socket.end(first.includes(OLD.token) ? httpText("200 OK", { "content-type": "application/x-protobuf" }) : answer),
		);
		const cwd = scratch();
		const tap = await startTap(upstream.url, cwd);
		await send(tap.url, { headers: bearer(OLD.token) });
		await send(tap.url, { headers: bearer(NEW.token), records });
		await tap.stop();
		const said = await look(cwd);
		expect(said.code).not.toBe(0);
		const isNew = said.senders.some(
			({ host, verdict }) => host === "mac-1" && /^(NEW SEEN|MIXED|MIGRATED)$/.test(verdict),
		);
		expect(isNew).toBe(isTaken);
	});
});

describe("a real collector that counts by token", needs(otelcol), () => {
	test("2, 3 and 6: what its receiver took is counted, the old token was, and what its own exporter sends with is unknown", async () => {
		const provider = await startProvider();
		const cwd = scratch({ "own.token": provider.token });
		const flags = ["-d", "contrib", "--attribute", "--target-version", "0.155.0", "--platform", "systemd"];
		const args = ["collector", ...flags, "--endpoint", provider.url, "--token-file", join(cwd, "own.token")];
		const collector = await runCollector(scratch(), await onFreePorts((await crossfadeProcess(args, { cwd })).stdout));
		const gateway = [collector.pageUrl, collector.metricsUrl].flatMap((url) => ["--gateway", `gw=${url}`]);
		await look(cwd, ...gateway);
		for (const { token } of [OLD, NEW]) {
			expect(await send(collector.url, { headers: bearer(token), records: 6 })).toBe(200);
		}
		const said = await waitFor("all of it to be counted", async () => {
			const now = await look(cwd, ...gateway);
			return now.tokens[0]?.records === 6 && now.tokens[1]?.records === 6 ? now : undefined;
		});
		expect(pointsOf(said, "complete")).toMatchObject([
			{ state: "proven", witness: "everything it received was counted by token" },
		]);
		expect(pointsOf(said, "seen")).toMatchObject([{ state: "proven", witness: "the old token was counted here" }]);
		expect(pointsOf(said, "gateways")).toMatchObject([
			{ state: "unknown", witness: expect.stringContaining("is unknown") },
		]);
	});
});

test("10. whole: evidence that was copied over from another folder is told apart", async () => {
	const provider = await startProvider();
	const [mine, other] = [scratch(), scratch()];
	for (const cwd of [mine, other]) {
		const tap = await startTap(provider.url, cwd);
		await send(tap.url, { headers: bearer(provider.token) });
		await tap.stop();
	}
	const [from = "", to = ""] = [other, mine].map((cwd) => {
		const folder = join(cwd, "crossfade-evidence");
		return join(folder, readdirSync(folder).find((name) => name.startsWith("traffic-")) ?? "");
	});
	copyFileSync(from, to);
	expect(pointsOf(await look(mine), "whole")).toMatchObject([
		{ state: "unknown", witness: expect.stringContaining("written in another folder") },
	]);
});
