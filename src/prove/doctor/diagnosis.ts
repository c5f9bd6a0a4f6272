import type { Route } from "../../adapters/clis/layering.ts";
import type { Secret } from "../../token/secret.ts";
import type { CliSight } from "./gather.ts";
import type { ResolvedLayers } from "./resolve.ts";

/** Something that is not as it should be. No text in it holds a token. */
export interface DoctorFinding {
	readonly severity: "error" | "warning" | "note";
	/** A sentence without a final stop. */
	readonly what: string;
	/** A file, or a variable. */
	readonly where?: string | undefined;
	/** A command or an edit. */
	readonly fix: string;
}

/** What a CLI does with one signal, as it may be shown: the token by its fingerprint. */
export interface SignalState {
	readonly signal: Route["signal"];
	/** Why nothing is sent. */
	readonly off?: string | undefined;
	/** The URL with a mark where the token is in it. */
	readonly url?: string | undefined;
	readonly urlFrom?: string | undefined;
	readonly secret?: Secret | undefined;
	/** The name of the token, where it is one that the doctor was told of. */
	readonly token?: string | undefined;
	readonly tokenFrom?: string | undefined;
	readonly tokenBy?: Route["tokenBy"];
}

/** One CLI, seen and judged. */
export interface Diagnosis {
	readonly id: string;
	readonly title: string;
	/** When it takes up a change of its settings. */
	readonly applies: string;
	readonly sight: CliSight;
	readonly resolved: ResolvedLayers;
	readonly signals: readonly SignalState[];
	readonly findings: readonly DoctorFinding[];
	readonly unseen: readonly string[];
}

/** Whether a CLI is here at all, or a file is that tells it where to send. */
export function isConcerned({ sight, resolved }: Pick<Diagnosis, "sight" | "resolved">): boolean {
	if (sight.installs.length > 0) return true;
	return [...resolved.settings.values()].some(({ layer }) => layer.path !== undefined);
}
