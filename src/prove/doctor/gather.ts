import {
	type Cli,
	machineNpmRoots,
	userNpmRoots,
	windowsMachineNpmRoots,
	windowsUserNpmRoots,
} from "../../adapters/clis/cli.ts";
import type { CliLayering, LayerPlace } from "../../adapters/clis/layering.ts";
import { ownEntry } from "../../base/lookup.ts";
import { compareVersions, parseVersion, type Version } from "../../base/versions.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Machine } from "../../effects/process/machine.ts";
import { hasNull, markAt, mistyped, type Parsed, parseSettings, unknownKey } from "./parse.ts";
import { expand, filledIn, foldersUpFrom, layerPaths, native, slashed, variablesOf } from "./paths.ts";
import type { LayerSight } from "./resolve.ts";
import { type WindowsSources, windowsLayers } from "./windows.ts";

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
	readonly isWindows: boolean;
}

/** The effects a doctor needs. */
export type DoctorWorld = Pick<Effects, "environment" | "programs" | "clock">;

const MAX_BYTES = 10 * 1024 * 1024;
const MAX_PACKAGE_BYTES = 1024 * 1024;
const PROGRAM_MS = 20_000;

/**
 * Inspects one CLI: releases from files, layers, background processes. Runs none of its programs. On Windows it needs what all CLIs have in
 * common there.
 */
export async function gather(
	real: DoctorWorld,
	machine: Machine,
	cli: Cli,
	layering: CliLayering,
	sources?: WindowsSources,
): Promise<CliSight> {
	const fx = { ...real, environment: variablesOf(machine, real.environment) };
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
			const file = sight.path && (machine.realPath(sight.path) ?? sight.path);
			if (file !== undefined && seen.has(file)) continue;
			if (file !== undefined) seen.add(file);
			layers.push(sight);
		}
	}
	return {
		installs,
		release,
		layers: sources
			? [...layers, ...(await windowsLayers(sources, { cli, layering, release }, fx.environment))]
			: layers,
		isWindows: machine.os === "windows",
		daemons:
			cli.daemon && machine.os !== "windows"
				? await daemonsOf(
						fx,
						machine,
						new RegExp(`${cli.program}.* ${cli.daemon.command}`),
						cli.user,
						layering.variables,
					)
				: [],
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
	const wrong = wrongFolder(fx, machine, place);
	if (wrong) return [wrong];
	const patterns = machine.os === "other" ? [] : (place.paths[machine.os] ?? []);
	const paths = layerPaths(patterns, machine, fx.environment);
	return Promise.all(paths.map((path) => sightOf(fx, machine, place, path, layering)));
}

/** A folder of a layer that is none, in its place. */
function wrongFolder({ environment }: DoctorWorld, machine: Machine, place: LayerPlace): LayerSight | undefined {
	const { paths = [], named, range, broken = place.broken } = place.folders ?? {};
	for (const pattern of paths) {
		const path = native(machine, filledIn(pattern, machine, environment));
		const { kind } = machine.look(path, MAX_BYTES);
		const isMissing = kind === "absent" && named !== undefined && Boolean(ownEntry(environment, named));
		if (kind === "folder" || kind === "unreadable" || (kind === "absent" && !isMissing)) continue;
		const why = isMissing ? `is not there, although ${named} names it` : "is not a folder";
		return { place: { ...place, broken, ...(range !== undefined && { range }) }, path, state: "broken", why };
	}
	return undefined;
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
		isForAll: file.mode === undefined ? undefined : (file.mode & 0o004) !== 0,
		isOpen: file.mode === undefined ? undefined : (file.mode & 0o077) !== 0,
		before: obstacleTo(machine, path, file.bytes, place.format),
	};
	const parsed =
		place.format === "plist"
			? await plist(fx, path)
			: parseSettings(file.bytes, place.format ?? "json", place.tolerance ?? layering.tolerance);
	if ("problem" in parsed) return { ...about, state: "broken", why: parsed.problem, isUnparsed: true };
	const { types = {}, strict, doubts = [] } = place;
	const wrong = mistyped(parsed.document, types) ?? (strict && unknownKey(parsed.document, strict));
	if (wrong !== undefined) return { ...about, state: "broken", why: wrong };
	const odd = doubts.flatMap((each) => {
		const { of, why } = each;
		if (typeof of === "function") {
			const found = of(parsed.document);
			return found === undefined ? [] : [{ ...each, why: `${why}: ${found}` }];
		}
		if (of === "empty") return parsed.isEmpty ? [each] : [];
		const isOdd =
			of === "null" ? hasNull(parsed.document, layering.variables) : mistyped(parsed.document, of) !== undefined;
		return isOdd ? [each] : [];
	});
	// Checks only its mode, not the folder's: that much of the rule is known.
	if (place.mustBeSafe !== undefined && file.mode === undefined) {
		const { isSafeOnWindowsIf } = place;
		const rule =
			isSafeOnWindowsIf === undefined ? "is ignored if others can write it" : `counts only if ${isSafeOnWindowsIf}`;
		const doubt = `${rule}, and that was not looked at`;
		return { ...about, state: "read", document: parsed.document, doubt };
	}
	const isRoots = file.uid === 0;
	if (place.mustBeSafe !== undefined && (!isRoots || ((file.mode ?? 0) & 0o022) !== 0)) {
		const why = isRoots ? "can be written by users other than its owner" : "does not belong to root";
		return { ...about, state: "unsafe", why, document: parsed.document };
	}
	const doubt = machine.os === "windows" ? otherCase(parsed.document, layering.variables) : undefined;
	return { ...about, state: "read", document: parsed.document, odd, ...(doubt !== undefined && { doubt }) };
}

/** On Windows a variable is the same in any case, and which of two counts is not known. */
function otherCase(document: Readonly<Record<string, unknown>>, variables: RegExp): string | undefined {
	const own = document["env"];
	const names = typeof own === "object" && own !== null ? Object.keys(own) : [];
	const found = names.find((name) => !variables.test(name) && variables.test(name.toUpperCase()));
	return found && `has ${found.toUpperCase()} in other letters, which is the same variable on Windows`;
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
	const isWindows = machine.os === "windows";
	const program = isWindows ? onWindowsPath(fx, machine, cli) : fx.programs.find(cli.program);
	const real = program === undefined ? undefined : machine.realPath(program);
	if (program !== undefined && real !== undefined)
		add(program, releaseAt(machine, slashed(machine, real), cli.npm), true);
	const [ofMachine, ofUser] = isWindows
		? [windowsMachineNpmRoots, windowsUserNpmRoots]
		: [machineNpmRoots, userNpmRoots];
	const full = (path: string) => filledIn(/^[/%]/.test(path) ? path : `~/${path}`, machine, fx.environment);
	for (const path of [...ofMachine, ...ofUser].flatMap((root) =>
		expand(`${full(root)}/${cli.npm}/package.json`, machine),
	)) {
		const version = packageVersion(machine, path);
		if (version) add(native(machine, path), version);
	}
	for (const { kind, path: place } of isWindows ? cli.windowsSigns : cli.signs) {
		for (const path of expand(full(place), machine)) {
			const at = native(machine, path);
			const link = kind === "link" ? machine.linkOf(at) : undefined;
			const isThere = kind === "link" ? link !== undefined : machine.look(at, MAX_BYTES).kind !== "absent";
			if (isThere) add(at, versionIn(kind === "trace" ? "" : (link ?? path)));
		}
	}
	// Signs of use add nothing if a release is known.
	const releases = found.filter(({ version, isOnPath }) => version !== undefined || isOnPath);
	return releases.length > 0 ? releases : found;
}

/** The program that a console starts by this name; npm's are no programs but commands for the shells. */
function onWindowsPath({ environment }: DoctorWorld, machine: Machine, { program }: Cli): string | undefined {
	const folders = (environment["PATH"] ?? "").split(";").map((folder) => folder.replace(/^"|"$/g, ""));
	const names = folders
		.filter((folder) => /^[A-Za-z]:[\\/]/.test(folder))
		.flatMap((folder) => [".exe", ".cmd", ".ps1"].map((end) => `${folder.replace(/[\\/]+$/, "")}\\${program}${end}`));
	return names.find((path) => machine.look(native(machine, path), MAX_BYTES).kind !== "absent");
}

/** `2.1.330` at the end of a path. */
function versionIn(path: string): Version | undefined {
	const [, text] = /(?:^|\/)(\d+\.\d+(?:\.\d+)?)[^/]*$/.exec(path) ?? [];
	return text === undefined ? undefined : parseVersion(text);
}

/** A program's release: from its package, which on Windows npm puts below the folder of its command, or from the name of its folder or file. */
function releaseAt(machine: Machine, program: string, npm: string): Version | undefined {
	const folders = foldersUpFrom(program).slice(1, 6);
	const below = machine.os === "windows" && folders[0] !== undefined ? [`${folders[0]}/node_modules/${npm}`] : [];
	for (const folder of [...below, ...folders]) {
		const version = packageVersion(machine, `${folder}/package.json`, npm);
		if (version) return version;
	}
	return versionIn(program);
}

function packageVersion(machine: Machine, path: string, name?: string): Version | undefined {
	const file = machine.look(native(machine, path), MAX_PACKAGE_BYTES);
	const parsed = file.kind === "file" ? parseSettings(file.bytes, "json", { bom: true, utf16: false }) : undefined;
	if (!parsed || "problem" in parsed || (name !== undefined && parsed.document["name"] !== name)) return undefined;
	return parseVersion(String(parsed.document["version"]));
}

/** Processes of this account and home with these words in their command line. */
async function daemonsOf(
	fx: DoctorWorld,
	machine: Machine,
	command: RegExp,
	user: Cli["user"],
	variables: RegExp,
): Promise<Daemon[]> {
	const ps = fx.programs.find("/bin/ps") ?? fx.programs.find("/usr/bin/ps");
	if (ps === undefined) return [];
	const now = fx.clock.now();
	const { stdout } = await fx.programs.run(ps, ["-A", "-o", "uid=,pid=,etime=,args="], { timeoutMs: PROGRAM_MS });
	return stdout.split("\n").flatMap((line) => {
		const [, uid, pid, etime = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+([\d:-]+)\s+(.*)$/.exec(line) ?? [];
		if (Number(uid) !== machine.uid || !command.test(args)) return [];
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
	const moved = ownEntry(environment, variable);
	const path = moved ? `${moved}${below}` : `${environment["HOME"]}/${folder}`;
	return machine.realPath(path) ?? path;
}

/** `[[days-]hours:]minutes:seconds` https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ps.html */
function ageMs(etime: string): number {
	const [clock = "", days = "0"] = etime.split("-").reverse();
	const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
	return (Number(days) * 86_400 + seconds) * 1000;
}
