import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { needs, nodeOf, type Part } from "../harness/parts.ts";
import { httpText } from "../harness/raw-server.ts";
import { rotationWorld } from "../harness/rotate.ts";
import { compareCommands, median, quietEnvironment, say } from "./measure.ts";

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

const here: Part = { name: "this Node", path: process.execPath, missing: undefined };

const nodes = [here, ...[22, 24, 26].map(nodeOf)];

// As if `npm ci` had been run with each.
beforeAll(() => {
	for (const { path, missing } of nodes)
		if (missing === undefined)
			execFileSync(path, [new URL("../../scripts/compile-ahead.mjs", import.meta.url).pathname]);
});

/** Bars: --help 1.6, collector 2.0, --into 2.5. */
for (const node of nodes)
	test(`start of the command line against node -e 0: ${node.name}`, needs(node), () => {
		const file = join(scratch({ "c.yaml": config }), "c.yaml");
		const commands = [
			["--help"],
			["collector", "-d", "contrib"],
			["collector", "-d", "contrib", "--into", file],
			["check", "-d", "contrib", "--no-bin", file],
		];
		const [, ...ratios] = compareCommands([
			[node.path, "-e", "0"],
			...commands.map((args) => [node.path, CLI, ...args]),
		]);
		const version = execFileSync(node.path, ["--version"], { encoding: "utf8" }).trim();
		for (const [index, { median, minimum }] of ratios.entries()) {
			const line = commands[index]?.join(" ").replace(file, "FILE");
			say(`${version}: ${median.toFixed(2)} (minimum ${minimum.toFixed(2)}) times node -e 0: crossfade ${line}`);
		}
	});

/** Bar: 2.5, in the middle of a rotation, with a provider that cannot be reached. */
for (const node of nodes)
	test(`start of rotate status against node -e 0: ${node.name}`, needs(node), async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		// Nothing answers while the programs are waited for.
		const fleet = join(world.cwd, "crossfade.yaml");
		world.write("crossfade.yaml", world.fleet.replace(world.url, "http://127.0.0.1:1"));
		const state = join(world.cwd, ".local/state");
		const status = ["env", `XDG_STATE_HOME=${state}`, node.path, CLI, "rotate", "status", "it", "--fleet", fleet];
		const said = spawnSync("env", status.slice(1), { encoding: "utf8" });
		if (said.status !== 16) throw new Error(`${said.status}: ${said.stdout}${said.stderr}`);
		const quiet = ["sh", "-c", '"$@" >/dev/null || [ $? = 16 ]', "sh"];
		const [, ratio] = compareCommands([
			[...quiet, node.path, "-e", "0"],
			[...quiet, ...status],
		]);
		const version = execFileSync(node.path, ["--version"], { encoding: "utf8" }).trim();
		const { median: middle = 0, minimum = 0 } = ratio ?? {};
		say(`${version}: ${middle.toFixed(2)} (minimum ${minimum.toFixed(2)}) times node -e 0: crossfade rotate status`);
	});

/** Bars: 5.5 on Node 20, 3.2 on later ones. */
for (const node of nodes)
	test(`first byte of a probe against node -e 0: ${node.name}`, needs(node), async () => {
		let tell: (() => void) | undefined;
		const server = createServer((socket) => {
			socket.on("error", () => undefined);
			socket.once("data", () => {
				tell?.();
				socket.end(httpText("200 OK", { "content-type": "application/x-protobuf" }));
			});
		}).listen(0, "127.0.0.1");
		onTestFinished(() => {
			server.close();
		});
		await once(server, "listening");
		const { port } = server.address() as { port: number };
		const folder = scratch({ "new.token": canary().token });
		const probe = [
			"probe",
			"--token",
			"new=file:new.token",
			"--endpoint",
			`http://127.0.0.1:${port}`,
			"--signals",
			"logs",
		];
		const start = (args: readonly string[]) =>
			spawn(node.path, args, { cwd: folder, env: quietEnvironment, stdio: "ignore" });
		const [bare, first]: [number[], number[]] = [[], []];
		for (let round = 0; round <= 31; round++) {
			let begin = performance.now();
			await once(start(["-e", "0"]), "close");
			const empty = performance.now() - begin;
			begin = performance.now();
			const byte = new Promise<void>((done) => {
				tell = done;
			});
			const child = start([CLI, ...probe]);
			await byte;
			const until = performance.now() - begin;
			await once(child, "close");
			if (round === 0) continue;
			bare.push(empty);
			first.push(until);
		}
		const version = execFileSync(node.path, ["--version"], { encoding: "utf8" }).trim();
		const ratios = `${(median(first) / median(bare)).toFixed(2)} (minimum ${(Math.min(...first) / Math.min(...bare)).toFixed(2)})`;
		say(`${version}: ${ratios} times node -e 0: first byte of crossfade probe`);
	});
