import type { HttpRequest } from "../../effects/net/http.ts";
import type { SimulatedCli } from "./simulated-fleet.ts";

/**
 * One log record of a CLI as OTLP/JSON, with the token in the header, or in the path if the CLI sends it so and it is supported. `at` is in
 * milliseconds.
 */
export function logExportRequest(
	url: string,
	{ host, service, version, path }: SimulatedCli,
	token: string,
	at: number,
	{ takesPaths }: { readonly takesPaths: boolean } = { takesPaths: true },
): HttpRequest {
	const isInPath = takesPaths && path === "url";
	const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
	const resource = {
		attributes: [text("service.name", service), text("service.version", version), text("host.name", host)],
	};
	const record = { timeUnixNano: `${at}000000`, body: { stringValue: "a turn of a conversation" } };
	return {
		method: "POST",
		url: `${url}${isInPath ? `/${token}` : ""}/v1/logs`,
		headers: { "content-type": "application/json", ...(isInPath ? {} : { authorization: `Bearer ${token}` }) },
		body: Buffer.from(JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] })),
		timeoutMs: 30_000,
		maxBytes: 64 * 1024,
	};
}
