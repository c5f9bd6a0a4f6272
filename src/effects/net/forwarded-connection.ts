import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { forgetLastMatch } from "../../base/last-match.ts";
import { Exchange, Responses } from "./exchanges.ts";
import type { ForwarderOptions } from "./forwarding.ts";
import { BadHead, BodyReader, HeadReader, requestHead } from "./http1.ts";
import { statusBody } from "./otlp-status.ts";
import type { Dialler } from "./upstream.ts";

/** A connection that sends no request for this long is closed. */
const FIRST_HEAD_WITHIN_MS = 60_000;
/** More requests than this do not wait for their answers: the client is read on when some have come. */
const MAX_WAITING = 1_000;
/** How long the peer may take to close a finished connection. */
const LINGER_MS = 5_000;

/** The request whose body is being received. */
interface Sending {
	readonly exchange: Exchange;
	readonly body: BodyReader;
}

/** A client's connection and its upstream connection. Bytes pass unchanged; only the head of each request is rewritten. */
export class ForwardedConnection {
	readonly #client: Socket;
	readonly #options: ForwarderOptions;
	readonly #dial: Dialler;
	readonly #unpacking: Set<Exchange>;
	#upstream: Socket | undefined;
	#isConnected = false;
	readonly #heads = new HeadReader();
	readonly #responses = new Responses();
	#sending: Sending | undefined;
	/** Further data from the client is discarded. */
	#isOver = false;
	/** The client announced the request in hand as its last: what follows it is no request, and no server reads it as one. */
	#isLast = false;
	#isFinishing = false;
	#linger: NodeJS.Timeout | undefined;

	constructor(client: Socket, options: ForwarderOptions, dial: Dialler, unpacking: Set<Exchange>) {
		this.#client = client;
		this.#unpacking = unpacking;
		this.#options = options;
		this.#dial = dial;
		client.setTimeout(FIRST_HEAD_WITHIN_MS, () => client.destroy());
		client.on("data", (chunk: Buffer) => this.#request(chunk));
		client.on("drain", () => this.#upstream?.resume());
		client.on("end", () => (this.#upstream && !this.#isOver ? this.#upstream.end() : client.end()));
		client.on("error", () => this.#upstream && reset(this.#upstream));
		client.on("close", () => {
			clearTimeout(this.#linger);
			this.#abandon();
			this.#upstream?.destroy();
		});
	}

	/** Ends both connections once no request is pending. */
	finish(): void {
		this.#isFinishing = true;
		if (this.#isIdle) this.#end();
	}

	reset(): void {
		reset(this.#client);
	}

	get #isIdle(): boolean {
		return this.#responses.isIdle && !this.#sending && !this.#heads.isPartial;
	}

	#request(chunk: Buffer): void {
		if (this.#isOver) return;
		if (this.#responses.isTunnel) {
			this.#send([chunk]);
			return;
		}
		const pieces: Buffer[] = [];
		const looks: (() => void)[] = [];
		let bad: BadHead | undefined;
		try {
			for (let at = 0; at < chunk.length; ) {
				if (this.#sending) at = this.#pass(this.#sending, chunk, at, pieces, looks);
				else if (this.#isLast) break;
				else at = this.#begin(chunk, at, pieces, looks);
			}
		} catch (error) {
			if (!(error instanceof BadHead)) throw error;
			bad = error;
		}
		this.#send(pieces);
		// Inspect after sending, so that forwarding is not delayed.
		for (const look of looks) look();
		forgetLastMatch();
		if (bad) this.#refuse(bad.status, bad.message);
	}

	#begin(chunk: Buffer, from: number, pieces: Buffer[], looks: (() => void)[]): number {
		// Skip line breaks before a request. https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6
		if (!this.#heads.isPartial && (chunk[from] === 0x0d || chunk[from] === 0x0a)) return from + 1;
		const found = this.#heads.push(chunk, from);
		if (!found) return chunk.length;
		const { upstream, watcher, onFault } = this.#options;
		const head = requestHead(found.head);
		pieces.push(head.rewritten(upstream.basePath, upstream.authority));
		const exchange = new Exchange(head, watcher, { onFault, unpacking: this.#unpacking });
		this.#responses.expect(exchange);
		this.#isLast = head.isLast;
		this.#sending = { exchange, body: new BodyReader(head.framing) };
		return this.#pass(this.#sending, chunk, found.end, pieces, looks);
	}

	#pass({ exchange, body }: Sending, chunk: Buffer, from: number, pieces: Buffer[], looks: (() => void)[]): number {
		const end = body.push(chunk, from, (content) => looks.push(() => exchange.content(content)));
		if (end > from) pieces.push(chunk.subarray(from, end));
		if (body.isOver) {
			looks.push(() => exchange.sent());
			this.#sending = undefined;
		}
		return end;
	}

	#send(pieces: readonly Buffer[]): void {
		if (pieces.length === 0) return;
		this.#upstream ??= this.#connect();
		const upstream = this.#upstream;
		// Copying is cheaper than a system call with several buffers.
		upstream.write(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces));
		this.#pace();
	}

	/** Reads no more from the client than the upstream takes, and than answers are waited for. */
	#pace(): void {
		if (this.#upstream?.writableNeedDrain || this.#responses.waiting > MAX_WAITING) this.#client.pause();
		else this.#client.resume();
	}

	#connect(): Socket {
		const client = this.#client;
		client.setTimeout(0);
		const upstream = this.#dial(() => {
			this.#isConnected = true;
		});
		upstream.on("drain", () => this.#pace());
		upstream.on("data", (chunk: Buffer) => {
			if (!client.write(chunk)) upstream.pause();
			this.#responses.push(chunk);
			forgetLastMatch();
			if (client.isPaused()) this.#pace();
			if (this.#isFinishing && this.#isIdle) this.#end();
		});
		upstream.on("end", () => {
			client.end();
			this.#closeSoon();
		});
		upstream.on("error", (error: NodeJS.ErrnoException) => {
			if (!this.#isConnected) this.#unreachable(error.code ?? error.name);
			// The upstream finished its response without reading the rest of the request.
			else if (this.#responses.isIdle) this.#end();
			else client.write("", () => reset(client));
		});
		upstream.on("close", () => {
			client.resume();
			if (!client.writableEnded) this.#end();
		});
		return upstream;
	}

	/** No upstream: responds with a status after which every OTLP client retries. */
	#unreachable(code: string): void {
		this.#options.onUnreachable(code);
		this.#refuse(502, `crossfade tap cannot connect to the upstream: ${code}`);
	}

	/** Responds in place of the upstream, unless its own response has begun, and ends the connection. */
	#refuse(status: number, message: string): void {
		const { next } = this.#responses;
		if (this.#isConnected && next) {
			this.reset();
			return;
		}
		this.#upstream?.destroy();
		const { contentType, body } = statusBody(next?.contentType ?? "", message);
		next?.answered(status);
		const reason = REASONS[status] ?? "";
		const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
		this.#client.write(Buffer.concat([Buffer.from(head, "latin1"), next?.method === "HEAD" ? Buffer.alloc(0) : body]));
		this.#end();
	}

	/** Stops forwarding and finishes what has begun. */
	#end(): void {
		this.#isOver = true;
		this.#client.end();
		this.#client.resume();
		this.#upstream?.end();
		this.#closeSoon();
	}

	#closeSoon(): void {
		this.#linger ??= setTimeout(() => this.#client.destroy(), LINGER_MS);
	}

	#abandon(): void {
		this.#responses.abandon();
		this.#sending?.exchange.abandon();
	}
}

const REASONS: Readonly<Record<number, string>> = {
	400: "Bad Request",
	431: "Request Header Fields Too Large",
	502: "Bad Gateway",
	505: "HTTP Version Not Supported",
};

/** Resets a connection if possible, so that the peer sees it as broken. */
function reset(socket: Socket): void {
	if (socket.destroyed) return;
	if (socket instanceof TLSSocket || !(socket instanceof Socket)) socket.destroy();
	else socket.resetAndDestroy();
}
