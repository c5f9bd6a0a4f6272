import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "vitest";
import { CLI, scratch } from "../harness/cli.ts";
import { nodeOf, type Part } from "../harness/parts.ts";
import { compareCommands, say } from "./measure.ts";

const config = `receivers:
  otlp:
    protocols:
      grpc:
exporters:
  debug:
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
`;

const here: Part = { name: "this Node", path: process.execPath, need: () => undefined };

/** Bars on Node 20: --help 1.6, collector 2.0, --into 2.5. */
test.for([here, ...[22, 24, 26].map(nodeOf)])("start of the command line against node -e 0: $name", (node, context) => {
	node.need(context);
	const file = join(scratch({ "c.yaml": config }), "c.yaml");
	const commands = [
		["--help"],
		["collector", "-d", "contrib"],
		["collector", "-d", "contrib", "--into", file],
		["check", "-d", "contrib", "--no-bin", file],
	];
	const [, ...ratios] = compareCommands([[node.path, "-e", "0"], ...commands.map((args) => [node.path, CLI, ...args])]);
	const version = execFileSync(node.path, ["--version"], { encoding: "utf8" }).trim();
	for (const [index, { median, minimum }] of ratios.entries()) {
		const line = commands[index]?.join(" ").replace(file, "FILE");
		say(`${version}: ${median.toFixed(2)} (minimum ${minimum.toFixed(2)}) times node -e 0: crossfade ${line}`);
	}
});
