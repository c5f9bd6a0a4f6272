import { describe, expect, test } from "vitest";
import { patiently, patientlyLater } from "../../../src/effects/files/moving.ts";

const held = (code: string) => Object.assign(new Error(code), { code });

describe("work on a file that another program holds open", () => {
	test.each(["EPERM", "EACCES", "EBUSY"])("%s is tried again after a pause", async (code) => {
		for (const late of [false, true]) {
			let left = 2;
			const pauses: number[] = [];
			const work = () => {
				if (left-- > 0) throw held(code);
				return "done";
			};
			const done = late
				? await patientlyLater(
						async () => work(),
						async (ms) => void pauses.push(ms),
						[10, 20, 40],
					)
				: patiently(work, (ms) => pauses.push(ms), [10, 20, 40]);
			expect({ done, pauses }).toEqual({ done: "done", pauses: [10, 20] });
		}
	});

	test("in the end it throws what the last attempt threw", async () => {
		const pauses: number[] = [];
		let tries = 0;
		const work = () => {
			tries++;
			throw held("EBUSY");
		};
		expect(() => patiently(work, (ms) => pauses.push(ms), [1, 2])).toThrow("EBUSY");
		expect({ tries, pauses }).toEqual({ tries: 3, pauses: [1, 2] });
		await expect(
			patientlyLater(
				async () => work(),
				async () => undefined,
				[1, 2],
			),
		).rejects.toThrow("EBUSY");
		expect(tries).toBe(6);
	});

	test("what no pause helps against is thrown at once", async () => {
		const never = () => expect.unreachable("a pause");
		const work = () => {
			throw held("ENOSPC");
		};
		expect(() => patiently(work, never, [1])).toThrow("ENOSPC");
		await expect(patientlyLater(async () => work(), never, [1])).rejects.toThrow("ENOSPC");
	});
});
