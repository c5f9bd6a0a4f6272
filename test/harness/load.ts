import { Pool } from "undici";
import { otlpRequest } from "./otlp.ts";
import { pause } from "./wait.ts";

export interface Load {
	/** Records that the receiver said it took. */
	readonly sent: number;
	/** Requests that were refused or not answered; they are sent again, as a client of OTLP does. */
	readonly refused: number;
	/** Ends it and waits for what is under way. */
	stop(): Promise<void>;
}

export interface LoadOptions {
	readonly recordsPerRequest?: number;
	readonly connections?: number;
	/** Milliseconds between requests of a connection, so that a small machine keeps up. */
	readonly pauseMs?: number;
}

/** Sends logs over keep-alive connections until stopped, and counts what was acknowledged. */
export function startLoad(
	url: string,
	{ recordsPerRequest = 100, connections = 4, pauseMs = 5 }: LoadOptions = {},
): Load {
	const pool = new Pool(url, { connections, pipelining: 1 });
	const body = Buffer.from(otlpRequest("logs", recordsPerRequest));
	const counts = { sent: 0, refused: 0 };
	let running = true;
	const worker = async () => {
		while (running) {
			const status = await post(pool, body);
			if (status === 200) counts.sent += recordsPerRequest;
			else counts.refused++;
			await pause(pauseMs);
		}
	};
	const workers = Array.from({ length: connections }, worker);
	return {
		get sent() {
			return counts.sent;
		},
		get refused() {
			return counts.refused;
		},
		async stop() {
			running = false;
			await Promise.all(workers);
			await pool.close();
		},
	};
}

async function post(pool: Pool, body: Buffer): Promise<number> {
	try {
		const headers = { "content-type": "application/x-protobuf" };
		const response = await pool.request({ path: "/v1/logs", method: "POST", headers, body });
		await response.body.dump();
		return response.statusCode;
	} catch {
		return 0;
	}
}
