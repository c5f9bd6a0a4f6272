import { Agent, request as send } from "undici";

/** One HTTP request. Redirects are never followed: a credential goes where its owner said, and nowhere else. */
export interface HttpRequest {
	readonly method: "GET" | "POST" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: Uint8Array;
	/** For the whole exchange, in milliseconds. */
	readonly timeoutMs: number;
	/** Longer answers are a failure, in bytes. */
	readonly maxBytes: number;
}

/** What became of a request: an answer with any status, or no answer at all. */
export type HttpOutcome =
	| {
			readonly kind: "answer";
			readonly status: number;
			/** By lower-cased name; of repeated ones the first. */
			readonly headers: Readonly<Record<string, string>>;
			readonly body: Uint8Array;
			readonly latencyMs: number;
	  }
	| {
			readonly kind: "failure";
			/** Node's or undici's error code, such as `ECONNREFUSED`. */
			readonly code: string;
			readonly message: string;
			readonly latencyMs: number;
	  };

/** Sends one request and never throws for what the other side does. */
export async function sendRequest(request: HttpRequest): Promise<HttpOutcome> {
	const { url, method, headers, body, timeoutMs, maxBytes } = request;
	const started = performance.now();
	const dispatcher = new Agent({ maxResponseSize: maxBytes });
	try {
		const options = { method, headers: { ...headers }, dispatcher, signal: AbortSignal.timeout(timeoutMs) };
		const answer = await send(url, body ? { ...options, body } : options);
		const bytes = new Uint8Array(await answer.body.arrayBuffer());
		const flat = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat()[0] ?? ""]);
		return {
			kind: "answer",
			status: answer.statusCode,
			headers: Object.fromEntries(flat),
			body: bytes,
			latencyMs: performance.now() - started,
		};
	} catch (error) {
		const { code, name, message } = error as NodeJS.ErrnoException;
		return { kind: "failure", code: code ?? name, message, latencyMs: performance.now() - started };
	} finally {
		await dispatcher.destroy();
	}
}
