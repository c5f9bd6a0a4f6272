import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { forms } from "../../../src/adapters/clis/emits.generated.ts";
import { senderOf } from "../../../src/adapters/clis/senders.ts";
import { signals } from "../../../src/adapters/providers/provider.ts";
import { scanProtobuf, scanWholeJson } from "../../../src/prove/otlp/scan.ts";
import { MARKER, MARKER_TOKEN } from "../../../src/prove/probe/marker.ts";
import { encodeTestRecord } from "../../../src/prove/probe/payload.ts";

const record = { marker: "0123456789ab", token: "new", at: Date.parse("2026-01-31T12:00:00.250Z") };

test("every CLI's folder has its form, and every form its folder", () => {
	const folders = readdirSync(new URL("../../../src/adapters/clis", import.meta.url), { withFileTypes: true });
	const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
	expect(forms.map(({ id }) => id).sort()).toEqual(names.sort());
});

describe.each([undefined, ...forms])("a test record like $id", (form) => {
	test.each(signals)("%s: exactly one, in both encodings", (signal) => {
		expect(scanProtobuf(encodeTestRecord({ ...record, signal }, "protobuf", form), signal).records).toBe(1);
		expect(scanWholeJson(encodeTestRecord({ ...record, signal }, "json", form), signal).records).toBe(1);
	});

	test.each(signals)("%s: marked, and sent by whom it says", (signal) => {
		const text = Buffer.from(encodeTestRecord({ ...record, signal }, "json", form)).toString();
		expect(text).toContain(`{"key":"${MARKER}","value":{"stringValue":"0123456789ab"}}`);
		expect(text).toContain(`{"key":"${MARKER_TOKEN}","value":{"stringValue":"new"}}`);
		if (form) {
			const service = String(form.resource["service.name"]);
			expect(text).toContain(`{"key":"service.name","value":{"stringValue":"${service}"}}`);
			expect(senderOf(service, "")?.id).toBe(form.id);
		}
	});

	test("changes no total: every count and cost is zero", () => {
		const { log, metric } = form ?? {};
		const numbers = Object.entries({ ...log?.attributes }).filter(([key]) => /token|cost|duration/.test(key));
		for (const [, value] of numbers) expect(Number(value)).toBe(0);
		const text = Buffer.from(encodeTestRecord({ ...record, signal: "metrics" }, "json", form)).toString();
		expect(text).toMatch(/"as(Int|Double)":"?0"?[,}]/);
		expect(text).toContain(`"aggregationTemporality":${metric?.temporality === "cumulative" ? 2 : 1}`);
	});
});

test("a record of our own names the host that it is given, and one like a CLI's has no other host", () => {
	const host = "gateway gw with 0123456789ab";
	const text = (form?: (typeof forms)[number]) =>
		Buffer.from(encodeTestRecord({ ...record, signal: "logs", host }, "json", form)).toString();
	expect(text()).toContain(`{"key":"host.name","value":{"stringValue":"${host}"}}`);
	expect(forms.filter((each) => text(each).includes(host))).toEqual([]);
});

test("times: Codex sets the observed one alone", () => {
	const log = (id?: string) => {
		const text = encodeTestRecord(
			{ ...record, signal: "logs" },
			"json",
			forms.find((each) => each.id === id),
		);
		return JSON.parse(Buffer.from(text).toString()).resourceLogs[0].scopeLogs[0].logRecords[0];
	};
	expect(log("codex")).toMatchObject({ timeUnixNano: "0", observedTimeUnixNano: "1769860800250000000" });
	expect(log("codex").body).toEqual({});
	expect(log("gemini")).toMatchObject({ timeUnixNano: "1769860800250000000" });
	expect(log()).toMatchObject({ body: { stringValue: "crossfade probe" }, severityNumber: 9 });
});
