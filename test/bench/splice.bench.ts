import { join } from "node:path";
import { test } from "vitest";
import { CLI, scratch } from "../harness/cli.ts";
import { compareCommands, say } from "./measure.ts";

test("splice of a config of 2,000 lines against parsing it once with the yaml library in a process of its own", () => {
	const exporters = Array.from(
		{ length: 498 },
		(_, index) =>
			`  otlp/${index}:\n    endpoint: host-${index}.example.com:4317\n    tls:\n      insecure: true # why`,
	);
	const service = "service:\n  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters: [otlp/1]\n";
	const text = `receivers:\n  otlp:\nexporters:\n${exporters.join("\n")}\n${service}`;
	const file = join(scratch({ "large.yaml": text }), "large.yaml");
	const parse = `require("yaml").parseDocument(require("fs").readFileSync(${JSON.stringify(file)}, "utf8"))`;
	const collector = ["collector", "-d", "contrib", "--into", file];
	const check = ["check", "-d", "contrib", "--no-bin", file];
	const [, into, checked] = compareCommands(
		[[process.execPath, "-e", parse], ...[collector, check].map((args) => [process.execPath, CLI, ...args])],
		15,
	);
	say(
		`${text.split("\n").length} lines, times one parse: --into ${into?.median.toFixed(2)} (two parses, splice, verification), check ${checked?.median.toFixed(2)}`,
	);
});
