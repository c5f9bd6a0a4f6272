import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { scratch } from "../cli.ts";
import { part } from "../parts.ts";
import { startFence } from "./fence.ts";

export interface Ended {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A made-up workstation: a home, a project and an /etc of its own, and no way out but loopback. */
export interface LabMachine {
	readonly home: string;
	/** An empty folder to work in. */
	readonly project: string;
	/** What its processes see as /etc: that of the host by links, without anything of a CLI. */
	readonly etc: string;
	/** For temporary files; TMPDIR is set to it. */
	readonly tmp: string;
	/** Hosts that its processes asked the proxy for, and did not get. */
	readonly wanted: ReadonlySet<string>;
	/** The path on the host of a file that is given as the machine sees it: `/etc/…` or `~/…`. */
	path(place: string): string;
	/** Writes a file at such a place, and the folders above it. */
	write(place: string, content: string, mode?: number): void;
	/** Runs a program to its end. Variables of the host's environment are not passed on. */
	run(argv: readonly [string, ...string[]], options?: LabRunOptions): Promise<Ended>;
}

export interface LabRunOptions {
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
	/** Nothing if not given. */
	readonly stdin?: string;
}

/** Wide: a run takes some seconds on an idle machine. */
const DEADLINE_MS = 180_000;

const userNamespace = process.getuid?.() === 0 ? [] : ["--map-root-user"];

/** Mount namespaces, in which /etc can be another folder and nothing of it shows on the host. */
export const namespaces = part("a mount namespace (unshare, as root or where users may)", () => {
	const probe = [...userNamespace, "--mount", "mount", "--rbind", "/etc", "/etc"];
	return spawnSync("unshare", probe).status === 0 ? "unshare" : undefined;
});

/** What of the host's /etc the machine does not see: what the host tells its own CLIs. */
const hidden = clis.map(({ system }) => system.file.linux.split("/")[2] ?? "");

/** What it has instead: who does not ask the proxy finds no name. */
const replaced: Readonly<Record<string, string>> = {
	"resolv.conf": "nameserver 127.255.255.254\noptions timeout:1 attempts:1\n",
	"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
};

/** Everything of it is gone after the test. */
export async function startMachine(): Promise<LabMachine> {
	const root = scratch();
	const at = (name: string) => join(root, name);
	const [home, project, etc, tmp] = [at("home"), at("home/project"), at("etc"), at("tmp")];
	for (const folder of [home, project, etc, tmp, at("host-etc")]) mkdirSync(folder);
	for (const name of readdirSync("/etc")) {
		if (!hidden.includes(name) && !(name in replaced)) symlinkSync(join(at("host-etc"), name), join(etc, name));
	}
	for (const [name, content] of Object.entries(replaced)) writeFileSync(join(etc, name), content);
	const fence = await startFence();
	const path = (place: string) => (place.startsWith("/etc/") ? at(place) : place.replace(/^~/, home));
	const enter = `mount --rbind /etc "$0/host-etc" && mount --bind "$0/etc" /etc && exec "$@"`;
	const shut = ["unshare", ...userNamespace, "--mount", "sh", "-c", enter, root];
	return {
		home,
		project,
		etc,
		tmp,
		wanted: fence.wanted,
		path,
		write(place, content, mode = 0o644) {
			mkdirSync(dirname(path(place)), { recursive: true });
			writeFileSync(path(place), content, { mode });
		},
		run(argv, { cwd = project, env = {}, stdin = "" } = {}) {
			const [program, ...args] = [...shut, ...argv];
			const base = { PATH: process.env["PATH"], HOME: home, TMPDIR: tmp, LANG: "C.UTF-8", ...fence.env };
			return ended(
				spawn(program ?? "", args, {
					cwd,
					env: { ...base, ...env },
					stdio: "pipe",
					detached: true,
				}),
				stdin,
			);
		},
	};
}

async function ended(child: ChildProcess, stdin: string): Promise<Ended> {
	const kill = () => {
		try {
			// The whole group: a CLI starts children of its own.
			process.kill(-(child.pid ?? 0), "SIGKILL");
		} catch {
			// It is over.
		}
	};
	onTestFinished(kill);
	const timer = setTimeout(kill, DEADLINE_MS);
	child.stdin?.on("error", () => undefined);
	child.stdin?.end(stdin);
	const outcome = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name]?.setEncoding("utf8");
		child[name]?.on("data", (chunk: string) => {
			outcome[name] += chunk;
		});
	}
	const code = await new Promise<number | null>((done, failed) => {
		child.on("close", done);
		child.on("error", failed);
	});
	clearTimeout(timer);
	return { code, ...outcome };
}
