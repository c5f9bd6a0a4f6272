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

test("a second rotation within the overlap does not make the first old token live longer", async () => {
	const { first, rotate, at, ask, bearer } = await openSandbox(sandbox);
	await rotate();
	at(10 * HOUR);
	await rotate();
	const statusAt = async (hours: number) => {
		at(hours * HOUR);
		const headers = { ...bearer(first), "content-type": "application/x-protobuf" };
		return (await ask("POST", "/v1/logs", headers, otlpRequest("logs", 1))).status;
	};
	expect([await statusAt(23.9), await statusAt(24)]).toEqual([200, 401]);
});
