import type { Cli } from "../../adapters/clis/cli.ts";
import type { Credential, Emission } from "../../adapters/clis/emission.ts";
import type { CliLayering } from "../../adapters/clis/layering.ts";
import type { KnownToken } from "../../spec/attribution.ts";
import type { Secret } from "../../token/secret.ts";
import type { CliSight } from "./gather.ts";
import type { ResolvedLayers } from "./resolve.ts";

/** A problem. Contains no token. */
export interface DoctorFinding {
	readonly severity: "error" | "warning" | "note";
	/** A sentence without a full stop. */
	readonly what: string;
	/** A file, or a variable. */
	readonly where?: string | undefined;
	/** A command or an edit. */
	readonly fix: string;
}

/** What a CLI does with one signal, safe to show: the token by fingerprint. */
export interface SignalState {
	readonly signal: Emission["signal"];
	/** `unknown` where its settings go beyond the known rules of the CLI. */
	readonly sent: Emission["sent"];
	/** Why nothing is sent. */
	readonly off?: string | undefined;
	/** Why it is not known what is sent. */
	readonly doubt?: string | undefined;
	/** What of it cannot be meant. */
	readonly flaws: readonly string[];
	/** The URL, with a mark in place of a token. */
	readonly url?: string | undefined;
	readonly urlFrom?: string | undefined;
	readonly protocol?: Emission["protocol"];
	/** Names of the headers that settings decide. */
	readonly headers: readonly string[];
	readonly secret?: Secret | undefined;
	/** The token's name, if it is one of those given. */
	readonly token?: string | undefined;
	readonly tokenFrom?: string | undefined;
	readonly tokenBy?: Credential["by"];
	/** The word before the token in its header. */
	readonly scheme?: string | undefined;
}

/** The diagnosis of one CLI. */
export interface Diagnosis {
	readonly id: string;
	readonly title: string;
	/** When it applies changed settings. */
	readonly applies: string;
	readonly sight: CliSight;
	readonly resolved: ResolvedLayers;
	readonly signals: readonly SignalState[];
	readonly findings: readonly DoctorFinding[];
	readonly unseen: readonly string[];
}

/** The intermediate result for one CLI. */
export interface DiagnosedCli {
	readonly cli: Cli;
	readonly layering: CliLayering;
	readonly sight: CliSight;
	readonly resolved: ResolvedLayers;
	readonly signals: readonly SignalState[];
	readonly known: readonly KnownToken[];
	/** See `Consultation`. */
	readonly hosts: readonly string[] | undefined;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Where the token is that our own program prints: the setting that names the program, and the file it reads. */
	readonly printed: { readonly by: string; readonly path: string; readonly isOpen: boolean | undefined } | undefined;
	/** See `Consultation`. */
	readonly isOpen: (path: string) => boolean | undefined;
	/** What is wrong with our own program for the header, if it is set. */
	readonly programProblem: string | undefined;
}

/** Whether a CLI, or a file that configures it, exists. */
export function isConcerned({ sight, resolved }: Pick<Diagnosis, "sight" | "resolved">): boolean {
	if (sight.installs.length > 0) return true;
	return [...resolved.settings.values()].some(({ layer }) => layer.path !== undefined);
}
