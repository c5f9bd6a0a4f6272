import type { StoreExpected } from "../../contracts/store.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

const PATH = "/etc/otel/collector.env";
const around = ["# comment = kept; it's \"odd\"\r\nOTHER='a b'\r\n", '\r\n; last\r\nTWICE=1\r\nTWICE="2"'] as const;

export const expected: StoreExpected = {
	world: "machine",
	asks: false,
	compares: true,
	creates: true,
	async open(start) {
		const [head, tail] = around;
		const text = start === undefined ? head + tail : `${head}OTEL_TOKEN="${start}"${tail}`;
		const { held, files } = memoryFiles({ [PATH]: text, "/etc/otel/other": "kept" });
		const pattern = /^OTEL_TOKEN="?([^"\r\n]+)"?(\r\n|$)/m;
		const now = () => held.get(PATH)?.bytes.toString() ?? "";
		return {
			settings: { path: PATH, key: "OTEL_TOKEN", reader: "systemd" },
			reach: reachWith({ files }),
			isWrite: () => false,
			held: async () => pattern.exec(now())?.[1],
			others: async () => [now().replace(/^OTEL_TOKEN=.*$/m, ""), [...held].map(([path, { mode }]) => [path, mode])],
			meddle: async (value) =>
				void held.set(PATH, { bytes: Buffer.from(`${head}OTEL_TOKEN="${value}"${tail}`), mode: 0o640 }),
		};
	},
};
