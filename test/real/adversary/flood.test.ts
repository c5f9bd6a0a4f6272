import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { canary } from "../../harness/canary.ts";
import { scratch, startCrossfade } from "../../harness/cli.ts";
import { howMany } from "../../harness/matrix.ts";
import { needs } from "../../harness/parts.ts";
import { procfs, residentBytes } from "../../harness/processes.ts";
import { pause, waitFor } from "../../harness/wait.ts";

const CONNECTIONS = 6;
/** Of each connection, one behind the other without a look at any answer. */
const REQUESTS = howMany(6_000, 200_000);
/** So long that the answers do not fit into the system's own buffers. */
const ANSWER = "{}".padEnd(2_000);
const MiB = 1024 * 1024;
/** The same flood took 747 MiB before it was held back. */
const MOST_BYTES = 200 * MiB;

/** A server that takes everything. */
async function upstream(): Promise<string> {
	const server = createServer((request, response) => {
		request.resume().on("end", () => response.end(ANSWER));
	});
	// Who waits for a reader is not idle.
	server.keepAliveTimeout = 0;
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** A client that sends so many requests and reads nothing until it is told to. */
function flooder(port: number, token: string) {
	const request = `POST /v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
	const answer = /HTTP\/1\.1 200 /g;
	let [answers, rest] = [0, ""];
	const socket: Socket = connect({ port, host: "127.0.0.1" });
	onTestFinished(() => {
		socket.destroy();
	});
	socket.pause();
	socket.write(request.repeat(REQUESTS));
	return {
		read() {
			socket.on("data", (chunk) => {
				const text = rest + chunk.toString("latin1");
				const end = text.lastIndexOf("\n") + 1;
				answers += text.slice(0, end).match(answer)?.length ?? 0;
				rest = text.slice(end);
			});
			socket.resume();
		},
		answers: () => answers,
		bytesWritten: () => socket.bytesWritten,
	};
}

test(`${CONNECTIONS * REQUESTS} requests whose answers nobody reads take less than ${MOST_BYTES / MiB} MiB of a tap, which serves others meanwhile; all are answered once they are read`, {
	...needs(procfs),
	timeout: 30 * 60_000,
}, async () => {
	const { token } = canary();
	const tap = startCrossfade(["tap", "--to", await upstream(), "--listen", "127.0.0.1:0"], { cwd: scratch() });
	const url = await tap.find(/tap {7}(http:\S+) ->/);
	const other = async () => {
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		const answer = await fetch(`${url}/v1/logs`, { method: "POST", headers, body: "{}" });
		await answer.arrayBuffer();
		return answer.status;
	};
	expect(await other()).toBe(200);
	const before = residentBytes(tap.pid);
	let most = 0;
	const look = () => {
		most = Math.max(most, residentBytes(tap.pid) - before);
	};
	const timer = setInterval(look, 20);
	onTestFinished(() => clearInterval(timer));
	const flood = Array.from({ length: CONNECTIONS }, () => flooder(Number(new URL(url).port), token));
	// Answers pile up until the tap stops reading: then nothing more goes in.
	let [written, quiet] = [-1, 0];
	while (quiet < 50) {
		expect(await other()).toBe(200);
		await pause(10);
		const now = flood.reduce((sum, { bytesWritten }) => sum + bytesWritten(), 0);
		quiet = now === written ? quiet + 1 : 0;
		written = now;
	}
	look();
	expect(most).toBeLessThan(MOST_BYTES);
	for (const each of flood) each.read();
	const answered = () => flood.reduce((sum, { answers }) => sum + answers(), 0);
	for (let last = -1; answered() < CONNECTIONS * REQUESTS; last = answered()) {
		await waitFor("more answers", () => answered() > last);
	}
	look();
	process.stdout.write(`${answered()} requests answered; at most ${Math.round(most / MiB)} MiB more than before\n`);
	expect(answered()).toBe(CONNECTIONS * REQUESTS);
	expect(most).toBeLessThan(MOST_BYTES);
});
