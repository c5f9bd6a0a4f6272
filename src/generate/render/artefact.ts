/** A file to write, as renderers describe it. */
export interface Artefact {
	/** Relative to the output folder, with forward slashes. */
	readonly path: string;
	readonly content: string;
	/** Permission bits; 0o644 if not given. */
	readonly mode?: number;
	/** What it is for, for the list in the runbook. */
	readonly purpose: string;
}

/** One thing for a person to do. */
export interface RunbookStep {
	readonly text: string;
	/** Commands, one a line. */
	readonly commands?: readonly string[];
	/** Language of the commands; a POSIX shell if not given. */
	readonly shell?: "powershell";
}

/** What a platform adds to a plan: companion files and the steps of its runbook. */
export interface PlatformPieces {
	readonly artefacts: readonly Artefact[];
	/** Getting started, once. */
	readonly install: readonly RunbookStep[];
	/** Every rotation, after a new token was made at the provider. */
	readonly rotate: readonly RunbookStep[];
	/** Seeing the collector's own metrics. */
	readonly proof: RunbookStep;
	/** Back to the old token while the overlap lasts. */
	readonly rollBack: readonly RunbookStep[];
}
