import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { isSameAccess, privateArguments, savedList, sidIn, strangersIn } from "./access-list.ts";
import { isWindows } from "./system.ts";

/** Who, besides its owner, SYSTEM and Administrators, may do anything with a file of Windows. */
export type FileAccess =
	| { readonly kind: "private" }
	| { readonly kind: "open"; readonly to: readonly string[] }
	| { readonly kind: "unknown" };

/** Runs a program of the system folder; returns what it prints, or undefined if it cannot be run or fails. */
export type SystemProgram = (name: string, args: readonly string[]) => string | undefined;

/** icacls and whoami, which every Windows has. */
export interface AccessTools {
	/** Leaves a new file or folder to this account, SYSTEM and Administrators, and looks whether it is so. */
	restrict(path: string, isFolder: boolean): FileAccess;
	look(path: string): FileAccess;
	/** Gives a file the access list of another; "unknown" if one of them cannot be seen, "different" if it did not help. */
	copy(from: string, to: string): "same" | "different" | "unknown";
}

/** The tools, on programs of the system; `run` stands for them in tests. */
export function accessTools(run: SystemProgram): AccessTools {
	let own: string | undefined;
	const self = () => {
		own ??= sidIn(run("whoami.exe", ["/user", "/fo", "csv", "/nh"]) ?? "");
		return own;
	};
	const saved = (path: string) =>
		withFolder((folder) => {
			const list = join(folder, "list");
			run("icacls.exe", [path, "/save", list, "/q"]);
			return existsSync(list) ? savedList(readFileSync(list, "utf16le")) : undefined;
		});
	const look = (path: string): FileAccess => {
		const sid = self();
		const list = saved(resolve(path));
		const strangers = sid && list ? strangersIn(list.sddl, sid) : undefined;
		if (strangers === undefined) return { kind: "unknown" };
		return strangers.length === 0 ? { kind: "private" } : { kind: "open", to: strangers };
	};
	return {
		look,
		restrict(path, isFolder) {
			const sid = self();
			if (sid !== undefined) run("icacls.exe", privateArguments(resolve(path), sid, isFolder));
			return look(path);
		},
		copy(from, to) {
			const [was, is] = [from, to].map((path) => saved(resolve(path)));
			if (!was || !is) return "unknown";
			if (isSameAccess(was.sddl, is.sddl)) return "same";
			withFolder((folder) => {
				const list = join(folder, "list");
				writeFileSync(list, `${was.mark}${basename(to)}\r\n${was.sddl}\r\n`, "utf16le");
				run("icacls.exe", [dirname(resolve(to)), "/restore", list, "/q"]);
			});
			const now = saved(resolve(to));
			return now && isSameAccess(was.sddl, now.sddl) ? "same" : "different";
		},
	};
}

function withFolder<T>(use: (folder: string) => T): T {
	const folder = mkdtempSync(join(tmpdir(), "crossfade-access-"));
	try {
		return use(folder);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const PROGRAM_MS = 20_000;

const windowsPrograms: SystemProgram = (name, args) => {
	const path = join(process.env["SystemRoot"] || "C:\\Windows", "System32", name);
	const { spawnSync } = process.getBuiltinModule("node:child_process");
	const options = { encoding: "utf8" as const, timeout: PROGRAM_MS, windowsHide: true, stdio: "pipe" as const };
	const { status, stdout } = spawnSync(path, args, options);
	return status === 0 ? stdout : undefined;
};

const tools = accessTools(windowsPrograms);

let listen: (problem: Problem) => void = () => undefined;
const told = new Set<string>();

/** To the listener, once for a file. */
export function tell(problem: Problem): void {
	if (isFirst(problem)) listen(problem);
}

function isFirst({ where }: Problem): boolean {
	const file = resolve(where?.file ?? "");
	const isNew = !told.has(file);
	told.add(file);
	return isNew;
}

/** The file that a temporary one beside it becomes. */
function meant(path: string): string {
	const [, name] = /^\.(.+)\.crossfade-\d+$/.exec(basename(path)) ?? [];
	return name === undefined ? path : join(dirname(path), name);
}

/** Who is told what could not be checked of a file that was written. */
export function hearOfAccess(listener: (problem: Problem) => void): void {
	listen = listener;
}

/**
 * Leaves a new file or folder to this account, before anything secret is in it. Elsewhere than on Windows its mode does that. Throws
 * `CrossfadeError` (refused) if others can read it all the same; what cannot be seen is told to the listener.
 */
export function restrict(path: string, isFolder = false): void {
	if (!isWindows) return;
	const access = tools.restrict(path, isFolder);
	if (access.kind === "open") throw openToOthers(path, access.to);
	if (access.kind === "unknown") tell(unseen(path));
}

/** Throws `CrossfadeError` (refused) if others than this account may change a folder of Windows; what cannot be seen is told. */
export function refuseOpenFolder(path: string): void {
	if (!isWindows) return;
	const access = tools.look(path);
	if (access.kind === "open") throw openToOthers(path, access.to);
	if (access.kind === "unknown") tell(unseen(path));
}

/** Who has access to a file of Windows. */
export function accessOf(path: string): FileAccess["kind"] {
	return tools.look(path).kind;
}

/** What to warn about the access to a file with a secret that somebody else made. */
export function accessWarning(path: string): Problem[] {
	if (!isWindows) return [];
	const access = tools.look(path);
	if (access.kind === "unknown") return [unseen(path)].filter(isFirst);
	if (access.kind === "private") return [];
	return [
		{
			what: "other accounts of this machine have access to the file",
			got: access.to.join(", "),
			where: { file: path },
			fix: FIX,
		},
	];
}

/** Gives a file that replaces another its access list. Throws `CrossfadeError` (refused) if that fails; what cannot be seen is told. */
export function keepAccess(path: string, temporary: string): void {
	const done = tools.copy(path, temporary);
	if (done === "unknown") tell(unseen(path));
	if (done !== "different") return;
	throw new CrossfadeError("refused", {
		what: "the file has an access list that cannot be kept",
		where: { file: path },
		fix: "write the output to another file, and copy it over this one with a program that keeps it",
	});
}

const FIX = 'icacls FILE /inheritance:r /grant:r "%USERNAME%:F" "*S-1-5-18:F" "*S-1-5-32-544:F", then icacls FILE';

function unseen(path: string): Problem {
	return {
		what: "who has access to it could not be checked",
		expected: "its owner, SYSTEM and Administrators",
		got: "unknown",
		where: { file: meant(path) },
		fix: "look at it with icacls",
	};
}

function openToOthers(path: string, accounts: readonly string[]): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "other accounts of this machine have access to it",
		expected: "its owner, SYSTEM and Administrators only",
		got: accounts.join(", "),
		where: { file: meant(path) },
		fix: `remove them, e.g. ${FIX}`,
	});
}
