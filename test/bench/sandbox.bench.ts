import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "undici";
import { onTestFinished, test } from "vitest";
import { CLI, scratch } from "../harness/cli.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { waitFor } from "../harness/wait.ts";
import { cpuSeconds, median, quietEnvironment, say } from "./measure.ts";

/** Reads the body and answers nothing: the least an HTTP server of Node's can do. */
const BARE = `require("node:http").createServer((q,r)=>{q.resume().on("end",()=>r.end())}).listen(0,"127.0.0.1",function(){console.log("http://127.0.0.1:"+this.address().port)})`;

test("requests of 100 records a CPU second: the sandbox against a bare HTTP server", async () => {
	const token = join(scratch(), "first.token");
	const servers = [await serverOf(["-e", BARE]), await serverOf([CLI, "sandbox", "--token-out", token])];
	const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${readFileSync(token, "utf8")}` };
	const rates = servers.map((): number[] => []);
	for (let round = 0; round < 3; round++) {
		for (const [index, { url, pid }] of servers.entries()) rates[index]?.push(await drive(url, pid, headers));
	}
	const [bare = 0, ours = 0] = rates.map(median);
	say(
		`bare ${bare.toFixed(0)}, sandbox ${ours.toFixed(0)} requests of 100 records a CPU second, ratio ${(ours / bare).toFixed(2)}`,
	);
}, 120_000);

async function serverOf(args: readonly string[]): Promise<{ url: string; pid: number }> {
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
	const url = await waitFor("the server", () => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]);
	return { url, pid: child.pid ?? 0 };
}

async function drive(url: string, pid: number, headers: Record<string, string>): Promise<number> {
	const pool = new Pool(url, { connections: 4 });
	const body = Buffer.from(otlpRequest("logs", 100));
	const until = performance.now() + 4_000;
	const before = cpuSeconds(pid);
	let done = 0;
	const worker = async () => {
		while (performance.now() < until) {
			const response = await pool.request({ path: "/v1/logs", method: "POST", headers, body });
			await response.body.dump();
			done++;
		}
	};
	await Promise.all([1, 2, 3, 4].map(worker));
	await pool.close();
	return done / (cpuSeconds(pid) - before);
}
