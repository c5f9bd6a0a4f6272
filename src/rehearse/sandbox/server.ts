import { digestOf, type SandboxProvider } from "../../adapters/providers/sandbox.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Server, ServerAnswer, ServerRequest, ServerStream } from "../../effects/net/http-server.ts";
import { providerApi } from "./api.ts";
import { CONTROL, control, type SandboxClock } from "./control.ts";
import { type Fault, type FaultTarget, httpDate, newFaults } from "./faults.ts";
import { newLedger, type SandboxEvent } from "./ledger.ts";
import { otlpRoute, receive } from "./receiver.ts";
import { newStatusCards } from "./status-cards.ts";

/** OTLP recommends that servers accept up to 64 MiB. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface SandboxOptions {
	readonly host: string;
	readonly port: number;
	readonly provider: SandboxProvider;
	/** The values of its settings, as `readSettings` gives them. */
	readonly settings: Readonly<Record<string, unknown>>;
	/** The first accepted token. Only its digest is stored. */
	readonly token: string;
	/** The management API's credential. Only its digest is stored. */
	readonly adminKey?: string | undefined;
	/** Faults active from the start. */
	readonly faults: readonly Fault[];
	/** Called with every event, in addition to the event tail. */
	readonly onEvent: (event: SandboxEvent) => void;
}

/** Starts a provider on loopback: OTLP if supported, its own API, and control paths. */
export async function startSandbox(
	fx: Pick<Effects, "serve" | "clock" | "random">,
	options: SandboxOptions,
): Promise<Server> {
	const { provider, host, port } = options;
	const clock = movableClock(fx);
	const followers = new Set<(text: string) => void>();
	let listening = false;
	const log = (event: SandboxEvent) => {
		if (!listening) return;
		options.onEvent(event);
		if (followers.size === 0) return;
		const line = `${JSON.stringify(event)}\n`;
		for (const write of followers) write(line);
	};
	const adminDigest = options.adminKey === undefined ? undefined : digestOf(options.adminKey);
	const isAdminKey = (credential: string) => digestOf(credential) === adminDigest;
	const newToken = () => provider.prefix + fx.random.token();
	const ledger = newLedger(log);
	const emulation = provider.start(options.settings, { ledger, newToken, isAdminKey });
	emulation.mint(options.token, {}, clock.now());
	const faults = newFaults();
	for (const fault of options.faults) faults.add(fault);
	// Unless asked otherwise the Date header keeps this machine's time: a moved clock is not a wrong clock.
	const interfere = (target: FaultTarget) => faults.hit(target, fx.clock.now());
	const api = providerApi({ emulation, ledger, isAdminKey, interfere, log });
	const cards = provider.staleAfterMs === undefined ? undefined : newStatusCards(provider.staleAfterMs);
	const shown = {};
	const receiver = { ledger, admit: emulation.admit, cards, log };
	const tail: ServerStream = {
		contentType: "application/x-ndjson",
		start: (write) => {
			followers.add(write);
			return () => followers.delete(write);
		},
	};
	const dated = (plain: ServerAnswer): ServerAnswer => ({
		...plain,
		headers: { date: httpDate(clock.date()), ...plain.headers },
	});
	const answer = (request: ServerRequest): ServerAnswer | ServerStream => {
		const { method, path, body, headers } = request;
		const route = provider.otlp && otlpRoute(path, provider.otlp);
		if (route) {
			const { authorization, "content-type": contentType = "" } = headers as Record<string, string | undefined>;
			const interference = interfere("ingest");
			const received = { method, authorization, contentType, body };
			return interference.finish(dated(receive(received, route, clock.now(), receiver, interference)));
		}
		if (path !== CONTROL && !path.startsWith(`${CONTROL}/`)) return dated(api(request, clock.now()));
		if (!isLocalCaller(request))
			return { status: 403, contentType: "text/plain", body: "only for programs on this machine\n" };
		if (path === `${CONTROL}/events`) return tail;
		return control(request, { provider, emulation, ledger, clock, faults, newToken, shown, cards, log });
	};
	const server = await fx.serve({ host, port, maxBodyBytes: MAX_BODY_BYTES, answer });
	listening = true;
	return server;
}

function movableClock({ clock }: Pick<Effects, "clock">): SandboxClock {
	let moved = 0;
	let isShown = false;
	return {
		now: () => clock.now() + moved,
		date: () => clock.now() + (isShown ? moved : 0),
		set: (to, showsDate) => {
			moved = to - clock.now();
			isShown ||= showsDate;
		},
	};
}

/** Web pages in a browser on this machine must not be able to rotate or read anything, directly or through DNS rebinding. */
function isLocalCaller({ headers }: ServerRequest): boolean {
	const host = String(headers["host"] ?? "").replace(/:\d+$/, "");
	return headers["origin"] === undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);
}
