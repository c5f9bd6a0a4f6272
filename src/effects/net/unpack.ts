import { createGunzip, type Gunzip, gunzipSync } from "node:zlib";

/** Decompresses a body in chunks and within limits, so that it can be inspected while it passes. */
export interface Unpacker {
	push(chunk: Buffer): void;
	end(): void;
	/** Releases everything; no further callbacks. */
	stop(): void;
}

export interface Unpacked {
	data(chunk: Buffer): void;
	/** All of it was decompressed. */
	end(): void;
	/** It is not gzip, or too large. */
	giveUp(why: "malformed" | "too large"): void;
}

/** Content encodings that OTLP allows. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const MAX_UNPACKED = 64 * 1024 * 1024;
/** Smaller bodies are decompressed synchronously, which is cheaper than a thread round trip. */
const SMALL_PACKED = 16 * 1024;
const SMALL_UNPACKED = 512 * 1024;
/** More pending bytes than this mean that decompression is slower than forwarding, which it must not slow down. */
const MAX_WAITING = 1024 * 1024;

export function newGunzip(to: Unpacked): Unpacker {
	const held: Buffer[] = [];
	let heldBytes = 0;
	let stream: Gunzip | undefined;
	const start = () => {
		stream ??= streamed(to);
		for (const chunk of held.splice(0)) stream.write(chunk);
		return stream;
	};
	return {
		push(chunk) {
			if (stream) {
				stream.write(chunk);
				if (stream.writableLength > MAX_WAITING) {
					stream.destroy();
					to.giveUp("too large");
				}
				return;
			}
			held.push(chunk);
			heldBytes += chunk.length;
			if (heldBytes > SMALL_PACKED) start();
		},
		end() {
			const small = stream ? undefined : unpackSmall(held, to);
			if (small === "large") start();
			stream?.end();
		},
		stop() {
			held.length = 0;
			stream
				?.removeAllListeners()
				.on("error", () => {})
				.destroy();
		},
	};
}

function unpackSmall(held: readonly Buffer[], to: Unpacked): "done" | "large" {
	let bytes: Buffer;
	try {
		bytes = gunzipSync(held.length === 1 && held[0] ? held[0] : Buffer.concat(held), {
			maxOutputLength: SMALL_UNPACKED,
		});
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return "large";
		to.giveUp("malformed");
		return "done";
	}
	to.data(bytes);
	to.end();
	return "done";
}

function streamed(to: Unpacked): Gunzip {
	const stream = createGunzip({ chunkSize: 64 * 1024 });
	let total = 0;
	stream.on("data", (chunk: Buffer) => {
		total += chunk.length;
		if (total > MAX_UNPACKED) {
			stream.destroy();
			to.giveUp("too large");
		} else to.data(chunk);
	});
	stream.on("end", () => to.end());
	stream.on("error", () => to.giveUp("malformed"));
	return stream;
}
