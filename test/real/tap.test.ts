import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Pool } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";
import { signals } from "../../src/adapters/providers/provider.ts";
import type { TrafficCounter } from "../../src/prove/evidence/evidence.ts";
import { openStore } from "../../src/prove/evidence/store.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { certificateMaker } from "../harness/certificates.ts";
import { CLI, crossfadeProcess, scratch, startCrossfade } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { quietEffects } from "../harness/effects.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, otelcol, program, telemetrygen } from "../harness/parts.ts";
import { startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

async function startTap(to: string, cwd: string, ...args: string[]) {
	const cli = startCrossfade(["tap", "--to", to, "--listen", "127.0.0.1:0", "--evidence", "evidence", ...args], {
		cwd,
	});
	return { ...cli, url: await cli.find(/tap {7}(http:\S+) ->/) };
}

async function evidenceIn(cwd: string) {
	const { traffic, warnings } = await (await openStore(quietEffects(), join(cwd, "evidence"))).read();
	expect(warnings).toEqual([]);
	return traffic;
}

/** Sums by what a counter is about. */
function totals(rows: readonly TrafficRow[]): Record<string, { requests: number; records: number }> {
	const sums: Record<string, { requests: number; records: number }> = {};
	for (const { fingerprint: id, host, cli, signal, requests, records } of rows) {
		const key = `${id} ${host} ${cli} ${signal}`;
		const sum = sums[key] ?? { requests: 0, records: 0 };
		sums[key] = { requests: sum.requests + requests, records: sum.records + records };
	}
	return sums;
}

interface TrafficRow {
	readonly fingerprint: string;
	readonly host: string;
	readonly cli: string;
	readonly signal: TrafficCounter["signal"];
	readonly requests: number;
	readonly records: number;
}

test("1.3 million records of three tokens, in protobuf and JSON, packed and not: every total is what was sent and what arrived", async () => {
	const provider = await startProvider();
	const next = await provider.rotate();
	const stranger = canary().token;
	const cwd = scratch();
	const tap = await startTap(provider.url, cwd, "--metrics", "127.0.0.1:0");
	const pool = new Pool(tap.url, { connections: 8, pipelining: 1 });
	const sent: TrafficRow[] = [];
	const plans = [provider.token, next, stranger].flatMap((token) =>
		signals.flatMap((signal) =>
			(["protobuf", "json"] as const).flatMap((encoding) =>
				[false, true].map((isPacked) => ({ token, signal, encoding, isPacked })),
			),
		),
	);
	const work = plans.flatMap((plan) => Array.from({ length: 360 }, () => plan));
	const bodies = new Map(
		plans.map(({ signal, encoding, isPacked }) => {
			const body = otlpRequest(signal, 100, encoding);
			return [`${signal} ${encoding} ${isPacked}`, Buffer.from(isPacked ? gzipSync(body) : body)] as const;
		}),
	);
	const statuses = new Set<string>();
	const worker = async () => {
		for (let next = work.pop(); next; next = work.pop()) {
			const { token, signal, encoding, isPacked } = next;
			const response = await pool.request({
				method: "POST",
				path: `/v1/${signal}`,
				headers: {
					authorization: `Bearer ${token}`,
					"content-type": encoding === "json" ? "application/json" : "application/x-protobuf",
					...(isPacked ? { "content-encoding": "gzip" } : {}),
				},
				body: bodies.get(`${signal} ${encoding} ${isPacked}`) ?? "",
			});
			await response.body.dump();
			statuses.add(`${token === stranger ? "stranger" : "known"} ${response.statusCode}`);
			sent.push({ fingerprint: fingerprint(token), host: "tester", cli: "load", signal, requests: 1, records: 100 });
		}
	};
	await Promise.all(Array.from({ length: 8 }, worker));
	await pool.close();
	await tap.stop();
	expect([...statuses].sort()).toEqual(["known 200", "stranger 401"]);
	expect(sent.reduce((sum, { records }) => sum + records, 0)).toBe(1_296_000);
	expect(totals(await evidenceIn(cwd))).toEqual(totals(sent));
	const arrived = (await provider.status()).traffic;
	// What it refuses it does not count.
	for (const token of [provider.token, next]) {
		const id = fingerprint(token);
		const sum = arrived.filter((row) => row.fingerprint === id).reduce((all, { records }) => all + records, 0);
		expect(sum, id).toBe(432_000);
	}
});

/** Resident memory in MiB. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function residentMiB(pid: number): number {
	return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

test("memory stays flat: 1 GiB in requests of 64 MiB passes in less than 300 MiB", async () => {
	let arrived = 0;
	const sink = createServer((request, response) => {
		request.on("data", (chunk: Buffer) => {
			arrived += chunk.length;
		});
		request.on("end", () => response.end());
	});
	await new Promise<void>((done) => sink.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		sink.closeAllConnections();
		sink.close();
	});
	const { port } = sink.address() as { port: number };
	const child = spawn(process.execPath, [CLI, "tap", "--to", `http://127.0.0.1:${port}`, "--listen", "127.0.0.1:0"]);
	onTestFinished(() => {
		child.kill();
	});
	let said = "";
	child.stderr.on("data", (chunk) => {
		said += chunk;
	});
	const url = await waitFor("the tap", () => /tap {7}(http:\S+) ->/.exec(said)?.[1]);
	const body = Buffer.alloc(64 * 1024 * 1024, otlpRequest("logs", 100));
	const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${canary().token}` };
	let highest = 0;
	const timer = setInterval(() => {
		highest = Math.max(highest, residentMiB(child.pid ?? 0));
	}, 20);
	for (let sent = 0; sent < 16; sent++)
		expect((await fetch(`${url}/v1/logs`, { method: "POST", headers, body })).status).toBe(200);
	clearInterval(timer);
	expect(arrived).toBe(16 * body.length);
	expect(highest).toBeGreaterThan(20);
	expect(highest).toBeLessThan(300);
});

describe("real clients through the tap", () => {
	test("telemetrygen: as many as it says it sent", needs(telemetrygen), async () => {
		const provider = await startProvider();
		const cwd = scratch();
		const tap = await startTap(provider.url, cwd);
		const header = `authorization="Bearer ${provider.token}"`;
		const args = ["--otlp-http", "--otlp-insecure", "--otlp-endpoint", new URL(tap.url).host, "--otlp-header", header];
		execFileSync(telemetrygen.path, ["logs", ...args, "--logs", "2000", "--rate", "0", "--workers", "2"], {
			stdio: "pipe",
		});
		await tap.stop();
		const rows = await evidenceIn(cwd);
		expect(new Set(rows.map((row) => row.fingerprint))).toEqual(new Set([fingerprint(provider.token)]));
		expect(rows.reduce((sum, { records }) => sum + records, 0)).toBe(4000);
		expect(await provider.records()).toBe(4000);
	});

	test("a collector that sends through the tap, packed, and then with another token", needs(otelcol), async () => {
		const provider = await startProvider();
		const cwd = scratch({ "torii.token": provider.token });
		const tap = await startTap(provider.url, cwd);
		const generated = await crossfadeProcess([
			...["collector", "-d", "contrib", "--target-version", "0.155.0", "--endpoint", tap.url],
			...["--allow-plaintext", "--token-file", join(cwd, "torii.token")],
		]);
		const collector = await startCollector(cwd, generated.stdout);
		const post = async (records: number) => {
			const headers = { "content-type": "application/x-protobuf" };
			const body = Buffer.from(otlpRequest("logs", records));
			expect((await fetch(`${collector.url}/v1/logs`, { method: "POST", headers, body })).status).toBe(200);
		};
		await post(300);
		await waitFor("the first to arrive", async () => (await provider.records()) === 300);
		const next = await provider.rotate();
		execFileSync("sh", ["-c", `cat >new && mv new torii.token`], { cwd, input: next });
		await waitFor("the collector to use the new token", async () => {
			await post(1);
			return (await provider.records(next)) > 0;
		});
		await collector.stop();
		await tap.stop();
		const byToken = Object.fromEntries((await evidenceIn(cwd)).map((row) => [row.fingerprint, 0]));
		for (const row of await evidenceIn(cwd)) byToken[row.fingerprint] = (byToken[row.fingerprint] ?? 0) + row.records;
		expect(byToken).toEqual({
			[fingerprint(provider.token)]: await provider.records(provider.token),
			[fingerprint(next)]: await provider.records(next),
		});
	});

	test("over TLS, with a certificate that only --ca knows", needs(program("openssl")), async () => {
		const openssl = program("openssl");
		const make = certificateMaker(openssl);
		const authority = make({ isAuthority: true });
		const { certPath, keyPath } = make({ by: authority });
		const server = spawn(openssl.path, [
			"s_server",
			"-accept",
			"127.0.0.1:0",
			"-cert",
			certPath,
			"-key",
			keyPath,
			"-www",
		]);
		try {
			let said = "";
			server.stdout.on("data", (chunk) => {
				said += chunk;
			});
			const port = await waitFor("the server", () => /ACCEPT 127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
			const cwd = scratch();
			const answer = async (...args: string[]) => {
				const tap = await startTap(`https://127.0.0.1:${port}`, cwd, ...args);
				const response = await fetch(`${tap.url}/`, { headers: { connection: "close" } });
				await response.text();
				await tap.stop();
				return response.status;
			};
			expect(await answer("--ca", authority.certPath)).toBe(200);
			expect(await answer()).toBe(502);
		} finally {
			server.kill();
		}
	});
});

test("killed at any moment the tap loses seconds, and its file is whole", async () => {
	const provider = await startProvider();
	const cwd = scratch();
	const counted = async () => (await evidenceIn(cwd)).reduce((sum, { records }) => sum + records, 0);
	const send = (url: string) => {
		const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${provider.token}` };
		return fetch(`${url}/v1/logs`, { method: "POST", headers, body: Buffer.from(otlpRequest("logs", 5)) });
	};
	let before = 0;
	for (let round = 0; round < 3; round++) {
		const tap = await startTap(provider.url, cwd);
		await send(tap.url);
		await waitFor("the counters to reach the disk", async () => (await counted()) === before + 5);
		await send(tap.url);
		await tap.kill();
		const after = await counted();
		expect([before + 5, before + 10]).toContain(after);
		before = after;
	}
});
