import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxStatus } from "../../src/rehearse/sandbox/ledger.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { type CliRunOptions, scratch, startCrossfade } from "./cli.ts";

export interface RunningProvider {
	readonly url: string;
	/** The token that is accepted from the start. */
	readonly token: string;
	/** Makes a new token; the old one is accepted until the overlap ends. */
	rotate(): Promise<string>;
	advance(time: string): Promise<void>;
	status(): Promise<SandboxStatus>;
	/** Records that were accepted, of one token or of all. */
	records(token?: string): Promise<number>;
}

/** A sandbox in a process of its own. */
export async function startProvider(
	args: readonly string[] = [],
	options: Pick<CliRunOptions, "nodeArgs" | "env"> = {},
): Promise<RunningProvider> {
	const cwd = scratch();
	const cli = startCrossfade(["sandbox", "--token-out", "first.token", ...args], { cwd, ...options });
	const url = await cli.find(/sandbox\s+(http:\S+)\n/);
	const post = async (path: string, body: unknown) => {
		const response = await fetch(`${url}/_sandbox${path}`, { method: "POST", body: JSON.stringify(body) });
		return (await response.json()) as { token: string };
	};
	const status = async () => (await (await fetch(`${url}/_sandbox`)).json()) as SandboxStatus;
	return {
		url,
		token: readFileSync(join(cwd, "first.token"), "utf8"),
		rotate: async () => (await post("/rotate", {})).token,
		advance: async (time) => {
			await post("/clock", { advance: time });
		},
		status,
		async records(token) {
			const id = token === undefined ? undefined : fingerprint(token);
			const { traffic } = await status();
			const counted = traffic.filter((each) => each.accepted && (id === undefined || each.fingerprint === id));
			return counted.reduce((sum, { records }) => sum + records, 0);
		},
	};
}
