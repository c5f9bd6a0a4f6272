import { readFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import type { StoreAnswer, StoreFiles, StoreReach, StoreRequest } from "../../src/adapters/stores/store.ts";
import { storeReach } from "../../src/rotate/reach.ts";
import { Secret } from "../../src/token/secret.ts";
import { quietEffects } from "./effects.ts";

/** A file in memory. */
export interface MemoryFile {
	readonly bytes: Buffer;
	readonly mode: number;
}

/** Files in memory, by path, with the rules of the real ones. */
export function memoryFiles(start: Readonly<Record<string, string | Uint8Array>> = {}) {
	const held = new Map<string, MemoryFile>(
		Object.entries(start).map(([path, content]) => [path, { bytes: Buffer.from(content), mode: 0o640 }]),
	);
	const files: StoreFiles = {
		async look(path) {
			const file = held.get(path);
			return file && { bytes: Buffer.from(file.bytes), mode: file.mode, uid: 0 };
		},
		async replace(path, content, { expected }) {
			const file = held.get(path);
			const same = file && expected ? file.bytes.equals(expected) : file === undefined && expected === undefined;
			if (!same) throw new Error("the file changed in the meantime");
			held.set(path, { bytes: Buffer.from(content), mode: file?.mode ?? 0o600 });
		},
		async tryFolder() {
			// Memory takes any name.
		},
	};
	return { held, files };
}

/** Codes of failures before a request was sent. */
const NOT_SENT = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"];

function pemOf(tls: StoreRequest["tls"] = {}): Readonly<Record<string, string>> {
	const entries = Object.entries(tls).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return Object.fromEntries(
		entries.map(([name, pem]) => [name, pem.includes("-----BEGIN") ? pem : readFileSync(pem, "utf8")]),
	);
}

/** One request over HTTP, or over TLS, by another client than ours. */
export function send({ method, url, headers, body, tls, timeoutMs }: StoreRequest): Promise<StoreAnswer> {
	return new Promise((done) => {
		const fail = (error: NodeJS.ErrnoException) => {
			const { code = "EUNKNOWN", message } = error;
			done({ kind: "failure", code, message, sent: !NOT_SENT.includes(code) && !/certificate/i.test(message) });
		};
		const begin = url.startsWith("https:") ? secureRequest : plainRequest;
		const options = { method, headers: { ...headers }, timeout: timeoutMs, agent: false, ...pemOf(tls) };
		const request = begin(url, options, (response) => {
			const pieces: Buffer[] = [];
			response.on("data", (piece: Buffer) => pieces.push(piece));
			response.on("error", fail);
			response.on("end", () => {
				const entries = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
				const { statusCode = 0 } = response;
				done({ kind: "answer", status: statusCode, headers: Object.fromEntries(entries), body: Buffer.concat(pieces) });
			});
		});
		request.on("timeout", () => request.destroy(new Error("TIMEOUT")));
		request.on("error", fail);
		request.end(body);
	});
}

/** The real reach, except that its files are in memory, secrets are these by reference, and no variable is set unless given. */
export function reachWith(
	parts: Partial<StoreReach> = {},
	secrets: Readonly<Record<string, string>> = {},
	variables: Readonly<Record<string, string>> = {},
): StoreReach {
	return {
		...storeReach(quietEffects()),
		files: memoryFiles().files,
		secret: async (reference) => {
			const value = secrets[reference];
			if (value === undefined) throw new Error(`${reference} cannot be read`);
			return Secret.of(value);
		},
		variable: (name) => variables[name],
		...parts,
	};
}
/** An answer of a fake. */
export function answer(
	status: number,
	body: unknown = {},
	headers: Readonly<Record<string, string>> = {},
): StoreAnswer {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return { kind: "answer", status, headers, body: Buffer.from(text) };
}
