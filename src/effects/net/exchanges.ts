import type { ExchangeOutcome, ExchangeWatcher, WatchedExchange } from "./forwarding.ts";
import { BadHead, BodyReader, HeadReader, type RequestHead, responseHead } from "./http1.ts";
import { newGunzip, type Unpacker } from "./unpack.ts";

interface Around {
	readonly onFault: (error: unknown) => void;
	/** Exchanges whose bodies may be inspected after forwarding. */
	readonly unpacking: Set<Exchange>;
}

/** One request and its response, as reported to the watcher. Never throws. */
export class Exchange {
	readonly method: string;
	readonly contentType: string;
	#watched: WatchedExchange | undefined;
	#unpacker: Unpacker | undefined;
	readonly #around: Around;
	#bytes = 0;
	#isSent = false;
	#status: number | undefined;
	#body: ExchangeOutcome["body"] | undefined;

	constructor(head: RequestHead, watcher: ExchangeWatcher, around: Around) {
		this.method = head.method;
		this.contentType = head.headers.get("content-type") ?? "";
		this.#around = around;
		this.#safely(() => {
			this.#watched = watcher.begin(head);
			if (this.#watched?.body) this.#open(head.headers.get("content-encoding") ?? "identity");
		});
	}

	#open(encoding: string): void {
		if (encoding === "gzip") {
			this.#around.unpacking.add(this);
			this.#unpacker = newGunzip({
				data: (chunk) => this.#look(chunk),
				end: () => this.#bodyIs("whole"),
				giveUp: (why) => this.#bodyIs(why),
			});
		} else if (encoding !== "identity") this.#body = "unknown encoding";
	}

	/** Content of the request's body. */
	content(chunk: Buffer): void {
		this.#bytes += chunk.length;
		if (this.#body !== undefined) return;
		if (this.#unpacker) this.#safely(() => this.#unpacker?.push(chunk));
		else this.#look(chunk);
	}

	#look(chunk: Buffer): void {
		if (this.#body === undefined) this.#safely(() => this.#watched?.body?.(chunk));
	}

	/** The complete request was forwarded. */
	sent(): void {
		this.#isSent = true;
		if (this.#unpacker && this.#body === undefined) this.#safely(() => this.#unpacker?.end());
		else this.#bodyIs("whole");
	}

	answered(status: number): void {
		this.#status ??= status;
		this.#report();
	}

	/** The connection ended; nothing more will arrive. */
	abandon(): void {
		if (!this.#isSent) {
			this.#isSent = true;
			this.#bodyIs("cut");
		}
		this.answered(0);
	}

	#bodyIs(body: ExchangeOutcome["body"]): void {
		this.#body ??= body;
		this.#report();
	}

	#report(): void {
		const watched = this.#watched;
		if (!watched || !this.#isSent || this.#status === undefined || this.#body === undefined) return;
		const outcome = { status: this.#status, bytes: this.#bytes, body: this.#body };
		this.#letGo();
		this.#safely(() => watched.end(outcome));
	}

	#safely(work: () => void): void {
		try {
			work();
		} catch (error) {
			this.#letGo();
			this.#around.onFault(error);
		}
	}

	#letGo(): void {
		this.#watched = undefined;
		this.#unpacker?.stop();
		this.#unpacker = undefined;
		this.#around.unpacking.delete(this);
	}
}

/** A connection's requests that await responses, and the progress of the responses. Only observes; never throws. */
export class Responses {
	readonly #waiting: Exchange[] = [];
	readonly #heads = new HeadReader();
	#body: BodyReader | undefined;
	/** From here on the bytes are unknown: another protocol, or not HTTP. */
	isOpaque = false;
	/** The server agreed to another protocol. */
	isTunnel = false;

	get isIdle(): boolean {
		return this.#waiting.length === 0 && !this.isOpaque;
	}

	/** How many requests wait for their response. */
	get waiting(): number {
		return this.#waiting.length;
	}

	/** The exchange whose response is next. */
	get next(): Exchange | undefined {
		return this.#waiting[0];
	}

	expect(exchange: Exchange): void {
		this.#waiting.push(exchange);
	}

	push(chunk: Buffer): void {
		let at = 0;
		try {
			while (at < chunk.length && !this.isOpaque)
				at = this.#body ? this.#onBody(this.#body, chunk, at) : this.#head(chunk, at);
		} catch (error) {
			if (!(error instanceof BadHead)) throw error;
			this.isOpaque = true;
		}
	}

	#head(chunk: Buffer, from: number): number {
		const found = this.#heads.push(chunk, from);
		if (!found) return chunk.length;
		const exchange = this.next;
		if (!exchange) throw new BadHead(502, "an unrequested response");
		const { status, framing } = responseHead(found.head, exchange.method);
		if (status === 101) {
			this.isOpaque = true;
			this.isTunnel = true;
		}
		if (status === 101 || status >= 200) exchange.answered(status);
		if (status >= 200) this.#body = new BodyReader(framing);
		return this.#body ? this.#onBody(this.#body, chunk, found.end) : found.end;
	}

	#onBody(body: BodyReader, chunk: Buffer, from: number): number {
		const end = body.push(chunk, from);
		if (body.isOver) {
			this.#body = undefined;
			this.#waiting.shift();
		}
		return end;
	}

	/** The connection ended. */
	abandon(): void {
		for (const exchange of this.#waiting.splice(0)) exchange.abandon();
	}
}
