import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Canary, canary, leaks } from "../../harness/canary.ts";
import { type RunningCli, scratch, startCrossfade } from "../../harness/cli.ts";
import { howMany } from "../../harness/matrix.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import { converse } from "../../harness/tap.ts";
import { waitFor } from "../../harness/wait.ts";

const ROUNDS = howMany(5, 200);

/** A command with a heap snapshot on request. https://nodejs.org/api/cli.html#--heapsnapshot-signalsignal */
function running(args: readonly string[], cwd: string) {
	const cli = startCrossfade(args, { cwd, nodeArgs: ["--heapsnapshot-signal=SIGUSR2"] });
	return { ...cli, heap: () => heapOf(cli, cwd) };
}

/** Every text in the memory of a command, after its garbage was collected. */
async function heapOf(cli: RunningCli, cwd: string): Promise<string> {
	cli.signal("SIGUSR2");
	let text = "";
	await waitFor("a whole heap snapshot", () => {
		const name = readdirSync(cwd).find((each) => each.endsWith(".heapsnapshot"));
		text = name === undefined ? "" : readFileSync(join(cwd, name), "utf8");
		return isJson(text);
	});
	return (JSON.parse(text) as { strings: string[] }).strings.join("\n");
}

function isJson(text: string): boolean {
	return text.endsWith("}") || text.endsWith("}\n") || text.endsWith("]}");
}

/** An upstream that takes half of what comes and refuses the rest, and tells what was asked for. */
async function upstream() {
	const targets: string[] = [];
	const server = createServer((request, answer) => {
		targets.push(request.url ?? "");
		request.resume().on("end", () => answer.writeHead(targets.length % 2 === 0 ? 200 : 401).end());
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, targets };
}

/** Heads with a token in every place where a client may put it, and bodies with one where a client may copy it. */
const shapes: readonly ((token: string) => string | Buffer)[] = [
	(token) => sized(`POST /v1/logs HTTP/1.1\r\nAuthorization: Bearer ${token}`),
	(token) => sized(`POST /v1/logs HTTP/1.1\r\nAuthorization: Basic ${Buffer.from(`u:${token}`).toString("base64")}`),
	(token) => sized(`POST /v1/logs HTTP/1.1\r\nx-api-key: ${token}`),
	(token) => sized(`POST /${token}/v1/logs HTTP/1.1\r\nHost: tap`),
	(token) => sized(`POST /v1/logs?token=${token} HTTP/1.1\r\nHost: tap`),
	(token) => sized(`POST /v1/logs HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nContent-Encoding: br`),
	(token) => sized(`POST /v1/logs HTTP/1.1\r\nAuthorization: Bearer ${token}`, from(token)),
	(token) => sized(`POST /v1/logs HTTP/1.1\r\nAuthorization: Bearer ${canary().token}`, from(token)),
	(token) => `POST /v1/logs HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nX : y\r\n\r\n`,
	(token) => `POST /v1/logs HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
	(token) => sized(`GET /other HTTP/1.1\r\nAuthorization: Bearer ${token}`),
];

const from = (host: string) => otlpRequest("logs", 1, "protobuf", { "host.name": host, "service.name": host });

function sized(head: string, body: Uint8Array = otlpRequest("logs", 1)): Buffer {
	const fields = `Content-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\nConnection: close`;
	return Buffer.concat([Buffer.from(`${head}\r\n${fields}\r\n\r\n`), body]);
}

describe("what stands in the memory of a command that runs on", () => {
	test.each(shapes.map((shape, index) => [index + 1, shape] as const))(
		"tap: no token that it saw, once its request is over; shape %i is the last",
		async (_index, last) => {
			const cwd = scratch();
			const there = await upstream();
			const tap = running(
				["tap", "--to", there.url, "--listen", "127.0.0.1:0", "--evidence", "evidence", "--auth-header", "x-api-key"],
				cwd,
			);
			const port = Number(await tap.find(/tap {7}http:\/\/127\.0\.0\.1:(\d+) ->/));
			const seen: Canary[] = [];
			for (let round = 0; round < ROUNDS; round++) {
				for (const shape of [...shapes, last]) {
					const each = canary();
					seen.push(each);
					await converse(port, [shape(each.token)]);
				}
			}
			// One that is still being sent may stand there; it shows that the search finds what is there.
			const open = canary();
			const socket = connect(port, "127.0.0.1");
			onTestFinished(() => {
				socket.destroy();
			});
			socket.write(`POST /${open.token}/v1/logs HTTP/1.1\r\nHost: tap\r\nContent-Length: 9\r\n\r\n`);
			await waitFor("the open request to arrive", () => there.targets.some((each) => each.includes(open.token)));
			const heap = await tap.heap();
			expect(leaks([open], { heap })).not.toEqual([]);
			expect(leaks(seen, { heap })).toEqual([]);
		},
	);

	test("sandbox: its own tokens, and none that it refused", async () => {
		const cwd = scratch();
		const sandbox = running(["sandbox", "--token-out", "own.token"], cwd);
		const url = await sandbox.find(/sandbox {3}(http:\S+)/);
		const port = Number(new URL(url).port);
		const seen: Canary[] = [];
		for (let round = 0; round < ROUNDS; round++) {
			for (const shape of shapes) {
				const each = canary();
				seen.push(each);
				await converse(port, [shape(each.token)]);
			}
		}
		const heap = await sandbox.heap();
		const own = readFileSync(join(cwd, "own.token"), "utf8").trim();
		expect(heap).toContain(own);
		expect(leaks(seen, { heap })).toEqual([]);
	});

	test("watch: none that a metrics page shows in its labels", async () => {
		const seen = canary();
		const server = createServer((_request, answer) => {
			answer.end(
				`otelcol_exporter_sent_log_records{exporter="otlp_http/x",token="${seen.token}"} 1\ncrossfade_tap_requests_total{fingerprint="0123456789ab",signal="logs",host="${seen.token}",cli="codex"} 1\n`,
			);
		});
		await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
		onTestFinished(() => {
			server.closeAllConnections();
			server.close();
		});
		const page = `gw=http://127.0.0.1:${(server.address() as { port: number }).port}/metrics`;
		const tokens = ["--token", "old=fp:0123456789ab", "--token", "new=fp:fedcba987654"];
		const watch = running(["watch", "--every", "1h", ...tokens, "--gateway", page], scratch());
		await watch.printed(/not-known/);
		const heap = await watch.heap();
		expect(heap).toContain("fedcba987654");
		expect(leaks([seen], { heap })).toEqual([]);
	});
});
