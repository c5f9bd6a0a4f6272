import type { StoreExpected } from "../../contracts/store.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

const [BODY, INTO] = ["/kit/install.sh", "/kit/install.secret.sh"];

export const expected: StoreExpected = {
	world: "machine",
	asks: false,
	compares: false,
	creates: false,
	async open(start) {
		const { held, files } = memoryFiles({ [BODY]: "#!/bin/sh\ntoken='@TOKEN@'\n" });
		let uploaded = start;
		return {
			settings: { body: BODY, into: INTO, where: "Portal > Scripts > Install" },
			reach: reachWith({ files }),
			isWrite: () => false,
			held: async () => uploaded,
			others: async () => held.get(BODY)?.bytes.toString(),
			meddle: async (value) => {
				uploaded = value;
			},
		};
	},
};
