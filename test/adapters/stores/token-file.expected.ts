import type { StoreExpected } from "../../contracts/store.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

const PATH = "/etc/otel/token";

export const expected: StoreExpected = {
	world: "machine",
	asks: false,
	compares: true,
	creates: true,
	async open(start) {
		const { held, files } = memoryFiles(start === undefined ? {} : { [PATH]: `${start}\n` });
		return {
			settings: { path: PATH },
			reach: reachWith({ files }),
			isWrite: () => false,
			held: async () => held.get(PATH)?.bytes.toString().trim(),
			others: async () => [[...held.keys()].filter((path) => path !== PATH), held.get(PATH)?.mode],
			meddle: async (value) => void held.set(PATH, { bytes: Buffer.from(value), mode: 0o640 }),
		};
	},
};
