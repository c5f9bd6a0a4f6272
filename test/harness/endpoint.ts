import {
	chmodSync,
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { clis } from "../../src/adapters/clis/registry.ts";
import { providers } from "../../src/adapters/providers/registry.ts";
import { vehicles } from "../../src/adapters/vehicles/registry.ts";
import { renderEndpoint } from "../../src/generate/render/endpoint.ts";
import type { EndpointScript } from "../../src/spec/endpoint-script.ts";
import { canary } from "./canary.ts";
import { scratch } from "./cli.ts";
import { type Part, program } from "./parts.ts";
import { runScript, type ScriptOptions, type ScriptRun, type TestShell } from "./shells.ts";

const provider = providers[0];
if (!provider?.endpoint) throw new Error("the default provider has an endpoint");
const ENDPOINT = provider.endpoint;

export const actions = ["install", "report", "uninstall"] as const;

/** A rendered endpoint script; a build for tests unless told otherwise. The installer's can do everything, another one action. */
export function endpointScript(vehicle = "generic", changes: Partial<EndpointScript> = {}): string {
	const found = vehicles.find(({ id }) => id === vehicle);
	if (!found) throw new Error(`no vehicle ${vehicle}`);
	const { title, takes } = provider as typeof provider & object;
	return renderEndpoint({
		vehicle: found,
		mode: "param",
		action: "install",
		os: ["macos", "linux"],
		clis,
		provider: { title, endpoint: ENDPOINT, takes },
		hooks: true,
		...(vehicle === "installer" && { actions }),
		...changes,
	}).content;
}

/** The awks of the world: macOS has the one-true-awk, Debian mawk, Fedora gawk, Alpine busybox. */
export const awks: readonly Part[] = ["mawk", "gawk", "original-awk", "busybox"].map(program);

/** The CLIs that a made-up home has, by the releases of their installers. Every other CLI has its contract, in test/adapters. */
export const releases = { "claude-code": "2.1.330", codex: "0.169.0", gemini: "0.61.0" };

/** Puts CLIs in a home: Claude Code's native install, the others from npm. A release of `""` leaves a CLI out. */
function installClis(home: string, versions: Readonly<Record<string, string>> = {}): void {
	for (const [id, version] of Object.entries({ ...releases, ...versions })) {
		const npm = clis.find((cli) => cli.id === id)?.npm ?? id;
		if (version === "") continue;
		if (id === "claude-code") {
			mkdirSync(join(home, ".local/bin"), { recursive: true });
			symlinkSync(join(home, ".local/share/claude/versions", version), join(home, ".local/bin/claude"));
		} else write(home, `.npm-global/lib/node_modules/${npm}/package.json`, packageJson(npm, version));
	}
}

const packageJson = (name: string, version: string) => `${JSON.stringify({ name, version }, null, 2)}\n`;

export function write(folder: string, path: string, content: string | Uint8Array, mode = 0o644): string {
	const full = join(folder, path);
	mkdirSync(dirname(full), { recursive: true });
	writeFileSync(full, content);
	chmodSync(full, mode);
	return full;
}

/** A made-up machine: folders that stand for the system's, one home, and the way to run the script there. */
export interface EndpointMachine {
	readonly root: string;
	readonly home: string;
	readonly script: string;
	/** The settings file of each CLI in the home. */
	readonly files: Readonly<Record<keyof typeof releases, string>>;
	/** Runs the script for the action that the words name, or for install. */
	run(args: string, options?: ScriptRunOptions): Promise<ScriptRun>;
}

export interface ScriptRunOptions extends Partial<ScriptOptions> {
	readonly shell?: TestShell;
	readonly token?: string;
}

export const dash: TestShell = { name: "dash", part: program("sh"), args: [] };

/** The machine's own, without the background processes that the real CLIs of other tests leave running meanwhile. */
const PS = `#!/bin/sh
PATH=/usr/bin:/bin ps "$@" | grep -v${clis.flatMap(({ daemon }) => (daemon ? [` -e '${daemon.command}'`] : [])).join("")}
exit 0
`;

/** `env` and `path` (folders searched before the system's) hold for every run. */
export function machine(
	options: {
		readonly vehicle?: string;
		readonly versions?: Readonly<Record<string, string>>;
		readonly awk?: string;
		readonly path?: string;
		readonly content?: string;
	} = {},
): EndpointMachine {
	const folder = scratch();
	const root = join(folder, "root");
	const home = join(folder, "home");
	const vehicle = options.vehicle ?? "generic";
	const isOne = options.content !== undefined || vehicle === "installer";
	const script = write(folder, "script.sh", options.content ?? endpointScript(vehicle));
	for (const action of isOne ? [] : actions) write(folder, `${action}.sh`, endpointScript(vehicle, { action }));
	const scriptFor = (words: readonly string[]) =>
		isOne ? script : join(folder, `${actions.find((action) => words.includes(action)) ?? "install"}.sh`);
	mkdirSync(join(root, "etc"), { recursive: true });
	mkdirSync(join(root, "var/run"), { recursive: true });
	mkdirSync(home);
	installClis(home, options.versions);
	const tools = join(folder, "tools");
	write(tools, "ps", PS, 0o755);
	if (options.awk) {
		const path = program(options.awk).path;
		if (options.awk === "busybox") write(tools, "awk", `#!/bin/sh\nexec ${path} awk "$@"\n`, 0o755);
		else symlinkSync(path, join(tools, "awk"));
	}
	const path = [tools, options.path, "/usr/bin:/bin:/usr/sbin:/sbin"].filter((part) => part).join(":");
	return {
		root,
		home,
		script,
		files: {
			"claude-code": join(home, ".claude/settings.json"),
			codex: join(home, ".codex/config.toml"),
			gemini: join(home, ".gemini/settings.json"),
		},
		run: (args, { shell = dash, token, ...rest } = {}) => {
			const words = args.split(" ").filter((word) => word !== "");
			return runScript(shell, scriptFor(words), words, {
				canaries: token && token.length >= 20 ? [{ ...canary(), token }] : [],
				stdin: token === undefined ? "" : `${token}\n`,
				...rest,
				env: { HOME: home, CROSSFADE_TEST_ROOT: root, CROSSFADE_TEST_PATH: path, ...rest.env },
			});
		},
	};
}

/** Every file below a folder with its bytes, mode, inode and time of change, or the target of a link. */
export function snapshot(folder: string): Record<string, string> {
	const found: Record<string, string> = {};
	for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
		const path = join(folder, name);
		const { mode, ino, mtimeMs } = lstatSync(path);
		const content = lstatSync(path).isFile() ? readFileSync(path, "latin1") : "";
		found[relative(folder, path)] = `${mode.toString(8)} ${ino} ${mtimeMs} ${content}`;
	}
	return found;
}

/** The same without inodes and times, and without folders. */
export function contents(folder: string): Record<string, string> {
	return Object.fromEntries(
		Object.entries(snapshot(folder))
			.filter(([path]) => lstatSync(join(folder, path)).isFile())
			.map(([path, text]) => [path, text.replace(/^(\S+) \S+ \S+ /, "$1 ")]),
	);
}

export const text = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
