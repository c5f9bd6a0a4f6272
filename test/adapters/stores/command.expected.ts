import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoreExpected } from "../../contracts/store.ts";
import { scratch } from "../../harness/cli.ts";
import { reachWith } from "../../harness/store.ts";

export const expected: StoreExpected = {
	world: "machine",
	asks: false,
	compares: false,
	creates: false,
	async open(start) {
		const folder = scratch();
		const [held, log] = [join(folder, "held"), join(folder, "log")];
		mkdirSync(join(folder, "bin"));
		writeFileSync(held, start ?? "");
		writeFileSync(join(folder, "bin/put"), '#!/bin/sh\nread -r token && printf %s "$token" >"$1"\n');
		chmodSync(join(folder, "bin/put"), 0o755);
		writeFileSync(log, "kept");
		return {
			settings: { write: [join(folder, "bin/put"), held], timeout: "1m" },
			reach: reachWith(),
			isWrite: () => false,
			held: async () => readFileSync(held, "utf8") || undefined,
			others: async () => readFileSync(log, "utf8"),
			meddle: async (value) => writeFileSync(held, value),
		};
	},
};
