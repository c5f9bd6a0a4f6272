import type { Effects } from "../../effects/effects.ts";

/** What is in a key of the registry of Windows. */
export type RegistryKey =
	| { readonly kind: "absent" }
	| { readonly kind: "unreadable" }
	| {
			readonly kind: "read";
			/** By name in capitals: names mean the same in any case. */
			readonly values: ReadonlyMap<string, RegistryValue>;
			/** The last part of the name of each key in it. */
			readonly keys: readonly string[];
	  };

export interface RegistryValue {
	/** e.g. REG_SZ */
	readonly type: string;
	/** Variables of a REG_EXPAND_SZ are still in it. What is not ASCII may be wrong: reg.exe writes in a code page of the machine. */
	readonly text: string;
}

const PROGRAM_MS = 20_000;

/**
 * Reads keys with reg.exe of the system folder, as 64-bit programs see them.
 * https://learn.microsoft.com/windows-server/administration/windows-commands/reg-query
 */
export function registryReader(
	programs: Effects["programs"],
	systemRoot: string,
): (key: string) => Promise<RegistryKey> {
	const reg = /^[A-Za-z]:[\\/]/.test(systemRoot) ? programs.find(`${systemRoot}\\System32\\reg.exe`) : undefined;
	const known = new Map<string, Promise<RegistryKey>>();
	const query = async (key: string): Promise<RegistryKey> => {
		if (reg === undefined) return { kind: "unreadable" };
		const run = programs.run(reg, ["query", key, "/reg:64"], { timeoutMs: PROGRAM_MS });
		const result = await run.catch(() => undefined);
		if (result?.code === 0) return parsed(result.stdout, key);
		// It ends with 1 for what is not there and for what may not be read alike, and says which in the language of the system.
		const at = key.lastIndexOf("\\");
		if (at < 0) return { kind: "unreadable" };
		const above = await read(key.slice(0, at));
		const isThere = above.kind === "read" && above.keys.some((name) => isSame(name, key.slice(at + 1)));
		return { kind: above.kind === "unreadable" || isThere ? "unreadable" : "absent" };
	};
	const read = (key: string): Promise<RegistryKey> => {
		const found = known.get(key) ?? query(key);
		known.set(key, found);
		return found;
	};
	return read;
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Short names of hives, which reg.exe writes out. */
const HIVES: readonly (readonly [short: RegExp, long: string])[] = [
	[/^HKLM(?=\\|$)/i, "HKEY_LOCAL_MACHINE"],
	[/^HKCU(?=\\|$)/i, "HKEY_CURRENT_USER"],
];

/** What `reg query KEY` prints: the name of the key, its values, and the names of the keys in it. */
function parsed(text: string, key: string): RegistryKey {
	const full = HIVES.reduce((name, [short, long]) => name.replace(short, long), key);
	const values = new Map<string, RegistryValue>();
	const keys: string[] = [];
	let last: string | undefined;
	for (const line of text.split(/\r?\n/)) {
		const [, name, type, value = ""] = /^ {4}(.*?) {4}(REG_\w+)(?: {4}(.*))?$/.exec(line) ?? [];
		if (name !== undefined && type !== undefined) {
			last = name.toUpperCase();
			values.set(last, { type, text: value });
		} else if (/^HKEY_[A-Z_]+(\\|$)/.test(line)) {
			last = undefined;
			if (!isSame(line, full) && line.lastIndexOf("\\") === full.length) keys.push(line.slice(full.length + 1));
		} else if (last !== undefined && line !== "") {
			// A value of several lines.
			const before = values.get(last);
			if (before) values.set(last, { ...before, text: `${before.text}\n${line}` });
		}
	}
	return { kind: "read", values, keys };
}
