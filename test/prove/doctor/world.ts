import { layerings } from "../../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../../src/adapters/clis/registry.ts";
import type { Machine, Sight } from "../../../src/effects/process/machine.ts";
import { diagnose } from "../../../src/prove/doctor/diagnose.ts";
import type { Diagnosis } from "../../../src/prove/doctor/diagnosis.ts";
import { type DoctorWorld, gather } from "../../../src/prove/doctor/gather.ts";
import { windowsSources } from "../../../src/prove/doctor/windows.ts";
import type { KnownToken } from "../../../src/spec/attribution.ts";

/** A file of a made-up machine. */
interface SimulatedFile {
	readonly text: string | Uint8Array;
	readonly mode?: number;
	readonly isUnreadable?: boolean;
	readonly changedAt?: number;
}

export interface SimulatedMachine {
	readonly os?: Machine["os"];
	readonly files?: Readonly<Record<string, string | SimulatedFile>>;
	readonly links?: Readonly<Record<string, string>>;
	readonly env?: Readonly<Record<string, string>>;
	/** Programs on PATH: name -> path. */
	readonly programs?: Readonly<Record<string, string>>;
	/** Output of programs by path; what is not here cannot be run. */
	readonly outputs?: Readonly<Record<string, string | ((args: readonly string[]) => string)>>;
	readonly known?: readonly KnownToken[];
	readonly hosts?: readonly string[];
	readonly cwd?: string;
	/** Root looks at this home. */
	readonly isOthers?: boolean;
	/** On Windows: values by key, and the lines that reg.exe prints of each; a key that is `denied` cannot be read. */
	readonly registry?: Readonly<Record<string, Readonly<Record<string, string>> | "denied">>;
	/** On Windows: files that other accounts can read; by default it is not known. */
	readonly open?: Readonly<Record<string, "private" | "open">>;
}

export const NOW = Date.parse("2026-01-31T12:00:00Z");
export const HOME = "/home/dev";
export const WINDOWS_HOME = "C:\\Users\\dev";
const REG = "C:\\Windows\\System32\\reg.exe";

/** What every Windows has in its registry that a doctor asks for. */
const WINDOWS_KEYS = {
	"HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft": {},
	"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment": {
		OS: "REG_SZ    Windows_NT",
	},
	"HKEY_CURRENT_USER\\Environment": { Path: "REG_EXPAND_SZ    %USERPROFILE%\\bin" },
	"HKEY_CURRENT_USER\\Software\\Policies\\Microsoft": {},
	"HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders": {
		Personal: "REG_EXPAND_SZ    %USERPROFILE%\\Documents",
	},
};

/** As `reg query KEY /reg:64`: the key with its values, and the keys in it; undefined where it ends with 1. */
function queried(registry: NonNullable<SimulatedMachine["registry"]>, key: string): string | undefined {
	const full = key.replace(/^HKLM/, "HKEY_LOCAL_MACHINE").replace(/^HKCU/, "HKEY_CURRENT_USER");
	const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
	const own = Object.entries(registry).find(([name]) => same(name, full))?.[1];
	const below = Object.keys(registry).filter((name) => same(name.slice(0, full.length + 1), `${full}\\`));
	if (own === "denied" || (own === undefined && below.length === 0)) return undefined;
	const names = [...new Set(below.map((name) => name.slice(full.length + 1).split("\\", 1)[0]))];
	const values = Object.entries(own ?? {}).map(([name, value]) => `    ${name}    ${value}`);
	const lines = [
		"",
		...(values.length > 0 ? [full, ...values, ""] : []),
		...names.map((name) => `${full}\\${name}`),
		"",
	];
	return lines.join("\r\n");
}

/** A machine that is made up: nothing of the real one is looked at. */
function worldOf({
	os = "linux",
	files = {},
	links = {},
	env = {},
	programs = {},
	outputs = {},
	cwd = os === "windows" ? `${WINDOWS_HOME}\\project` : `${HOME}/project`,
	isOthers = false,
	registry = {},
	open = {},
}: SimulatedMachine): { fx: DoctorWorld; machine: Machine } {
	const isWindows = os === "windows";
	const separator = isWindows ? "\\" : "/";
	const look = (path: string): Sight => {
		const file = files[path];
		if (file === undefined) {
			return { kind: Object.keys(files).some((each) => each.startsWith(`${path}${separator}`)) ? "folder" : "absent" };
		}
		const {
			text,
			mode = isWindows ? undefined : path.startsWith(HOME) ? 0o600 : 0o644,
			isUnreadable = false,
			changedAt = 0,
		} = typeof file === "string" ? { text: file } : file;
		if (isUnreadable) return { kind: "unreadable" };
		const uid = path.startsWith("/etc/") || path.startsWith("/Library/") ? 0 : 1000;
		return { kind: "file", bytes: Buffer.from(text), mode, uid, changedAt };
	};
	const access = (path: string) => {
		const file = look(path);
		if (isWindows) return open[path] ?? "unknown";
		if (file.kind !== "file" || file.mode === undefined) return "unknown";
		return (file.mode & 0o077) === 0 ? "private" : "open";
	};
	const machine: Machine = {
		os,
		uid: 1000,
		isOthers,
		hostname: "desk",
		home: isWindows ? WINDOWS_HOME : HOME,
		cwd,
		look,
		list: (folder) => {
			const start = `${folder.replace(/[\\/]$/, "")}${separator}`;
			const below = [...Object.keys(files), ...Object.keys(links)].filter((path) => path.startsWith(start));
			return [...new Set(below.map((path) => path.slice(start.length).split(separator, 1)[0] ?? ""))].sort();
		},
		linkOf: (path) => links[path],
		realPath: (path) => links[path] ?? path,
		access,
	};
	const fx: DoctorWorld = {
		environment: isWindows ? { SystemRoot: "C:\\Windows", USERPROFILE: WINDOWS_HOME, ...env } : env,
		clock: { now: () => NOW, after: () => () => undefined },
		programs: {
			find: (name) =>
				programs[name] ??
				(isWindows && name === REG ? name : undefined) ??
				(name.startsWith("/") && outputs[name] !== undefined ? name : undefined),
			run: async (path, args) => {
				if (path === REG) {
					const stdout = queried({ ...WINDOWS_KEYS, ...registry }, args[1] ?? "");
					return { code: stdout === undefined ? 1 : 0, stdout: stdout ?? "", stderr: "", timedOut: false };
				}
				const output = outputs[path];
				if (output === undefined) throw new Error(`${path} is not on this machine`);
				return { code: 0, stdout: typeof output === "string" ? output : output(args), stderr: "", timedOut: false };
			},
			start: () => Promise.reject(new Error("nothing is started here")),
		},
	};
	return { fx, machine };
}

/** What a doctor says of one CLI on it. */
export async function consult(id: string, simulated: SimulatedMachine): Promise<Diagnosis> {
	const cli = clis.find((each) => each.id === id);
	const layering = layerings.find((each) => each.id === id);
	if (!cli || !layering) throw new Error(`no CLI ${id}`);
	const { fx, machine } = worldOf(simulated);
	const readText = (path: string) => {
		const file = machine.look(path, Number.MAX_SAFE_INTEGER);
		return file.kind === "file" ? Buffer.from(file.bytes).toString("utf8") : undefined;
	};
	const isOpen = (path: string) => {
		const access = machine.access(path);
		return access === "unknown" ? undefined : access === "open";
	};
	const sources = machine.os === "windows" ? await windowsSources(fx, machine) : undefined;
	const sight = await gather(fx, machine, cli, layering, sources);
	const { known = [], hosts } = simulated;
	return diagnose(cli, layering, sight, { known, hosts, environment: fx.environment, readText, isOpen });
}

/** What a doctor says of a Windows that no CLI has to do with. */
export async function notesOn(simulated: SimulatedMachine): Promise<readonly string[]> {
	const { fx, machine } = worldOf({ os: "windows", ...simulated });
	return (await windowsSources(fx, machine)).notes;
}
