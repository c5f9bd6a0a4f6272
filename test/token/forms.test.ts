import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { secretForms } from "../../src/token/forms.ts";
import { canary } from "../harness/canary.ts";

test("a token is found in base64 at each place that it can begin at, whatever is around it", () => {
	for (let round = 0; round < 60; round++) {
		const { token } = canary();
		const around = (length: number) => randomBytes(length);
		const text = Buffer.concat([around(round), Buffer.from(token), around(round % 7)]);
		for (const encoding of ["base64", "base64url"] as const) {
			expect(secretForms(token).some((form) => text.toString(encoding).includes(form))).toBe(true);
		}
	}
});

test("the longest form comes first, and a short token has no forms in one case, which could be words", () => {
	const forms = secretForms("Password");
	expect(forms.map(({ length }) => length)).toEqual(forms.map(({ length }) => length).sort((a, b) => b - a));
	expect(forms).not.toContain("password");
	expect(secretForms("A-token-of-twenty-letters")).toContain("a-token-of-twenty-letters");
});
