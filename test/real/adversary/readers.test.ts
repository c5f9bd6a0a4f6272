import { createServer, request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { scratch, startCrossfade } from "../../harness/cli.ts";
import { needs } from "../../harness/parts.ts";
import { procfs, residentBytes } from "../../harness/processes.ts";
import { waitFor } from "../../harness/wait.ts";

const READERS = 1_500;
const SENDERS = 2_000;
/** Each asks again and again without waiting for an answer. */
const QUESTIONS = 20;
const MOST_BYTES = 200 * 1024 * 1024;

function ask(url: string, cookie = ""): Promise<{ status: number; cookie: string }> {
	return new Promise((done, fail) => {
		request(url, { headers: { cookie }, agent: false }, (answer) => {
			answer.resume().on("end", () => {
				const [set = ""] = answer.headers["set-cookie"] ?? [];
				done({ status: answer.statusCode ?? 0, cookie: set.split(";")[0] ?? "" });
			});
		})
			.on("error", fail)
			.end();
	});
}

test(
	`${READERS} readers of the live page that read nothing take less than ${MOST_BYTES / 1024 / 1024} MiB, and others still get it`,
	needs(procfs),
	async () => {
		let looks = 0;
		const server = createServer((_request, response) => {
			looks++;
			const row = (_each: unknown, index: number) =>
				`crossfade_tap_requests_total{fingerprint="0123456789ab",signal="logs",host="mac-${index}",cli="codex"} ${looks}\n`;
			response.end(Array.from({ length: SENDERS }, row).join(""));
		});
		await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
		onTestFinished(() => {
			server.closeAllConnections();
			server.close();
		});
		const gateway = `gw=http://127.0.0.1:${(server.address() as { port: number }).port}/metrics`;
		const args = ["watch", "--web", "--every", "500ms", "--token", "old=fp:0123456789ab", "--gateway", gateway];
		const watch = startCrossfade(args, { cwd: scratch() });
		const url = await watch.find(/open {2}(http:\S+)/);
		const { cookie } = await ask(url);
		const { origin, port } = new URL(url);
		const before = residentBytes(watch.pid);
		const sockets: Socket[] = [];
		onTestFinished(() => {
			for (const socket of sockets) socket.destroy();
		});
		let open = 0;
		for (let reader = 0; reader < READERS; reader++) {
			const socket = connect({ port: Number(port), host: "127.0.0.1" });
			sockets.push(socket);
			const path = reader % 2 === 0 ? "/" : "/events";
			socket.on("error", () => undefined);
			socket.on("connect", () => {
				open++;
				socket.pause();
				socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n\r\n`.repeat(QUESTIONS));
			});
		}
		await waitFor("all to be connected", () => open === READERS);
		const begun = looks;
		let most = 0;
		await waitFor("some more views", async () => {
			expect((await ask(`${origin}/`, cookie)).status).toBe(200);
			most = Math.max(most, residentBytes(watch.pid) - before);
			return looks > begun + 8;
		});
		expect(most).toBeLessThan(MOST_BYTES);
	},
);
