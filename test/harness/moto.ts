import { spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { freePorts } from "./collector.ts";
import { moto } from "./parts.ts";
import { waitFor } from "./wait.ts";

/** A server that answers as AWS does. */
export interface Moto {
	readonly url: string;
	/** One request to Secrets Manager by another client than ours. */
	ask(operation: string, input: object): Promise<Record<string, never>>;
}

/** Ended by `end`, after the test if not given. */
export async function startMoto(end: (done: () => Promise<void>) => unknown = onTestFinished): Promise<Moto> {
	const [port = 0] = await freePorts(1);
	const child = spawn(moto.path, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
	const ended = new Promise((done) => child.on("close", done));
	end(async () => {
		child.kill("SIGKILL");
		await ended;
	});
	const url = `http://127.0.0.1:${port}`;
	await waitFor("moto to answer", () =>
		fetch(`${url}/moto-api/data.json`).then(
			({ ok }) => ok,
			() => false,
		),
	);
	return {
		url,
		async ask(operation, input) {
			const credential = "a/20260101/eu-central-1/secretsmanager/aws4_request";
			const response = await fetch(url, {
				method: "POST",
				headers: {
					"x-amz-target": `secretsmanager.${operation}`,
					"content-type": "application/x-amz-json-1.1",
					authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=x`,
				},
				body: JSON.stringify(input),
			});
			if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
			return (await response.json()) as Record<string, never>;
		},
	};
}
