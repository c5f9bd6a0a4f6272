import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { scratch } from "./cli.ts";
import { freePorts } from "./collector.ts";
import { program } from "./parts.ts";
import { waitFor } from "./wait.ts";

/** Debian's own. */
export const prometheus = program("prometheus");

/** The hosts of a job, or the file in which it discovers them. */
type Targets = readonly string[] | { readonly file: string };

/** Starts the real Prometheus with targets that it scrapes every second, and waits until it answers. Ended after the test. */
export async function startPrometheus(targets: Readonly<Record<string, Targets>>): Promise<string> {
	const folder = scratch();
	const [port = 0] = await freePorts(1);
	const jobs = Object.entries(targets).map(([job, hosts]) => ({
		job_name: job,
		scrape_interval: "1s",
		scrape_timeout: "1s",
		...("file" in hosts
			? { file_sd_configs: [{ files: [hosts.file], refresh_interval: "1s" }] }
			: { static_configs: [{ targets: hosts }] }),
	}));
	writeFileSync(join(folder, "prometheus.yml"), JSON.stringify({ scrape_configs: jobs }));
	const child = spawn(
		prometheus.path,
		[
			`--config.file=${join(folder, "prometheus.yml")}`,
			`--storage.tsdb.path=${join(folder, "data")}`,
			`--web.listen-address=127.0.0.1:${port}`,
			"--web.enable-remote-write-receiver",
		],
		{ cwd: folder, stdio: "ignore" },
	);
	const ended = new Promise((done) => child.on("close", done));
	onTestFinished(async () => {
		child.kill("SIGKILL");
		await ended;
	});
	const url = `http://127.0.0.1:${port}`;
	await waitFor("Prometheus to be ready", () =>
		fetch(`${url}/-/ready`).then(
			({ ok }) => ok,
			() => false,
		),
	);
	return url;
}

/** A sample as it is pushed: its labels, the name among them as `__name__`, and its value. */
export interface PushedSample {
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

/** Pushes samples of now, as an agent does. https://prometheus.io/docs/specs/prw/remote_write_spec/ */
export async function push(server: string, samples: readonly PushedSample[]): Promise<void> {
	const time = varint(Date.now());
	const series = samples.map(({ labels, value }) => {
		const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
		const named = sorted.map(([name, text]) =>
			field(1, [field(1, [Buffer.from(name)]), field(2, [Buffer.from(text)])]),
		);
		const number = Buffer.alloc(8);
		number.writeDoubleLE(value);
		return field(1, [...named, field(2, [Buffer.from([(1 << 3) | 1]), number, Buffer.from([2 << 3]), time])]);
	});
	const response = await fetch(`${server}/api/v1/write`, {
		method: "POST",
		headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
		body: snappy(Buffer.concat(series)),
	});
	if (!response.ok) throw new Error(`not taken: ${response.status} ${await response.text()}`);
}

/** A field of protobuf that has a length. */
function field(number: number, parts: readonly Buffer[]): Buffer {
	const content = Buffer.concat(parts);
	return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
}

function varint(number: number): Buffer {
	const bytes: number[] = [];
	let rest = BigInt(number);
	for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
	return Buffer.from([...bytes, Number(rest)]);
}

/** Snappy's block format without compression: https://github.com/google/snappy/blob/main/format_description.txt */
function snappy(content: Buffer): Buffer {
	const most = 65_536;
	const parts = [varint(content.length)];
	for (let at = 0; at < content.length; at += most) {
		const piece = content.subarray(at, at + most);
		const head = Buffer.from([61 << 2, 0, 0]);
		head.writeUInt16LE(piece.length - 1, 1);
		parts.push(head, piece);
	}
	return Buffer.concat(parts);
}

/** The sum of a query's values, as Prometheus knows them now. */
export async function ask(server: string, query: string): Promise<number> {
	const answer = await (await fetch(`${server}/api/v1/query?query=${encodeURIComponent(query)}`)).json();
	const { data } = answer as { data: { result: { value: [number, string] }[] } };
	return data.result.reduce((sum, { value }) => sum + Number(value[1]), 0);
}
