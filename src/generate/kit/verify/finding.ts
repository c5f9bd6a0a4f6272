import type { FolderEntry } from "../../../effects/files/files.ts";

/** The kit rules. */
export const kitRules = {
	manifest: "the manifest matches what this release generates from its settings",
	missing: "every file in the manifest exists",
	changed: "every file is as generated, apart from filled placeholders",
	foreign: "the folder contains no other files",
	limit: "every script is within the vendor's size limit",
	token: "only files named *.secret.* contain a token",
	placeholder: "every file named *.secret.* contains its token",
	mode: "only the owner can read a file that contains a token",
	gitignore: "Git ignores files that contain a token",
	payload: "every payload can be parsed and embeds the script next to it",
	syntax: "every shell, or PowerShell, on this machine can parse the scripts",
	lint: "a PowerShell script has only syntax, commands and parameters that Windows PowerShell 5.1 has",
	encoding: "a PowerShell script is ASCII without a byte order mark, as Windows PowerShell 5.1 reads it",
	"line-ends": "every line of a PowerShell script ends with CR and LF",
	logged: "no word in a PowerShell script makes PowerShell write it to the event log although logging is off",
} as const;

export interface KitFinding {
	readonly rule: keyof typeof kitRules;
	readonly severity: "error" | "warning";
	readonly file: string;
	readonly what: string;
	readonly fix: string;
}

export interface FoundFile extends FolderEntry {
	/** Undefined if it is not a regular file, or far too large. */
	readonly text: string | undefined;
	/** The same, undecoded; undefined where `text` is. */
	readonly bytes: Uint8Array | undefined;
}

/** A finding without its file. */
export type Wrong = (rule: KitFinding["rule"], what: string, fix: string, severity?: KitFinding["severity"]) => void;
