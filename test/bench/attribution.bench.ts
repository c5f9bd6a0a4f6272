import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { onTestFinished, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { planFor } from "../contracts/collector.ts";
import { scratch } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { waitFor } from "../harness/wait.ts";
import { median, say } from "./measure.ts";

/** A backend that reads requests and answers each with the same bytes, with next to no work of its own. */
const UPSTREAM = `
const answer = Buffer.from("HTTP/1.1 200 OK\\r\\nContent-Type: application/x-protobuf\\r\\nContent-Length: 0\\r\\n\\r\\n");
require("node:net").createServer({ noDelay: true }, (socket) => {
	let head = Buffer.alloc(0);
	let left = 0;
	socket.on("data", (chunk) => {
		for (let at = 0; at < chunk.length; ) {
			if (left === 0) {
				head = Buffer.concat([head, chunk.subarray(at)]);
				const end = head.indexOf("\\r\\n\\r\\n");
				if (end < 0) return;
				left = Number(/content-length: (\\d+)/i.exec(head.latin1Slice(0, end))[1]);
				at = chunk.length - (head.length - end - 4);
				head = Buffer.alloc(0);
			}
			const taken = Math.min(left, chunk.length - at);
			left -= taken;
			at += taken;
			if (left === 0) socket.write(answer);
		}
	});
	socket.on("error", () => {});
}).listen(0, "127.0.0.1", function () { console.log("http://127.0.0.1:" + this.address().port); });`;

/** Sends requests in turn on keep-alive connections, each to the port of its token, one at a time on each. */
const LOAD = `
const { parentPort, workerData: { requests, seconds } } = require("node:worker_threads");
const { connect } = require("node:net");
const until = performance.now() + seconds * 1000;
let open = requests.length, sent = 0;
for (const { port, bodies } of requests) {
	const all = bodies.map((body) => Buffer.from(body));
	const socket = connect({ port, host: "127.0.0.1", noDelay: true });
	let text = "", next = 0;
	const send = () => socket.write(all[next++ % all.length]);
	socket.on("connect", send);
	socket.on("data", (chunk) => {
		text += chunk.latin1Slice();
		const length = /\\r\\n\\r\\n/.test(text) ? Number(/content-length: (\\d+)/i.exec(text)?.[1] ?? 0) : -1;
		if (length < 0) return;
		if (!text.startsWith("HTTP/1.1 200")) throw new Error(text);
		sent++;
		text = "";
		if (performance.now() < until) return send();
		socket.end();
		if (--open === 0) parentPort.postMessage(sent);
	});
}`;

const TOKENS = ["torii-old-token-0123456789-0123456789", "torii-new-token-0123456789-0123456789"];
const known = TOKENS.map((token, index) => `t${index}=fp:${fingerprint(token)}`);

/** `again` is the config without attribution once more: what it differs from 1 by is what noise does. */
const VARIANTS: Readonly<Record<string, Flags>> = {
	without: {},
	again: {},
	senders: { attribute: "senders" },
	"senders, stripped": { attribute: "senders", stripFingerprint: true },
	tokens: { attribute: "tokens", token: known },
	ports: { attribute: "ports", token: known },
};
const ROUNDS = 15;
const WARM_SECONDS = 0.3;
const SECONDS = 0.7;

/** Bar: 0.95. Two tokens on eight machines, gzip towards the backend, as generated. */
test.each([10, 100])(
	"what attribution costs a gateway, %i records a request",
	{ ...needs(otelcol), timeout: 600_000 },
	async (records) => {
		const url = await startUpstream();
		const collectors = await Promise.all(
			Object.entries(VARIANTS).map(([name, flags]) => startVariant(name, flags, url)),
		);
		const rates = new Map<string, number[]>(collectors.map(({ name }) => [name, []]));
		for (let round = 0; round < ROUNDS; round++) {
			// A collector that was idle gave memory back, so each is warm before it counts; the order is another one in every round.
			for (const { name, pid, ports } of rotated(collectors, round * 5)) {
				const load = requestsFor(ports, records);
				await drive(load, WARM_SECONDS);
				const before = threadSeconds(pid);
				const sent = await drive(load, SECONDS);
				rates.get(name)?.push(sent / (threadSeconds(pid) - before));
			}
		}
		const best = undisturbed(rates.get("without") ?? []);
		for (const [name, each] of rates) {
			const spread = [Math.min(...each), median(each), Math.max(...each)].map((rate) => rate.toFixed(0)).join(" / ");
			say(
				`${records} records a request, ${name}: ${spread} requests a CPU second (min, median, max); ${(undisturbed(each) / best).toFixed(3)} of without`,
			);
		}
	},
);

async function startVariant(name: string, flags: Flags, url: string) {
	const contrib = await loadDistribution("contrib");
	if (!contrib) throw new Error("contrib");
	const files = TOKENS.map((token) => [`torii-accepted-${fingerprint(token)}.token`, token]);
	const tokenFile = join(scratch({ token: "the-token-of-the-gateway", ...Object.fromEntries(files) }), "token");
	const plan = planFor(contrib, { endpoint: url, tokenFile, targetVersion: "0.155.0", ...flags });
	const collector = await startCollector(scratch(), renderConfig(plan));
	const ports = collector.urls.map((each) => Number(new URL(each).port));
	return { name, pid: collector.process.pid ?? 0, ports };
}

async function startUpstream(): Promise<string> {
	const child: ChildProcess = spawn(process.execPath, ["-e", UPSTREAM]);
	onTestFinished(() => {
		child.kill();
	});
	let said = "";
	child.stdout?.on("data", (chunk) => {
		said += chunk;
	});
	return waitFor("the backend", () => /http:\S+/.exec(said)?.[0]);
}

/** Four connections, each with one token and the requests of four machines. */
function requestsFor(ports: readonly number[], records: number) {
	return [0, 1, 2, 3].map((connection) => {
		const token = connection % TOKENS.length;
		const bodies = [0, 1, 2, 3].map((machine) => {
			const host = `mac-${connection * 4 + machine}`;
			const body = cliLogs(records, host);
			const head = `POST /v1/logs HTTP/1.1\r\nHost: gateway:4318\r\nUser-Agent: OTel-OTLP-Exporter-JavaScript/0.205.0\r\nAuthorization: Bearer ${TOKENS[token]}\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`;
			return Buffer.concat([Buffer.from(head, "latin1"), body]);
		});
		return { port: ports[token % ports.length] ?? 0, bodies };
	});
}

/** Log records as large as those of Claude Code: what a record costs besides decides what counting it weighs. */
function cliLogs(count: number, host: string): Uint8Array {
	const attributes = {
		"service.name": "claude-code",
		"service.version": "2.0.1",
		"host.name": host,
		"os.type": "darwin",
	};
	const resource = { attributes, asyncAttributesPending: false };
	const records = Array.from({ length: count }, (_, index) => ({
		hrTime: [1_795_000_000, index],
		hrTimeObserved: [1_795_000_000, index],
		body: "claude_code.api_request",
		attributes: {
			"event.name": "api_request",
			"event.timestamp": "2026-11-26T20:00:00.000Z",
			"event.sequence": index,
			"session.id": `0b1d2c3e-7a6b-4c5d-9e8f-${100_000_000_000 + index}`,
			"user.id": "3f".repeat(32),
			"organization.id": "8c6f1a52-1111-2222-3333-444455556666",
			"terminal.type": "iTerm.app",
			model: "claude-sonnet-4-5",
			input_tokens: 100 + index,
			output_tokens: 200 + index,
			cost_usd: 0.0123,
			duration_ms: 1000 + index,
		},
		severityNumber: 9,
		resource,
		instrumentationScope: { name: "com.anthropic.claude_code.events", version: "2.0.1" },
		droppedAttributesCount: 0,
	}));
	// The library's interfaces want whole SDK objects; it only reads these fields.
	const encoded = ProtobufLogsSerializer.serializeRequest(records as never);
	if (!encoded) throw new Error("the library encoded nothing");
	return encoded;
}

function drive(requests: ReturnType<typeof requestsFor>, seconds: number): Promise<number> {
	const worker = new Worker(LOAD, { eval: true, workerData: { requests, seconds } });
	return new Promise((done, fail) => {
		worker.on("message", done);
		worker.on("error", fail);
	});
}

function rotated<T>(items: readonly T[], by: number): T[] {
	const at = by % items.length;
	return [...items.slice(at), ...items.slice(0, at)];
}

/** The mean of the best third: neighbours on the machine can only make a round dearer, never cheaper. */
function undisturbed(rates: readonly number[]): number {
	const best = [...rates].sort((a, b) => b - a).slice(0, Math.ceil(rates.length / 3));
	return best.reduce((sum, rate) => sum + rate, 0) / best.length;
}

/** CPU seconds of all threads of a process, to the nanosecond. https://docs.kernel.org/scheduler/sched-stats.html */
function threadSeconds(pid: number): number {
	const folder = `/proc/${pid}/task`;
	return readdirSync(folder).reduce((sum, thread) => {
		const [nanoseconds = "0"] = readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ");
		return sum + Number(nanoseconds) / 1e9;
	}, 0);
}
