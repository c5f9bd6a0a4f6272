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

/** The sum of a query's values, as Prometheus knows them now. */
export async function ask(server: string, query: string): Promise<number> {
	const answer = await (await fetch(`${server}/api/v1/query?query=${encodeURIComponent(query)}`)).json();
	const { data } = answer as { data: { result: { value: [number, string] }[] } };
	return data.result.reduce((sum, { value }) => sum + Number(value[1]), 0);
}
