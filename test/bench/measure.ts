import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

/** Loading extra certificates triples the start of Node 20 and has nothing to do with us. */
const { NODE_EXTRA_CA_CERTS: _extra, ...env } = process.env;

export { env as quietEnvironment };

export function median(values: readonly number[]): number {
	return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Wall time of commands as a multiple of the first, run in turn; median and minimum of the rounds after a warm-up. */
export function compareCommands(
	commands: readonly (readonly string[])[],
	rounds = 31,
): { median: number; minimum: number }[] {
	const times = commands.map((): number[] => []);
	for (let round = 0; round <= rounds; round++) {
		for (const [index, [program = "", ...args]] of commands.entries()) {
			const begin = performance.now();
			const { status } = spawnSync(program, args, { stdio: "ignore", env });
			if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}`);
			if (round > 0) times[index]?.push(performance.now() - begin);
		}
	}
	const [first = []] = times;
	return times.map((each) => ({
		median: median(each) / median(first),
		minimum: Math.min(...each) / Math.min(...first),
	}));
}

/** CPU seconds a process has used so far. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function cpuSeconds(pid: number): number {
	const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
	const fields = rest.split(" ");
	return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function say(line: string): void {
	process.stdout.write(`bench: ${line}\n`);
}
