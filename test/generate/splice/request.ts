import { expect } from "vitest";
import { CrossfadeError, problemText } from "../../../src/base/errors.ts";
import { spliceOtelcol } from "../../../src/generate/splice/otelcol.ts";
import type { OtelcolRequest } from "../../../src/generate/splice/request.ts";

/** What most tests want in a config. */
export const wanted: OtelcolRequest = {
	name: "torii",
	exporter: "otlp_http/torii",
	signals: ["logs", "metrics"],
	force: false,
	remove: false,
	entries: [
		{ section: "extensions", id: "bearertokenauth/torii", value: { filename: "/etc/crossfade/torii.token" } },
		{
			section: "exporters",
			id: "otlp_http/torii",
			value: {
				endpoint: "https://ai-events.toriihq.com",
				auth: { authenticator: "bearertokenauth/torii" },
				retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
			},
		},
	],
};

/** Splices, checks that a second run changes nothing and that removing gives the original back, and returns the result. */
export function splice(text: string, request: OtelcolRequest = wanted): string {
	const { text: result } = spliceOtelcol(text, "x.yaml", request);
	expect(spliceOtelcol(result, "x.yaml", request).text, "second run").toBe(result);
	expect(spliceOtelcol(result, "x.yaml", { ...request, remove: true }).text, "removed").toBe(text);
	return result;
}

/** The text of the refusal that a splice must end with. */
export function refusalText(text: string, request: OtelcolRequest = wanted): string {
	try {
		spliceOtelcol(text, "x.yaml", request);
	} catch (error) {
		if (error instanceof CrossfadeError && error.exit === "refused")
			return error.problems.map((each) => problemText(each)).join("\n");
		throw error;
	}
	throw new Error("it was not refused");
}
