import type { Effects } from "../effects/effects.ts";
import type { Server, ServerAnswer, ServerRequest, ServerStream } from "../effects/http-server.ts";
import { CONTROL, control, type SandboxClock } from "./control.ts";
import type { Ledger, SandboxEvent } from "./ledger.ts";
import { otlpRoute, receive } from "./receiver.ts";

/** OTLP recommends servers to take up to 64 MiB. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface SandboxOptions {
	readonly host: string;
	readonly port: number;
	readonly ledger: Ledger;
	/** Called with every event, besides those who follow the tail. */
	readonly onEvent: (event: SandboxEvent) => void;
}

/** Starts a provider on loopback: OTLP in, control paths beside it. */
export async function startSandbox(
	fx: Pick<Effects, "serve" | "clock" | "random">,
	options: SandboxOptions,
): Promise<Server> {
	const { ledger, host, port } = options;
	const clock = movableClock(fx);
	const followers = new Set<(text: string) => void>();
	const log = (event: SandboxEvent) => {
		options.onEvent(event);
		if (followers.size === 0) return;
		const line = `${JSON.stringify(event)}\n`;
		for (const write of followers) write(line);
	};
	const tail: ServerStream = {
		contentType: "application/x-ndjson",
		start: (write) => {
			followers.add(write);
			return () => followers.delete(write);
		},
	};
	const answer = (request: ServerRequest): ServerAnswer | ServerStream => {
		const {
			authorization,
			accept = "",
			"content-type": contentType = "",
		} = request.headers as Record<string, string | undefined>;
		const received = { method: request.method, path: request.path, authorization, contentType, body: request.body };
		const route = otlpRoute(request.path);
		if (route) return receive(received, route, ledger, clock.now(), log);
		if (!isLocalCaller(request))
			return { status: 403, contentType: "text/plain", body: "only for programs on this machine\n" };
		if (request.path === `${CONTROL}/events`) return tail;
		return control(received, accept, { ledger, clock, mint: () => fx.random.token(), log });
	};
	return fx.serve({ host, port, maxBodyBytes: MAX_BODY_BYTES, answer });
}

function movableClock({ clock }: Pick<Effects, "clock">): SandboxClock {
	let moved = 0;
	return {
		now: () => clock.now() + moved,
		set: (to) => {
			moved = to - clock.now();
		},
	};
}

/** A web page that a browser on this machine shows must not be able to rotate or read anything, by its own name or a borrowed one. */
function isLocalCaller({ headers }: ServerRequest): boolean {
	const host = String(headers["host"] ?? "").replace(/:\d+$/, "");
	return headers["origin"] === undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}
