import { gunzipSync } from "node:zlib";
import { forgetLastMatch } from "../../base/last-match.ts";
import type { ExchangeAnswer, ExchangeOutcome, ExchangeWatcher, WatchedExchange } from "./forwarding.ts";
import { BadHead, BodyReader, type Headers, HeadReader, type RequestHead, responseHead } from "./http1.ts";
import { newGunzip, type Unpacker } from "./unpack.ts";

interface Around {
	readonly onFault: (error: unknown) => void;
	/** Exchanges whose bodies may be inspected after forwarding. */
	readonly unpacking: Set<Exchange>;
}

/** Responses to an export are much shorter. */
const MAX_ANSWER = 64 * 1024;

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
	#response: Headers | undefined;
	#answer: Buffer[] = [];
	#answerBytes = 0;
	#isAnswered: "whole" | "cut" | undefined;

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

	/** The head of the response; without one there is no more to come. */
	answered(status: number, response?: Headers): void {
		this.#status ??= status;
		this.#response = response;
		if (!response) this.answerOver("whole");
	}

	/** Content of the response's body. */
	answerContent(chunk: Buffer): void {
		if (!this.#watched || !isSuccess(this.#status) || this.#answerBytes > MAX_ANSWER) return;
		this.#answer.push(Buffer.from(chunk));
		this.#answerBytes += chunk.length;
	}

	/** The response has ended, or the connection with it. */
	answerOver(how: "whole" | "cut"): void {
		this.#isAnswered ??= how;
		this.#report();
	}

	/** The connection ended; nothing more will arrive. */
	abandon(): void {
		if (!this.#isSent) {
			this.#isSent = true;
			this.#bodyIs("cut");
		}
		this.#status ??= 0;
		this.answerOver("cut");
	}

	#bodyIs(body: ExchangeOutcome["body"]): void {
		this.#body ??= body;
		this.#report();
	}

	#report(): void {
		const watched = this.#watched;
		const [status, body] = [this.#status, this.#body];
		if (!watched || !this.#isSent || status === undefined || body === undefined || !this.#isAnswered) return;
		const answer = isSuccess(status) ? this.#wholeAnswer() : undefined;
		const outcome = { status, bytes: this.#bytes, body, answer };
		this.#letGo();
		this.#safely(() => watched.end(outcome));
		forgetLastMatch();
	}

	#wholeAnswer(): ExchangeAnswer {
		const contentType = this.#response?.get("content-type") ?? "";
		const packed = this.#answer.length === 1 && this.#answer[0] ? this.#answer[0] : Buffer.concat(this.#answer);
		const isWhole = this.#isAnswered === "whole" && this.#answerBytes <= MAX_ANSWER;
		const encoding = this.#response?.get("content-encoding") ?? "identity";
		if (encoding === "identity" || packed.length === 0) return { bytes: packed, contentType, isWhole };
		try {
			if (encoding === "gzip") {
				return { bytes: gunzipSync(packed, { maxOutputLength: MAX_ANSWER }), contentType, isWhole };
			}
		} catch {
			// It cannot be read.
		}
		return { bytes: Buffer.alloc(0), contentType, isWhole: false };
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
		this.#answer = [];
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
	#endsWithConnection = false;
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
		const { status, framing, headers } = responseHead(found.head, exchange.method);
		if (status === 101) {
			this.isOpaque = true;
			this.isTunnel = true;
		}
		if (status === 101) exchange.answered(status);
		if (status < 200) return found.end;
		exchange.answered(status, headers);
		this.#body = new BodyReader(framing);
		this.#endsWithConnection = framing === "close";
		return this.#onBody(this.#body, chunk, found.end);
	}

	#onBody(body: BodyReader, chunk: Buffer, from: number): number {
		const exchange = this.next;
		const end = body.push(chunk, from, (content) => exchange?.answerContent(content));
		if (body.isOver) {
			this.#body = undefined;
			this.#waiting.shift()?.answerOver("whole");
		}
		return end;
	}

	/** The connection ended, and with it a response that has no other end. */
	abandon(): void {
		if (this.#endsWithConnection) this.next?.answerOver("whole");
		for (const exchange of this.#waiting.splice(0)) exchange.abandon();
	}
}

function isSuccess(status: number | undefined): boolean {
	return status !== undefined && status >= 200 && status < 300;
}
