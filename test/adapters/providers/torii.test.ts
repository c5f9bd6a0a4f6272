import { expect, test } from "vitest";
import { defaultProvider } from "../../../src/adapters/providers/registry.ts";
import { sandbox } from "../../../src/adapters/providers/torii/sandbox.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import { openSandbox } from "../../harness/sandbox.ts";

const HOUR = 3_600_000;

test("it is the default provider, and its old token works for 24 hours after a rotation", () => {
	expect([defaultProvider.id, defaultProvider.overlapMs]).toEqual(["torii", 24 * HOUR]);
});

test("it takes the token in a header or in the path, for every signal", async () => {
	const { ask, bearer, first, status } = await openSandbox(sandbox);
	for (const signal of ["logs", "metrics", "traces"] as const) {
		const headers = { "content-type": "application/x-protobuf" };
		const inHeader = await ask("POST", `/v1/${signal}`, { ...headers, ...bearer(first) }, otlpRequest(signal, 1));
		const inPath = await ask("POST", `/${first}/v1/${signal}`, headers, otlpRequest(signal, 1));
		expect([inHeader.status, inPath.status], signal).toEqual([200, 200]);
	}
	expect((await status()).traffic.map(({ signal, records }) => [signal, records])).toEqual([
		["logs", 2],
		["metrics", 2],
		["traces", 2],
	]);
});

test("a second rotation within the overlap ends the first old token at once, and gives the second 24 hours", async () => {
	const { first, rotate, at, ask, bearer } = await openSandbox(sandbox);
	const second = await rotate();
	const statusAt = async (hours: number, token: string) => {
		at(hours * HOUR);
		const headers = { ...bearer(token), "content-type": "application/x-protobuf" };
		return (await ask("POST", "/v1/logs", headers, otlpRequest("logs", 1))).status;
	};
	expect([await statusAt(10, first), await statusAt(10, second)]).toEqual([200, 200]);
	await rotate();
	expect([await statusAt(10, first), await statusAt(10, second)]).toEqual([401, 200]);
	expect([await statusAt(33.9, second), await statusAt(34, second)]).toEqual([200, 401]);
});
