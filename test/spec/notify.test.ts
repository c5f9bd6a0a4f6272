import { describe, expect, test } from "vitest";
import { CrossfadeError } from "../../src/base/errors.ts";
import { parseFleet } from "../../src/spec/fleet.ts";

const parse = (block: string) => parseFleet(`version: 1\nnotify: ${block}\n`, "crossfade.yaml", "/srv");

describe("notify:", () => {
	test("has receivers, each told of everything or of some events", () => {
		const { notify } = parse("[{ webhook: file:slack.url }, { command: [page, -x], on: [failed, done] }]");
		expect(notify).toEqual([
			{
				webhook: { kind: "file", path: "/srv/slack.url" },
				command: undefined,
				on: ["needs-a-person", "deadline-near", "done", "failed"],
			},
			{ webhook: undefined, command: ["page", "-x"], on: ["failed", "done"] },
		]);
	});

	test.each([
		["[{ webhook: https://hooks.example.com/T0/B0/s3cretS3cretS3cret12 }]", "file:PATH or env:NAME"],
		["[{ webhook: prompt }]", "file:PATH or env:NAME"],
		["[{ webhook: env:URL, command: [page] }]", "either webhook or command"],
		["[{ on: [done] }]", "either webhook or command"],
		["[{ command: [] }]", "a program and its arguments"],
		["[{ command: [page], on: [tea-time] }]", "one of needs-a-person, deadline-near, done, failed"],
		["[{ command: [page], on: [] }]", "at least one event"],
		["{ command: [page] }", "a list"],
	])("%s is one clear error that quotes no URL", (block, expected) => {
		try {
			parse(block);
			expect.unreachable();
		} catch (error) {
			if (!(error instanceof CrossfadeError)) throw error;
			expect(error.problems).toHaveLength(1);
			expect(error.problems[0]?.expected).toContain(expected);
			expect(error.problems[0]?.where?.line).toBe(2);
			expect(JSON.stringify(error.problems)).not.toContain("s3cret");
		}
	});
});
