import { type Cli, machineNpmRoots, userNpmRoots } from "../../adapters/clis/cli.ts";
import type { CliLayering, LayerPlace } from "../../adapters/clis/layering.ts";
import { ownEntry } from "../../base/lookup.ts";
import { compareVersions, parseVersion, type Version } from "../../base/versions.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Machine } from "../../effects/process/machine.ts";
import { markAt, mistyped, type Parsed, parseSettings, unknownKey } from "./parse.ts";
import type { LayerSight } from "./resolve.ts";

/** A release of a CLI, and where it was found; without a version if only its use was detected. */
export interface Install {
	readonly version: Version | undefined;
	readonly path: string;
	/** Whether it is the one started by name in this environment. */
	readonly isOnPath: boolean;
}

/** A CLI's process that outlives its sessions. */
export interface Daemon {
	readonly pid: number;
	/** Milliseconds since the epoch. */
	readonly startedAt: number;
	/** Names of its own variables that change its telemetry and differ from those of this environment. */
	readonly variables: readonly string[];
}

/** All observations of one CLI, before any conclusion. */
export interface CliSight {
	readonly installs: readonly Install[];
	/** The release whose rules apply. */
	readonly release: Version | undefined;
	readonly layers: readonly LayerSight[];
	readonly daemons: readonly Daemon[];
	/** The account that it is judged for, where root looks at another's home. */
	readonly owner?: number | undefined;
}

/** The effects a doctor needs. */
export type DoctorWorld = Pick<Effects, "environment" | "programs" | "clock">;

const MAX_BYTES = 10 * 1024 * 1024;
const MAX_PACKAGE_BYTES = 1024 * 1024;
const PROGRAM_MS = 20_000;

/** Inspects one CLI: releases from files, layers, background processes. Runs none of its programs. */
export async function gather(fx: DoctorWorld, machine: Machine, cli: Cli, layering: CliLayering): Promise<CliSight> {
	const installs = findInstalls(fx, machine, cli);
	const known = installs.flatMap(({ version }) => (version ? [version] : []));
	// The one that is started, also if its release is not known: what is left of another one says nothing about it.
	const started = installs.find(({ isOnPath }) => isOnPath);
	const release = started ? started.version : known.sort(compareVersions)[0];
	const layers: LayerSight[] = [];
	const seen = new Set<string>();
	for (const place of layering.layers) {
		for (const sight of await sightsOf(fx, machine, place, layering)) {
			// In the home folder, a project's file is the user's.
			const real = sight.path && (machine.realPath(sight.path) ?? sight.path);
			if (real !== undefined && seen.has(real)) continue;
			if (real !== undefined) seen.add(real);
			layers.push(sight);
		}
	}
	return {
		installs,
		release,
		layers,
		daemons: cli.daemon ? await daemonsOf(fx, machine, cli.daemon.command, cli.user, layering.variables) : [],
		...(machine.isOthers && { owner: machine.uid }),
	};
}

async function sightsOf(
	fx: DoctorWorld,
	machine: Machine,
	place: LayerPlace,
	layering: CliLayering,
): Promise<LayerSight[]> {
	if (place.paths === undefined) {
		const set = Object.entries(fx.environment).filter(
			([name, value]) => (value || layering.emptyCounts?.test(name)) && layering.variables.test(name),
		);
		const state = set.length > 0 ? "read" : "absent";
		return [{ place, path: undefined, state, document: { env: Object.fromEntries(set) } }];
	}
	const patterns = machine.os === "other" ? [] : (place.paths[machine.os] ?? []);
	const paths = pathsOf(patterns, machine, fx.environment);
	return Promise.all(paths.map((path) => sightOf(fx, machine, place, path, layering)));
}

/** The files of a layer; see `LayerPlace.paths`. */
function pathsOf(patterns: readonly string[], machine: Machine, environment: DoctorWorld["environment"]): string[] {
	const full = (pattern: string) =>
		pattern
			.replace(/\{(\w+):([^}]*)\}/, (_, name: string, otherwise: string) => environment[name] || otherwise)
			.replace(/^~(?=\/|$)/, machine.home)
			.replace(/^\.(?=\/)/, machine.cwd);
	const exists = (path: string) => machine.look(path, MAX_BYTES).kind !== "absent";
	const upward = patterns.filter((pattern) => pattern.startsWith("^")).map((pattern) => pattern.slice(1));
	if (upward.length === 0) return patterns.flatMap((pattern) => expand(full(pattern), machine));
	const near = foldersUpFrom(machine.cwd).flatMap((folder) => upward.map((name) => `${folder}/${name}`));
	const others = patterns.filter((pattern) => !pattern.startsWith("^")).map(full);
	const found = [...near, ...others].find(exists);
	return found === undefined ? [] : [found];
}

function foldersUpFrom(folder: string): string[] {
	const parts = folder.split("/").filter((part) => part !== "");
	return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`).concat("");
}

/** A star for one segment, or for a part of the last one. */
function expand(pattern: string, machine: Machine): string[] {
	const [, before, segment, after = ""] = /^(.*?)\/([^/]*\*[^/]*)(\/.*)?$/.exec(pattern) ?? [];
	if (before === undefined || segment === undefined) return [pattern];
	const [start = "", end = ""] = segment.split("*");
	return machine
		.list(before || "/")
		.filter((name) => !name.startsWith(".") || start.startsWith("."))
		.filter((name) => name.startsWith(start) && name.endsWith(end))
		.flatMap((name) => expand(`${before}/${name}${after}`, machine));
}

async function sightOf(
	fx: DoctorWorld,
	machine: Machine,
	place: LayerPlace,
	path: string,
	layering: CliLayering,
): Promise<LayerSight> {
	const file = machine.look(path, MAX_BYTES);
	if (file.kind === "absent") return { place, path, state: "absent" };
	if (file.kind === "unreadable") {
		const whom = machine.isOthers ? `the account of this home (uid ${machine.uid})` : "this account";
		return { place, path, state: "unreadable", why: `cannot be read by ${whom}` };
	}
	if (file.kind !== "file") {
		const why =
			file.kind === "large"
				? "is larger than 10 MB"
				: `is not a regular file${file.kind === "folder" ? " but a folder" : ""}`;
		return { place, path, state: "broken", why };
	}
	const about = {
		place,
		path,
		changedAt: file.changedAt,
		isForAll: (file.mode & 0o004) !== 0,
		isOpen: (file.mode & 0o077) !== 0,
		before: obstacleTo(machine, path, file.bytes, place.format),
	};
	const raw =
		place.format === "plist"
			? await plist(fx, path)
			: parseSettings(file.bytes, place.format ?? "json", place.tolerance ?? layering.tolerance);
	const parsed = place.format === "jsonc" && layering.expanded ? withVariables(raw, layering.expanded, fx) : raw;
	if ("problem" in parsed) return { ...about, state: "broken", why: parsed.problem, isUnparsed: true };
	const { types = {}, strict } = place;
	const wrong = mistyped(parsed.document, types) ?? (strict && unknownKey(parsed.document, strict));
	if (wrong !== undefined) return { ...about, state: "broken", why: wrong };
	// Checks only its mode, not the folder's: that much of the rule is known.
	if (place.mustBeSafe !== undefined && (file.mode & 0o022) !== 0) {
		return {
			...about,
			state: "unsafe",
			why: "can be written by users other than its owner",
			document: parsed.document,
		};
	}
	return { ...about, state: "read", document: parsed.document };
}

/** What the scripts of `crossfade install` refuse, although CLIs read it. */
function obstacleTo(
	machine: Machine,
	path: string,
	bytes: Uint8Array,
	format: LayerPlace["format"],
): string | undefined {
	if (machine.linkOf(path) !== undefined) return "put a file in place of the symbolic link, which is not followed";
	const mark = markAt(bytes);
	if (mark === "utf-16") return "save the file as UTF-8";
	// The mark of UTF-8 stays where install edits JSON without comments or TOML.
	if (mark && format === "jsonc") return "save the file without its byte order mark";
	return undefined;
}

/** A file's content with every text as the CLI uses it. */
function withVariables(parsed: Parsed, expanded: NonNullable<CliLayering["expanded"]>, fx: DoctorWorld): Parsed {
	if ("problem" in parsed) return parsed;
	const walk = (value: unknown): unknown => {
		if (typeof value === "string") return expanded(value, fx.environment);
		if (Array.isArray(value)) return value.map(walk);
		if (typeof value !== "object" || value === null) return value;
		return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
	};
	return { document: walk(parsed.document) as Readonly<Record<string, unknown>> };
}

/** A property list, read with macOS's plutil. `man plutil` */
async function plist(fx: DoctorWorld, path: string): Promise<Parsed> {
	const args = ["-convert", "json", "-o", "-", "--", path];
	try {
		const { code, stdout } = await fx.programs.run("/usr/bin/plutil", args, { timeoutMs: PROGRAM_MS });
		if (code === 0) return parseSettings(Buffer.from(stdout), "json", { bom: false, utf16: false });
	} catch {
		// Reported below.
	}
	return { problem: "is not a property list that plutil can read" };
}

function findInstalls(fx: DoctorWorld, machine: Machine, cli: Cli): Install[] {
	const found: Install[] = [];
	const add = (path: string, version: Version | undefined, isOnPath = false) => {
		if (!found.some((each) => each.path === path)) found.push({ version, path, isOnPath });
	};
	const program = fx.programs.find(cli.program);
	const real = program === undefined ? undefined : machine.realPath(program);
	if (program !== undefined && real !== undefined) add(program, releaseAt(machine, real, cli.npm), true);
	const roots = [...machineNpmRoots, ...userNpmRoots.map((root) => `${machine.home}/${root}`)];
	for (const path of roots.flatMap((root) => expand(`${root}/${cli.npm}/package.json`, machine))) {
		const version = packageVersion(machine, path);
		if (version) add(path, version);
	}
	for (const { kind, path: place } of cli.signs) {
		for (const path of expand(place.startsWith("/") ? place : `${machine.home}/${place}`, machine)) {
			const link = kind === "link" ? machine.linkOf(path) : undefined;
			const isThere = kind === "link" ? link !== undefined : machine.look(path, MAX_BYTES).kind !== "absent";
			if (isThere) add(path, versionIn(kind === "trace" ? "" : (link ?? path)));
		}
	}
	// Signs of use add nothing if a release is known.
	const releases = found.filter(({ version, isOnPath }) => version !== undefined || isOnPath);
	return releases.length > 0 ? releases : found;
}

/** `2.1.330` at the end of a path. */
function versionIn(path: string): Version | undefined {
	const [, text] = /(?:^|\/)(\d+\.\d+(?:\.\d+)?)[^/]*$/.exec(path) ?? [];
	return text === undefined ? undefined : parseVersion(text);
}

/** A program's release: from its package, or from the name of its folder or file. */
function releaseAt(machine: Machine, program: string, npm: string): Version | undefined {
	for (const folder of foldersUpFrom(program).slice(1, 6)) {
		const version = packageVersion(machine, `${folder}/package.json`, npm);
		if (version) return version;
	}
	return versionIn(program);
}

function packageVersion(machine: Machine, path: string, name?: string): Version | undefined {
	const file = machine.look(path, MAX_PACKAGE_BYTES);
	const parsed = file.kind === "file" ? parseSettings(file.bytes, "json", { bom: true, utf16: false }) : undefined;
	if (!parsed || "problem" in parsed || (name !== undefined && parsed.document["name"] !== name)) return undefined;
	return parseVersion(String(parsed.document["version"]));
}

/** Processes of this account and home whose command line contains these words. */
async function daemonsOf(
	fx: DoctorWorld,
	machine: Machine,
	command: string,
	user: Cli["user"],
	variables: RegExp,
): Promise<Daemon[]> {
	const ps = fx.programs.find("/bin/ps") ?? fx.programs.find("/usr/bin/ps");
	if (ps === undefined) return [];
	const { stdout } = await fx.programs.run(ps, ["-A", "-o", "uid=,pid=,etime=,args="], { timeoutMs: PROGRAM_MS });
	const now = fx.clock.now();
	return stdout.split("\n").flatMap((line) => {
		const [, uid, pid, etime = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+([\d:-]+)\s+(.*)$/.exec(line) ?? [];
		if (Number(uid) !== machine.uid || !args.includes(command)) return [];
		const environment = environmentOf(machine, Number(pid));
		const settings = settingsFolder(machine, user, { HOME: machine.home, ...environment });
		if (settings !== settingsFolder(machine, user, { ...fx.environment, HOME: machine.home })) return [];
		const own = Object.entries(environment ?? {}).filter(
			([name, value]) => name !== user.variable && variables.test(name) && value !== ownEntry(fx.environment, name),
		);
		return [{ pid: Number(pid), startedAt: now - ageMs(etime), variables: own.map(([name]) => name) }];
	});
}

/** The variables that a process was started with; undefined if they cannot be seen. */
function environmentOf(machine: Machine, pid: number): Readonly<Record<string, string>> | undefined {
	const file = machine.look(`/proc/${pid}/environ`, MAX_PACKAGE_BYTES);
	if (file.kind !== "file" || file.bytes.length === 0) return undefined;
	const pairs = Buffer.from(file.bytes).toString("utf8").split("\0");
	return Object.fromEntries(
		pairs.flatMap((pair) => {
			const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
			return name === undefined || value === undefined ? [] : [[name, value]];
		}),
	);
}

/** The folder with the user's settings for a program with these variables, without symbolic links. */
function settingsFolder(
	machine: Machine,
	{ variable, below, folder }: Cli["user"],
	environment: DoctorWorld["environment"],
): string {
	const moved = environment[variable];
	const path = moved ? `${moved}${below}` : `${environment["HOME"]}/${folder}`;
	return machine.realPath(path) ?? path;
}

/** `[[days-]hours:]minutes:seconds` https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ps.html */
function ageMs(etime: string): number {
	const [clock = "", days = "0"] = etime.split("-").reverse();
	const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
	return (Number(days) * 86_400 + seconds) * 1000;
}
