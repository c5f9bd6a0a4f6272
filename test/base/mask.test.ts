import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonText } from "../../src/base/json.ts";
import { plain, plainDeep, shown, shownFile, shownName } from "../../src/base/mask.ts";
import { canary } from "../harness/canary.ts";

const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;

describe("names of files and hosts", () => {
	test.each([
		"values-k8s-prod-eu1-collector-2026.yaml",
		"/etc/otel/agent_config-backup-20261128-214501.yaml",
		"otel-agent-config-v2-20261128T2200.yaml",
		"opentelemetry-collector-7d9f8b6c5d-x2x9z",
		"ip-10-0-12-34.eu-west-1.compute.internal",
		"gke-prod-pool-1-4f9d8c7b-x8k2",
		"Ann-Smiths-MacBook-Pro-16-2024.local",
		"AnnsMacBookPro16-2024",
		"DESKTOP-7QK2M1P-CORP-EU-01",
		"WIN-5K8J2L9Q0R1-BUILD-AGENT",
		"mac-c02xk1abjg5h-berlin-01",
		"Jürgens-Büro-Rechner-2024-Nr-17",
	])("%s is shown as it is", (name) => {
		expect(shownName(name)).toBe(name);
	});

	test("a token in the place of a name is not", () => {
		for (let round = 0; round < 200; round++) {
			const { token } = canary();
			for (const name of [token, `./${token}.yaml`, `/srv/${token}/config.yaml`, `${token}.corp.example`]) {
				expect(shownName(name)).not.toContain(token);
			}
		}
		const id = randomUUID();
		expect(shownName(`/srv/${id}`)).toBe("/srv/[36 characters]");
		expect(shownName("9f86d081884c7d659a2feaa0.yaml")).toBe("[24 characters].yaml");
	});

	test("a file that exists keeps its name, however random", () => {
		const name = `/srv/${randomUUID()}/${canary().token}.yaml`;
		expect(shownFile(name)).toBe(name);
	});

	test("none of them passes terminal control characters", () => {
		for (const show of [shown, shownName, shownFile])
			expect(show("a\u001b[31m\u202eb\n")).toBe("a\\u001b[31m\\u202eb\\u000a");
	});
});

test("other text is masked where it could be a token, and truncated", () => {
	expect(shown("values-k8s-prod-eu1-collector-2026")).toBe("[34 characters]");
	expect(shown("x".repeat(200))).toHaveLength(120);
});

describe.each([
	["shown", shown],
	["shownName", shownName],
	["plain", plain],
])("%s", (_, mask) => {
	test("is one line without control characters, for any text", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
				const safe = mask(text, 80);
				expect(safe).not.toMatch(STEERING);
				expect(safe.length).toBeLessThanOrEqual(80);
			}),
		);
	});

	test("truncation never leaves part of a token", () => {
		const token = "k8Qz4bT1xLw09PaYc7VdEr2S";
		for (let before = 0; before < 1000; before += 7) {
			const text = `${"y".repeat(before % 50)} ${`${token}${"Aa1".repeat(150)} `.repeat(before / 300)}${token}`;
			expect(mask(text, 120)).not.toContain(token.slice(0, 8));
		}
	});

	test("long text is handled fast", () => {
		expect(mask("a".repeat(1 << 21)).length).toBeLessThanOrEqual(1000);
	});
});

test("a value may be a token where a name is none", () => {
	const host = "gateway-7d9f8b6c5d-x2x4z";
	expect([shown(host), plain(host)]).toEqual(["[24 characters]", host]);
	expect(plainDeep({ "a\u001b": [host, "k8Qz4bT1xLw09PaYc7VdEr2S", 1, null] })).toEqual({
		"a\\u001b": [host, "[24 characters]", 1, null],
	});
});

test("JSON keeps its text, without control characters", () => {
	const document = { text: "\u001b[2J\u009b\u202e\u2028\u{e0041}" };
	expect(jsonText(document).replaceAll("\n", "")).not.toMatch(STEERING);
	expect(JSON.parse(jsonText(document))).toEqual(document);
});
