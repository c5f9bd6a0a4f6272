import type { Route } from "../../adapters/clis/layering.ts";
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
	readonly signal: Route["signal"];
	/** Why nothing is sent. */
	readonly off?: string | undefined;
	/** The URL, with a mark in place of a token. */
	readonly url?: string | undefined;
	readonly urlFrom?: string | undefined;
	readonly secret?: Secret | undefined;
	/** The token's name, if it is one of those given. */
	readonly token?: string | undefined;
	readonly tokenFrom?: string | undefined;
	readonly tokenBy?: Route["tokenBy"];
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

/** Whether a CLI, or a file that configures it, exists. */
export function isConcerned({ sight, resolved }: Pick<Diagnosis, "sight" | "resolved">): boolean {
	if (sight.installs.length > 0) return true;
	return [...resolved.settings.values()].some(({ layer }) => layer.path !== undefined);
}
