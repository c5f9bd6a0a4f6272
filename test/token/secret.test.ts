import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shown } from "../../src/base/mask.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { secretForms } from "../../src/token/forms.ts";
import { holdsMoreSecrets, holdsSecret, outputGuard, redact } from "../../src/token/guard.ts";
import { Secret } from "../../src/token/secret.ts";
import { isSafeAlphabet, tokenProblems } from "../../src/token/shape.ts";
import { awkwardCanary, canary } from "../harness/canary.ts";

const tokens = fc.stringMatching(/^[!-~]{20,200}$/);

describe("fingerprint", () => {
	test("is what a shell computes", () => {
		const { token } = canary();
		const shell = execFileSync("sh", ["-c", "sha256sum | cut -c1-12"], { input: token, encoding: "utf8" }).trim();
		expect(fingerprint(token)).toBe(shell);
		expect(fingerprint(token)).toBe(createHash("sha256").update(token).digest("hex").slice(0, 12));
	});
});

describe("Secret", () => {
	test("shows its fingerprint and nothing else, in every way Node prints", () => {
		const { token, fingerprint: id } = awkwardCanary();
		const secret = Secret.of(token);
		const error = new Error(`cannot send ${secret}`, { cause: secret });
		const prints = [
			String(secret),
			`${secret}`,
			JSON.stringify({ secret }),
			inspect(secret),
			inspect({ deep: { secret } }, { showHidden: true, depth: 9 }),
			inspect(new Map([[secret, [secret]]]), { showProxy: true, getters: true }),
			inspect(error),
			String(secret as unknown as number),
			Object.entries(secret).join(),
			JSON.stringify(structuredClone({ ...secret })),
		];
		for (const print of prints) for (const form of secretForms(token)) expect(print).not.toContain(form);
		expect(String(secret)).toBe(`[secret fp=${id}]`);
		expect(secret.reveal()).toBe(token);
		expect(secret.hint).toBe(token.slice(-4));
	});

	test.each([
		["", "is empty"],
		["short", "is too short"],
		[`Bearer ${canary().token}`, "Bearer"],
		[`${canary().token}\n`, "white space"],
		[`${canary().token} x`, "white space"],
		[`\ufeff${canary().token}`, "byte order mark"],
		[`${canary().token}\u0007`, "control character"],
		[[...canary().token].map((letter) => `${letter}\u0000`).join(""), "UTF-16"],
		[`${canary().token}ü`, "non-ASCII"],
		["x".repeat(5000), "is too long"],
	])("refuses %j without quoting it", (value, complaint) => {
		const [problem] = tokenProblems(value, "the test");
		expect(problem?.what).toContain(complaint);
		if (value.length >= 20) expect(JSON.stringify(problem)).not.toContain(value.trim().slice(0, 20));
		expect(() => Secret.of(value)).toThrow(complaint);
	});

	test("knows the alphabet that every CLI sends unchanged", () => {
		expect(isSafeAlphabet(canary().token)).toBe(true);
		expect(isSafeAlphabet(awkwardCanary().token)).toBe(false);
	});
});

describe("output guard", () => {
	test("finds a secret in every form and inside longer base64", () => {
		fc.assert(
			fc.property(tokens, fc.string({ maxLength: 7 }), fc.string({ maxLength: 7 }), (token, before, after) => {
				Secret.of(token);
				const around = [
					before + token + after,
					before + encodeURIComponent(token) + after,
					...(token.length < 16 ? [] : [before + token.toLowerCase() + after, before + token.toUpperCase() + after]),
					JSON.stringify({ [before]: token + after }),
					JSON.stringify(JSON.stringify({ token })),
					Buffer.from(before + token + after).toString("base64"),
					Buffer.from(before + token + after).toString("base64url"),
				];
				for (const text of around) expect(holdsSecret(text)).toBe(true);
				for (const text of around) for (const form of secretForms(token)) expect(redact(text)).not.toContain(form);
			}),
			{ numRuns: 50 },
		);
	});

	test("finds a secret however the stream is cut", () => {
		const { token } = canary();
		Secret.of(token);
		const text = `first ${token} then ${Buffer.from(`u:${token}`).toString("base64")} and the rest`;
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (cuts) => {
				const guard = outputGuard();
				let [out, at] = ["", 0];
				for (const cut of cuts) {
					out += guard.push(text.slice(at, at + cut));
					at += cut;
				}
				out += guard.push(text.slice(at)) + guard.flush();
				for (const form of secretForms(token)) expect(out).not.toContain(form);
				expect(out).toContain("first ");
				expect(out.endsWith("and the rest")).toBe(true);
			}),
		);
	});

	test("holds back no harmless text", () => {
		expect(outputGuard().push("Token: ")).toBe("Token: ");
	});
});

describe("shown", () => {
	test("keeps what people write, masks what could be a token, and lets nothing steer a terminal", () => {
		expect(shown("otelcol-contrib.service")).toBe("otelcol-contrib.service");
		expect(shown("/etc/otelcol-contrib/config.yaml")).toBe("/etc/otelcol-contrib/config.yaml");
		const { token } = canary();
		expect(shown(`--tokn ${token} x`)).toBe("--tokn [43 characters] x");
		expect(shown("a\u001b[31mb\u202ec\n")).toBe("a\\u001b[31mb\\u202ec\\u000a");
		expect(shown("y ".repeat(500)).length).toBe(120);
	});
});

test("a text may keep the tokens that it had, and gets none more", () => {
	const [one, two] = [canary(), canary()];
	for (const { token } of [one, two]) Secret.of(token);
	const before = `A=${one.token}\nB=${one.token}\n`;
	expect(holdsMoreSecrets(before, before)).toBe(false);
	expect(holdsMoreSecrets(`A=${one.token}\n`, before)).toBe(false);
	expect(holdsMoreSecrets(`${before}C=${one.token}\n`, before)).toBe(true);
	expect(holdsMoreSecrets(`A=${one.token}\nB=${two.token}\n`, before)).toBe(true);
	expect(holdsMoreSecrets(`A=${encodeURIComponent(two.token)}\n`, before)).toBe(true);
	expect(holdsMoreSecrets("", before)).toBe(false);
});
