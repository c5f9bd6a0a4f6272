import { sandboxProviders } from "../../adapters/providers/sandbox.generated.ts";
import { readSettings } from "../../base/settings.ts";
import type { Effects } from "../../effects/effects.ts";
import { Secret } from "../../token/secret.ts";
import type { SandboxStatus } from "../sandbox/ledger.ts";
import { startSandbox } from "../sandbox/server.ts";

/** The demo's provider: a sandbox on loopback, and its portal. */
export interface DemoProvider {
	readonly url: string;
	/** Issues a new token, as in the portal. */
	rotate(): Promise<Secret | undefined>;
	/** Records accepted so far, by token fingerprint. */
	taken(): Promise<ReadonlyMap<string, number>>;
	close(): Promise<void>;
}

const LIMITS = { timeoutMs: 30_000, maxBytes: 64 * 1024 };

export async function startDemoProvider(fx: Effects, token: Secret): Promise<DemoProvider> {
	const [provider] = sandboxProviders;
	const sandbox = await startSandbox(fx, {
		host: "127.0.0.1",
		port: 0,
		provider,
		settings: readSettings(provider.settings, {}, String, () => {}),
		token: token.reveal(),
		faults: [],
		onEvent: () => {},
	});
	const ask = async (method: "GET" | "POST", path: string) => {
		const outcome = await fx.request({ ...LIMITS, method, url: sandbox.url + path, headers: { accept: "text/plain" } });
		return outcome.kind === "answer" ? new TextDecoder().decode(outcome.body) : undefined;
	};
	return {
		url: sandbox.url,
		async rotate() {
			const made = await ask("POST", "/_sandbox/rotate");
			return made === undefined ? undefined : Secret.of(made);
		},
		async taken() {
			const { traffic } = JSON.parse((await ask("GET", "/_sandbox")) ?? '{"traffic":[]}') as Pick<
				SandboxStatus,
				"traffic"
			>;
			const accepted = traffic.filter((each) => each.accepted);
			const ids = new Set(accepted.map(({ fingerprint }) => fingerprint));
			const sum = (id: string) =>
				accepted.reduce((all, { fingerprint, records }) => all + (fingerprint === id ? records : 0), 0);
			return new Map([...ids].map((id) => [id, sum(id)]));
		},
		close: () => sandbox.close(),
	};
}
