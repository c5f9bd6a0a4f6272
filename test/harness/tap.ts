import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { type Forwarder, startForwarder } from "../../src/effects/net/forwarder.ts";
import type { ExchangeWatcher } from "../../src/effects/net/forwarding.ts";
import type { Sighting } from "../../src/prove/evidence/traffic.ts";
import { type AttributionOptions, newAttribution, type Unknown } from "../../src/prove/tap/attribution.ts";
import { waitFor } from "./wait.ts";

export interface OpenTap extends Forwarder {
	readonly port: number;
	readonly seen: readonly Sighting[];
	readonly unknown: readonly Unknown[];
	readonly unreachable: readonly string[];
	readonly faults: readonly unknown[];
	/** Waits until so many requests were seen, and returns what was. */
	requests(count: number): Promise<readonly Sighting[]>;
}

/** A tap in this process, closed after the test. */
export async function openTap(
	to: string,
	{ watcher, ...options }: Partial<AttributionOptions> & { readonly watcher?: ExchangeWatcher } = {},
): Promise<OpenTap> {
	const seen: Sighting[] = [];
	const unknown: Unknown[] = [];
	const full: string[] = [];
	const unreachable: string[] = [];
	const faults: unknown[] = [];
	const { hostname, port, host, pathname } = new URL(to);
	const forwarder = await startForwarder({
		host: "127.0.0.1",
		port: 0,
		upstream: { isTls: false, hostname, port: Number(port), authority: host, basePath: pathname.replace(/\/+$/, "") },
		watcher:
			watcher ??
			newAttribution({
				place: "tap",
				host: "",
				headers: [],
				now: () => 0,
				add: (each) => seen.push(each),
				unknown: (why) => unknown.push(why),
				full: (what) => full.push(what),
				...options,
			}),
		onUnreachable: (code) => unreachable.push(code),
		onFault: (error) => faults.push(error),
	});
	onTestFinished(() => forwarder.close());
	const count = () => seen.reduce((sum, { requests }) => sum + requests, 0);
	return {
		...forwarder,
		port: Number(new URL(forwarder.url).port),
		seen,
		unknown,
		unreachable,
		faults,
		async requests(wanted) {
			await waitFor(`${wanted} requests to be seen`, () => count() >= wanted);
			return seen;
		},
	};
}

/** What came back on one connection, as text, until the other side closed it; `reset` when it was broken off. */
export interface Conversation {
	readonly text: string;
	readonly isReset: boolean;
}

/** Speaks on a connection of its own: writes the pieces one after another, each in a packet of its own, and listens to the end. */
export async function converse(port: number, pieces: readonly (string | Uint8Array)[]): Promise<Conversation> {
	const socket = connect({ port, host: "127.0.0.1", noDelay: true });
	onTestFinished(() => {
		socket.destroy();
	});
	const conversation = listenTo(socket);
	for (const piece of pieces) {
		await new Promise((done) => socket.write(piece, done));
		await new Promise((done) => setImmediate(done));
	}
	return conversation;
}

export function listenTo(socket: Socket): Promise<Conversation> {
	let text = "";
	let isReset = false;
	socket.on("data", (chunk) => {
		text += chunk.toString("latin1");
	});
	socket.on("error", () => {
		isReset = true;
	});
	return new Promise((done) => socket.on("close", () => done({ text, isReset })));
}
