import type { Cli } from "../../adapters/clis/cli.ts";
import type { CliLayering, LayerPlace } from "../../adapters/clis/layering.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shownFile } from "../../base/mask.ts";
import { isInRange, type Version } from "../../base/versions.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Machine } from "../../effects/process/machine.ts";
import { expand, filledIn, native, variablesOf } from "./paths.ts";
import { type RegistryKey, type RegistryValue, registryReader } from "./registry.ts";
import type { LayerSight } from "./resolve.ts";

/**
 * What on Windows decides what a CLI sends besides its files and the environment of this process: the environment that other consoles will
 * have, profiles of PowerShell, policies. None of it is run, and where it leaves open what is sent, that is a doubt.
 */
export interface WindowsSources {
	/** Variables by name in capitals, as a new console has them. */
	readonly stored: readonly StoredEnvironment[];
	readonly profiles: readonly ProfileSight[];
	/** Why it is not known where profiles are. */
	readonly lost: string | undefined;
	readonly read: (key: string) => Promise<RegistryKey>;
	/** What of this machine was not looked at, or is out of the ordinary; sentences for a person. */
	readonly notes: readonly string[];
}

interface StoredEnvironment {
	readonly place: LayerPlace;
	readonly path: string;
	readonly key: RegistryKey;
}

interface ProfileSight {
	readonly path: string;
	/** Undefined where it cannot be read. */
	readonly text: string | undefined;
}

type World = Pick<Effects, "environment" | "programs">;

const USER_ENVIRONMENT = "HKCU\\Environment";
const MACHINE_ENVIRONMENT = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";
const FOLDERS = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders";
const LINUXES = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Lxss";

const place = (id: string, title: string): LayerPlace => ({ id, title, broken: "file" });
const PROFILE = place("powershell-profile", "PowerShell profile");
const MAX_PROFILE_BYTES = 1024 * 1024;

/** https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_profiles */
const profileFolders: readonly string[] = [
	"%SystemRoot%/System32/WindowsPowerShell/v1.0",
	"%ProgramFiles%/PowerShell/*",
	"{DOCUMENTS:~/Documents}/WindowsPowerShell",
	"{DOCUMENTS:~/Documents}/PowerShell",
];
const profileNames: readonly string[] = ["profile.ps1", "*_profile.ps1"];

/** Reads what all CLIs have in common. */
export async function windowsSources(fx: World, machine: Machine): Promise<WindowsSources> {
	const environment = variablesOf(machine, fx.environment);
	const read = registryReader(fx.programs, environment["SYSTEMROOT"] ?? "C:\\Windows");
	const [user, ofMachine, folders, linuxes] = await Promise.all(
		[USER_ENVIRONMENT, MACHINE_ENVIRONMENT, FOLDERS, LINUXES].map(read),
	);
	const personal = folders?.kind === "read" ? folders.values.get("PERSONAL") : undefined;
	const documents = personal && expanded(personal, environment);
	const isLost =
		folders?.kind === "unreadable" || (documents !== undefined && !/^[A-Za-z]:[\\/][^%\ufffd]*$/.test(documents));
	return {
		stored: [
			{
				place: place("machine-environment", "machine's environment"),
				path: MACHINE_ENVIRONMENT,
				key: ofMachine ?? { kind: "unreadable" },
			},
			{
				place: place("user-environment", "user's environment"),
				path: USER_ENVIRONMENT,
				key: user ?? { kind: "unreadable" },
			},
		],
		profiles: profilesOf(machine, { ...environment, DOCUMENTS: isLost ? undefined : documents }),
		lost: isLost ? "may be in a Documents folder that is not known" : undefined,
		read,
		notes: [...linuxNotes(linuxes), ...oneDriveNotes(documents, environment)],
	};
}

function profilesOf(machine: Machine, environment: World["environment"]): ProfileSight[] {
	const paths = profileFolders.flatMap((folder) =>
		profileNames.flatMap((name) => expand(`${filledIn(folder, machine, environment)}/${name}`, machine)),
	);
	return [...new Set(paths)].flatMap((each) => {
		const path = native(machine, each);
		const file = machine.look(path, MAX_PROFILE_BYTES);
		if (file.kind === "absent" || file.kind === "folder") return [];
		return [{ path, text: file.kind === "file" ? decoded(file.bytes) : undefined }];
	});
}

function decoded(bytes: Uint8Array): string {
	const buffer = Buffer.from(bytes);
	if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.toString("utf16le");
	if (buffer[0] === 0xfe && buffer[1] === 0xff) return Buffer.from(buffer).swap16().toString("utf16le");
	return buffer.toString("utf8");
}

function linuxNotes(key: RegistryKey | undefined): string[] {
	const found = key?.kind === "read" ? key.keys.filter((name) => name.startsWith("{")).length : 0;
	const rest = "CLIs in it have settings of their own, which are not looked at here: run crossfade doctor there";
	if (key?.kind !== "read" && key?.kind !== "absent") return [`whether there is a Linux in WSL is not known; ${rest}`];
	return found > 0 ? [`${found} Linux in WSL; ${rest}`] : [];
}

function oneDriveNotes(documents: string | undefined, environment: World["environment"]): string[] {
	const clouds = ["ONEDRIVE", "ONEDRIVECOMMERCIAL", "ONEDRIVECONSUMER"].flatMap((name) => environment[name] ?? []);
	const isBelow = (cloud: string) => cloud !== "" && documents?.toLowerCase().startsWith(cloud.toLowerCase()) === true;
	if (documents === undefined || !clouds.some(isBelow)) return [];
	return [
		`Documents is in OneDrive (${shownFile(documents)}), and so are PowerShell's profiles: they come to other machines, too`,
	];
}

/** The text of a value as a new process has it. */
function expanded({ type, text }: RegistryValue, environment: World["environment"]): string {
	if (type !== "REG_EXPAND_SZ") return text;
	return text.replace(/%([^%]+)%/g, (whole, name: string) => ownEntry(environment, name.toUpperCase()) ?? whole);
}

/** The layers that one CLI has on Windows besides its files. `environment`: see `variablesOf`. */
export async function windowsLayers(
	sources: WindowsSources,
	{
		cli,
		layering,
		release,
	}: { readonly cli: Cli; readonly layering: CliLayering; readonly release: Version | undefined },
	environment: World["environment"],
): Promise<LayerSight[]> {
	const isOurs = (name: string) => layering.variables.test(name);
	const { policy, override } = cli.system.merged ?? {};
	const policies = policy
		? await Promise.all(
				["HKLM", "HKCU"].map(async (hive) =>
					policySight(await sources.read(`${hive}\\${policy.key}`), {
						path: `${hive}\\${policy.key}`,
						name: policy.value,
						override: override ?? "",
						isMerged: release !== undefined && isInRange(release, `>=${policy.mergedSince}`),
					}),
				),
			)
		: [];
	return [
		...policies.flat(),
		...sources.stored.map((stored, index) => storedSight(stored, sources.stored.slice(index + 1), environment, isOurs)),
		...sources.profiles.map((profile) => profileSight(profile, isOurs)),
		...(sources.lost === undefined
			? []
			: [{ place: PROFILE, path: undefined, state: "unreadable" as const, why: sources.lost, doubt: sources.lost }]),
	];
}

/** A policy is told by name and not relied on: what of it a release obeys was never seen. */
function policySight(
	key: RegistryKey,
	{ path, name, override, isMerged }: { path: string; name: string; override: string; isMerged: boolean },
): LayerSight[] {
	const about = { place: place("policy", "policy in the registry"), path };
	if (key.kind === "absent") return [];
	if (key.kind === "unreadable") {
		const why = "cannot be read";
		return [{ ...about, state: "unreadable", why, doubt: `${why}, and goes before files` }];
	}
	const value = key.values.get(name.toUpperCase());
	if (value === undefined || value.text === "") return [];
	if (new RegExp(override, "i").test(value.text))
		return [{ ...about, state: "read", doubt: "has telemetry settings, and whether they are obeyed is not known" }];
	return [
		isMerged
			? { ...about, state: "read", why: "has no telemetry settings" }
			: { ...about, state: "read", doubt: "may be obeyed alone, without any file of the machine" },
	];
}

/** What other consoles have, against what this one has. */
function storedSight(
	{ place, path, key }: StoredEnvironment,
	stronger: readonly StoredEnvironment[],
	environment: World["environment"],
	isOurs: (name: string) => boolean,
): LayerSight {
	const about = { place, path };
	if (key.kind === "absent") return { ...about, state: "absent" };
	if (key.kind === "unreadable") {
		const why = "cannot be read";
		return { ...about, state: "unreadable", why, doubt: `${why}, so what another console has is not known` };
	}
	const isOverridden = (name: string) =>
		stronger.some(({ key: other }) => other.kind === "read" && other.values.has(name));
	const ours = [...key.values.keys()].filter(isOurs);
	const names = ours.filter((name) => !isOverridden(name));
	const others = names.filter((name) => {
		const value = key.values.get(name);
		const text = value && expanded(value, environment);
		return !text || /[^ -~]/.test(text)
			? Boolean(text) || Boolean(ownEntry(environment, name))
			: text !== ownEntry(environment, name);
	});
	if (ours.length === 0) return { ...about, state: "read" };
	const why =
		names.length > 0 ? `has the same ${names.join(", ")} as this console` : "is overridden by the account's own";
	if (others.length === 0) return { ...about, state: "read", why };
	const doubt = `has another ${others.join(", ")} than this console, so what is sent depends on where it is started`;
	return { ...about, state: "read", doubt };
}

function profileSight({ path, text }: ProfileSight, isOurs: (name: string) => boolean): LayerSight {
	const about = { place: PROFILE, path };
	if (text === undefined) {
		const why = "cannot be read";
		return { ...about, state: "unreadable", why, doubt: `${why}, and may set variables` };
	}
	const words = (text.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? []).map((word) => word.toUpperCase());
	const names = [...new Set(words.filter(isOurs))];
	if (names.length === 0) return { ...about, state: "read", why: "names none of its variables" };
	return { ...about, state: "read", doubt: `names ${names.join(", ")}, and is not run here` };
}
