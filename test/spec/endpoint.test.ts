import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointProblems, isThisMachine } from "../../src/spec/endpoint.ts";
import { impossibleEndpoints, possibleEndpoints } from "../harness/endpoints.ts";

const problems = (url: string) => endpointProblems(url, "--endpoint", "never");

/** The same in sh: test/endpoint/bad-input.test.ts. */
describe("an endpoint", () => {
	test.each(impossibleEndpoints)("%j is refused, with one line", (url) => {
		expect(problems(url)).toHaveLength(1);
	});

	test.each(possibleEndpoints)("%j is taken", (url) => {
		expect(problems(url)).toEqual([]);
	});

	test("that is taken names the host that is connected to", () => {
		const piece = fc.constantFrom(..."aZ09.-_:%@[]/\\?#\t \u00fc".split(""), "0x", "127.0.0.1", "evil");
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
				const text = `https://${pieces.join("")}`;
				if (problems(text).length > 0) return;
				const [, host = "", port] = /^https:\/\/(\[[^\]]*\]|[^:/]*)(?::(\d+))?(?:\/|$)/.exec(text) ?? [];
				const url = new URL(text);
				const isSame = host.startsWith("[") || host.toLowerCase() === url.hostname;
				expect({ isSame, port: Number(port ?? 443) }).toEqual({ isSame: true, port: Number(url.port || 443) });
			}),
			{ numRuns: 20_000, seed: 8 },
		);
	});

	test.each(["localhost", "127.0.0.1", "127.1.2.3", "0.0.0.0", "[::]", "[::1]", "localhost.", "a.localhost"])(
		"%s is this machine",
		(name) => {
			expect(isThisMachine(name)).toBe(true);
		},
	);
});
