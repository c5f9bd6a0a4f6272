import type { FolderEntry } from "../../../effects/files/files.ts";

/** What kit rules there are, and why. */
export const kitRules = {
	manifest: "the manifest describes what this release makes of its settings",
	missing: "every file of the manifest is there",
	changed: "no file differs from what was made, but for filled placeholders",
	foreign: "nothing else is in the folder",
	limit: "every script fits into what the vendor takes",
	token: "no file but those named *.secret.* holds a token",
	placeholder: "a file named *.secret.* has its token",
	mode: "a file with a token can be read by its owner only",
	gitignore: "Git leaves files with a token alone",
	payload: "every payload can be parsed and holds the script beside it",
	syntax: "every shell here can read the scripts",
} as const;

export interface KitFinding {
	readonly rule: keyof typeof kitRules;
	readonly severity: "error" | "warning";
	readonly file: string;
	readonly what: string;
	readonly fix: string;
}

export interface FoundFile extends FolderEntry {
	/** Undefined for what is no regular file, or far too large. */
	readonly text: string | undefined;
}

/** A finding without its file. */
export type Wrong = (rule: KitFinding["rule"], what: string, fix: string, severity?: KitFinding["severity"]) => void;
