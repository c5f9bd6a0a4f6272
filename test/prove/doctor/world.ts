import { layerings } from "../../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../../src/adapters/clis/registry.ts";
import type { Machine, Sight } from "../../../src/effects/process/machine.ts";
import { diagnose } from "../../../src/prove/doctor/diagnose.ts";
import type { Diagnosis } from "../../../src/prove/doctor/diagnosis.ts";
import { type DoctorWorld, gather } from "../../../src/prove/doctor/gather.ts";
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
}

export const NOW = Date.parse("2026-01-31T12:00:00Z");
export const HOME = "/home/dev";

/** What a doctor says of one CLI on a machine that is made up: nothing of the real one is looked at. */
export async function consult(
	id: string,
	{
		os = "linux",
		files = {},
		links = {},
		env = {},
		programs = {},
		outputs = {},
		known = [],
		hosts,
		cwd = `${HOME}/project`,
		isOthers = false,
	}: SimulatedMachine,
): Promise<Diagnosis> {
	const cli = clis.find((each) => each.id === id);
	const layering = layerings.find((each) => each.id === id);
	if (!cli || !layering) throw new Error(`no CLI ${id}`);
	const look = (path: string): Sight => {
		const file = files[path];
		if (file === undefined) {
			return { kind: Object.keys(files).some((each) => each.startsWith(`${path}/`)) ? "folder" : "absent" };
		}
		const {
			text,
			mode = path.startsWith(HOME) ? 0o600 : 0o644,
			isUnreadable = false,
			changedAt = 0,
		} = typeof file === "string" ? { text: file } : file;
		if (isUnreadable) return { kind: "unreadable" };
		return { kind: "file", bytes: Buffer.from(text), mode, uid: 1000, changedAt };
	};
	const machine: Machine = {
		os,
		uid: 1000,
		isOthers,
		hostname: "desk",
		home: HOME,
		cwd,
		look,
		list: (folder) => {
			const below = [...Object.keys(files), ...Object.keys(links)].filter((path) =>
				path.startsWith(`${folder.replace(/\/$/, "")}/`),
			);
			return [
				...new Set(below.map((path) => path.slice(folder.replace(/\/$/, "").length + 1).split("/", 1)[0] ?? "")),
			].sort();
		},
		linkOf: (path) => links[path],
		realPath: (path) => links[path] ?? path,
	};
	const fx: DoctorWorld = {
		environment: env,
		clock: { now: () => NOW, after: () => () => undefined },
		programs: {
			find: (name) => programs[name] ?? (name.startsWith("/") && outputs[name] !== undefined ? name : undefined),
			run: async (path, args) => {
				const output = outputs[path];
				if (output === undefined) throw new Error(`${path} is not on this machine`);
				return { code: 0, stdout: typeof output === "string" ? output : output(args), stderr: "", timedOut: false };
			},
			start: () => Promise.reject(new Error("nothing is started here")),
		},
	};
	const readText = (path: string) => {
		const file = look(path);
		return file.kind === "file" ? Buffer.from(file.bytes).toString("utf8") : undefined;
	};
	const isOpen = (path: string) => {
		const file = look(path);
		return file.kind === "file" && (file.mode & 0o077) !== 0;
	};
	const sight = await gather(fx, machine, cli, layering);
	return diagnose(cli, layering, sight, { known, hosts, environment: env, readText, isOpen });
}
