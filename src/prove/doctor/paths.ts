import { ownEntry } from "../../base/lookup.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Machine } from "../../effects/process/machine.ts";

/** Where files are on a machine: patterns of our tables, which have slashes on every system, as paths. */

export type Environment = Effects["environment"];
type Site = Pick<Machine, "os" | "home" | "cwd" | "list" | "look">;

/** Large enough to see that something is there. */
const MAX_BYTES = 10 * 1024 * 1024;

/** With slashes, as our patterns are. */
export const slashed = ({ os }: Pick<Machine, "os">, path: string) =>
	os === "windows" ? path.replaceAll("\\", "/") : path;

/** As the system writes it. */
export const native = ({ os }: Pick<Machine, "os">, path: string) =>
	os === "windows" ? path.replaceAll("/", "\\") : path;

/** The variables by name: on Windows in capitals, since names mean the same there in any case. */
export function variablesOf({ os }: Pick<Machine, "os">, environment: Environment): Environment {
	if (os !== "windows") return environment;
	return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name.toUpperCase(), value]));
}

/** The folders of a Windows that patterns name. A 32-bit process has ProgramFiles of its own. */
function folderOf(name: string, environment: Environment): string {
	if (name === "ProgramFiles") {
		return environment["PROGRAMW6432"] || environment["PROGRAMFILES"] || "C:\\Program Files";
	}
	if (name === "SystemRoot") return environment["SYSTEMROOT"] || "C:\\Windows";
	return environment["PROGRAMDATA"] || "C:\\ProgramData";
}

/** What a variable says of a place: what is not absolute is below the working folder, also a `~`, unless the CLI takes that for the home. */
function placeIn(value: string, isTildeHome: boolean): string {
	const isWhole = /^(?:[/\\]|[A-Za-z]:[/\\])/.test(value) || (isTildeHome && /^~(?:\/|$)/.test(value));
	return isWhole ? value : `./${value}`.replace(/\/$/, "");
}

/** A pattern with variables, home, working folder and the folders of the system put in; stars stay. `environment`: see `variablesOf`. */
export function filledIn(pattern: string, machine: Site, environment: Environment): string {
	const filled = pattern
		.replace(/\{(~?)(\w+)(=?):([^}]*)\}/, (_, tilde: string, name: string, isEmptyTaken: string, otherwise: string) => {
			const value = ownEntry(environment, name);
			return value || (value === "" && isEmptyTaken) ? placeIn(value, tilde !== "") : otherwise;
		})
		.replace(/^~(?=\/|$)/, () => machine.home)
		.replace(/^\.(?=\/|$)/, () => machine.cwd);
	if (machine.os !== "windows") return filled;
	return slashed(
		machine,
		filled.replace(/^%(ProgramFiles|ProgramData|SystemRoot)%/, (_, name: string) => folderOf(name, environment)),
	);
}

/** The files of a layer; see `LayerPlace.paths`. */
export function layerPaths(patterns: readonly string[], machine: Site, environment: Environment): string[] {
	const full = (pattern: string) => filledIn(pattern, machine, environment);
	const exists = (path: string) => machine.look(native(machine, path), MAX_BYTES).kind !== "absent";
	const upward = patterns.filter((pattern) => pattern.startsWith("^")).map((pattern) => pattern.slice(1));
	const asWritten = (paths: readonly string[]) => paths.map((path) => native(machine, path));
	if (upward.length === 0)
		return asWritten([...new Set(patterns.flatMap((pattern) => expand(full(pattern), machine)))]);
	const folders = foldersUpFrom(slashed(machine, machine.cwd));
	const near = folders.flatMap((folder) => upward.map((name) => `${folder}/${name}`));
	const others = patterns.filter((pattern) => !pattern.startsWith("^")).map(full);
	const found = [...near, ...others].find(exists);
	return found === undefined ? [] : asWritten([found]);
}

/** A folder with slashes and all those above it; the last is the root, without its slash. */
export function foldersUpFrom(folder: string): string[] {
	const [root = ""] = /^(?:[A-Za-z]:|\/\/[^/]+\/[^/]+)/.exec(folder) ?? [];
	const parts = folder
		.slice(root.length)
		.split("/")
		.filter((part) => part !== "");
	return parts.map((_, index) => `${root}/${parts.slice(0, parts.length - index).join("/")}`).concat(root);
}

/** A star for one segment, or for a part of the last one. Paths with slashes. */
export function expand(pattern: string, machine: Site): string[] {
	const [, before, segment, after = ""] = /^(.*?)\/([^/]*\*[^/]*)(\/.*)?$/.exec(pattern) ?? [];
	if (before === undefined || segment === undefined) return [pattern];
	const same = (text: string) => (machine.os === "windows" ? text.toLowerCase() : text);
	const [start = "", end = ""] = segment.split("*").map(same);
	return machine
		.list(native(machine, before || "/"))
		.filter((name) => !name.startsWith(".") || start.startsWith("."))
		.filter((name) => same(name).startsWith(start) && same(name).endsWith(end))
		.flatMap((name) => expand(`${before}/${name}${after}`, machine));
}
