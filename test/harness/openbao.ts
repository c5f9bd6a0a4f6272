import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { canary } from "./canary.ts";
import { freePorts } from "./collector.ts";
import { openbao } from "./parts.ts";
import { waitFor } from "./wait.ts";

export interface OpenBao {
	readonly url: string;
	/** The token of its root. */
	readonly token: string;
	/** One request by root; throws an error for anything but success, unless it is one of `also`. */
	ask(
		method: string,
		path: string,
		body?: unknown,
		also?: readonly number[],
	): Promise<{ status: number; data: Record<string, never> }>;
}

/** Starts the real server in memory, with a KV engine at `secret`. Ended after the test, or when `end` says. */
export async function startOpenBao(end: (done: () => Promise<void>) => unknown = onTestFinished): Promise<OpenBao> {
	const [port = 0] = await freePorts(1);
	const { token } = canary();
	const args = [
		"server",
		"-dev",
		`-dev-listen-address=127.0.0.1:${port}`,
		`-dev-root-token-id=${token}`,
		"-dev-no-store-token",
	];
	const child = spawn(openbao.path, args, { env: { HOME: "/nonexistent", PATH: "/usr/bin:/bin" }, stdio: "ignore" });
	const ended = new Promise((done) => child.on("close", done));
	end(async () => {
		child.kill("SIGKILL");
		await ended;
	});
	const url = `http://127.0.0.1:${port}`;
	const ask: OpenBao["ask"] = async (method, path, body, also = []) => {
		const response = await fetch(`${url}/v1/${path}`, {
			method,
			headers: { "x-vault-token": token, "content-type": "application/json" },
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const text = await response.text();
		if (!response.ok && !also.includes(response.status))
			throw new Error(`${method} ${path}: ${response.status} ${text}`);
		return { status: response.status, data: text === "" ? {} : JSON.parse(text) };
	};
	await waitFor("OpenBao to have its KV engine", () =>
		ask("GET", "sys/internal/ui/mounts/secret").then(
			() => true,
			() => false,
		),
	);
	return { url, token, ask };
}
