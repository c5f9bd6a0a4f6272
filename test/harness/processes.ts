import { readdirSync, readFileSync } from "node:fs";
import { part } from "./parts.ts";

export const procfs = part("/proc", () => (process.platform === "linux" ? "/proc" : undefined), {
	reason: "this system tells no process's memory in /proc",
	fix: "run it on Linux",
});

/** Resident memory of a process. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export function residentBytes(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/** What was seen of a process and all its descendants: command lines, and the environments of the descendants. */
export interface ProcessSightings {
	readonly commandLines: Set<string>;
	readonly environments: Set<string>;
	stop(): void;
}

/** Watches a process tree through /proc, as often as the event loop allows, until `stop`. Sees nothing where there is no /proc. */
export function watchProcesses(root: number): ProcessSightings {
	const commandLines = new Set<string>();
	const environments = new Set<string>();
	const look = () => {
		// Anew each time: right after its start a process can have an empty command line for a moment.
		const own = read(`/proc/${root}/cmdline`);
		for (const pid of family(root)) {
			const commandLine = read(`/proc/${pid}/cmdline`);
			commandLines.add(commandLine);
			// Between fork and exec a child is a copy of its parent, whose environment is the test's own doing.
			if (pid !== root && own !== "" && commandLine !== own) environments.add(read(`/proc/${pid}/environ`));
		}
	};
	look();
	const timer = setInterval(look, 1);
	return { commandLines, environments, stop: () => clearInterval(timer) };
}

function family(root: number): number[] {
	const found = [root];
	for (const pid of found) {
		for (const task of list(`/proc/${pid}/task`)) {
			const children = read(`/proc/${pid}/task/${task}/children`).trim();
			if (children !== "") found.push(...children.split(" ").map(Number));
		}
	}
	return found;
}

function list(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

function read(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}
