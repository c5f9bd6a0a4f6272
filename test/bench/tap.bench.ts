import { spawn } from "node:child_process";
import { Worker } from "node:worker_threads";
import { onTestFinished, test } from "vitest";
import { CLI, scratch } from "../harness/cli.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { waitFor } from "../harness/wait.ts";
import { cpuSeconds, median, quietEnvironment, say } from "./measure.ts";

/** An upstream that reads requests and answers each with the same bytes, with next to no work of its own. */
const UPSTREAM = `
const answer = Buffer.from("HTTP/1.1 200 OK\\r\\nContent-Type: application/x-protobuf\\r\\nContent-Length: 0\\r\\n\\r\\n");
require("node:net").createServer({ noDelay: true }, (socket) => {
	let left = 0;
	socket.on("data", (chunk) => {
		for (let at = 0; at < chunk.length; ) {
			if (left === 0) {
				const end = chunk.indexOf("\\r\\n\\r\\n", at);
				left = Number(/content-length: (\\d+)/i.exec(chunk.latin1Slice(at, end))[1]);
				at = end + 4;
			}
			const taken = Math.min(left, chunk.length - at);
			left -= taken;
			at += taken;
			if (left === 0) socket.write(answer);
		}
	});
	socket.on("error", () => {});
}).listen(0, "127.0.0.1", function () { console.log("http://127.0.0.1:" + this.address().port); });`;

/** The least that forwards with Node's own HTTP on both sides. */
const BARE = `
const { createServer, request, Agent } = require("node:http");
const agent = new Agent({ keepAlive: true });
const to = new URL(process.argv[1]);
createServer((incoming, outgoing) => {
	const headers = { ...incoming.headers, host: to.host };
	incoming.pipe(request({ host: to.hostname, port: to.port, path: incoming.url, method: incoming.method, headers, agent }, (answer) => {
		outgoing.writeHead(answer.statusCode, answer.headers);
		answer.pipe(outgoing);
	}));
}).listen(0, "127.0.0.1", function () { console.log("http://127.0.0.1:" + this.address().port); });`;

/** Sends on keep-alive connections, one request at a time on each, as fast as it gets answers; says how long each took. */
const LOAD = `
const { parentPort, workerData: { port, request, connections, seconds } } = require("node:worker_threads");
const { connect } = require("node:net");
const bytes = Buffer.from(request);
const until = performance.now() + seconds * 1000;
const latencies = [];
let open = connections;
for (let each = 0; each < connections; each++) {
	const socket = connect({ port, host: "127.0.0.1", noDelay: true });
	let begin = 0;
	let text = "";
	const send = () => { begin = performance.now(); socket.write(bytes); };
	socket.on("connect", send);
	socket.on("data", (chunk) => {
		text += chunk.latin1Slice();
		const length = /\\r\\n\\r\\n/.test(text) ? Number(/content-length: (\\d+)/i.exec(text)?.[1] ?? 0) : -1;
		if (length < 0) return;
		latencies.push(performance.now() - begin);
		text = "";
		if (performance.now() < until) return send();
		socket.end();
		if (--open === 0) parentPort.postMessage(latencies);
	});
}`;

const SECONDS = 2;
const ROUNDS = 3;

test("the tap against Node's own HTTP on both sides, and against no proxy at all", async () => {
	const upstream = await start(["-e", UPSTREAM]);
	const bare = await start(["-e", BARE, upstream.url]);
	const plain = ["tap", "--to", upstream.url, "--listen", "127.0.0.1:0"];
	const tap = await start([CLI, ...plain, "--evidence", scratch(), "--metrics", "127.0.0.1:0"]);
	const servers = { tap, bare, none: upstream };
	for (const [name, body, records] of [
		["batch 1, protobuf", otlpRequest("logs", 1), 1],
		["batch 100, protobuf", otlpRequest("logs", 100), 100],
		["batch 100, JSON", otlpRequest("logs", 100, "json"), 100],
	] as const) {
		const type = name.includes("JSON") ? "application/json" : "application/x-protobuf";
		const results = await compare(servers, request(type, body));
		const line = (server: keyof typeof servers) => {
			const { rate, p50, p99 } = results[server];
			const cpu = `${rate.toFixed(0)} requests, ${((rate * records) / 1e6).toFixed(3)} M records a CPU second`;
			return `${server} ${cpu}, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
		};
		say(`${name}, ${body.length} bytes: ${line("tap")}; ${line("bare")}; ${line("none")}`);
		say(`${name}: tap/bare ${(results.tap.rate / results.bare.rate).toFixed(2)}`);
	}
});

function request(type: string, body: Uint8Array): Buffer {
	const head = `POST /v1/logs HTTP/1.1\r\nHost: localhost:4318\r\nUser-Agent: OTel-OTLP-Exporter/1.0\r\nAuthorization: Bearer ${"t0ken-".repeat(8)}\r\nContent-Type: ${type}\r\nAccept-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
	return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

interface Measured {
	/** Requests a CPU second. */
	readonly rate: number;
	/** Milliseconds, as the client sees it with one connection. */
	readonly p50: number;
	readonly p99: number;
}

async function compare<K extends string>(
	servers: Record<K, { url: string; pid: number }>,
	bytes: Buffer,
): Promise<Record<K, Measured>> {
	const names = Object.keys(servers) as K[];
	const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
	const latencies = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
	for (let round = 0; round <= ROUNDS; round++) {
		for (const name of names) {
			const { url, pid } = servers[name];
			const before = cpuSeconds(pid);
			const done = (await drive(url, bytes, 8)).length;
			const rate = done / (cpuSeconds(pid) - before);
			const alone = await drive(url, bytes, 1, 1);
			if (round === 0) continue;
			rates[name].push(rate);
			latencies[name].push(...alone);
		}
	}
	const quantile = (values: number[], share: number) =>
		values.sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
	return Object.fromEntries(
		names.map((name) => [
			name,
			{ rate: median(rates[name]), p50: quantile(latencies[name], 0.5), p99: quantile(latencies[name], 0.99) },
		]),
	) as Record<K, Measured>;
}

async function start(args: readonly string[]): Promise<{ url: string; pid: number }> {
	const child = spawn(process.execPath, args, { env: quietEnvironment });
	onTestFinished(() => {
		child.kill();
	});
	let said = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (chunk) => {
			said += chunk;
		});
	}
	const url = await waitFor("the server", () => /(?:^|tap {7})(http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1]);
	return { url, pid: child.pid ?? 0 };
}

function drive(url: string, bytes: Buffer, connections: number, seconds = SECONDS): Promise<number[]> {
	const workerData = { port: Number(new URL(url).port), request: bytes, connections, seconds };
	const worker = new Worker(LOAD, { eval: true, workerData });
	return new Promise((done, fail) => {
		worker.on("message", done);
		worker.on("error", fail);
	});
}
