/** A file to write, as renderers describe it. */
export interface Artefact {
	/** Relative to the output folder, with forward slashes. */
	readonly path: string;
	readonly content: string;
	/** Permission bits; 0o644 if not given. */
	readonly mode?: number;
	/** Purpose, for the runbook's list of files. */
	readonly purpose: string;
	/** Belongs to the collector's host, and not to a config of ours: an existing collector needs it too. */
	readonly isForHost?: true;
}

/** One manual step. */
export interface RunbookStep {
	readonly text: string;
	/** Commands, one a line. */
	readonly commands?: readonly string[];
	/** Language of the commands; a POSIX shell if not given. */
	readonly shell?: "powershell" | "yaml";
	/** Puts a config of ours in place, or starts it: no step for a collector that keeps its own. */
	readonly isForOurConfig?: true;
}

/** What a platform adds to a plan: companion files and the steps of its runbook. */
export interface PlatformPieces {
	readonly artefacts: readonly Artefact[];
	/** One-time setup. */
	readonly install: readonly RunbookStep[];
	/** Every rotation, after the provider issued a new token. */
	readonly rotate: readonly RunbookStep[];
	/** How to read the collector's own metrics. */
	readonly proof: RunbookStep;
	/** Back to the old token, while it still works. */
	readonly rollBack: readonly RunbookStep[];
}
