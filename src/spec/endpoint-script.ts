import type { Cli, Os } from "../adapters/clis/cli.ts";
import type { Signal } from "../adapters/providers/provider.ts";
import type { Action, Mode } from "../adapters/vehicles/mode.ts";
import type { Vehicle } from "../adapters/vehicles/vehicle.ts";

/** Whose files a script changes: those of each user, or those of the machine. */
export const scopes = ["user", "system"] as const;
export type Scope = (typeof scopes)[number];

/** An endpoint script's settings; the script's own options can change all of them except vehicle, mode and os. */
export interface EndpointScript {
	readonly vehicle: Vehicle;
	readonly mode: Mode;
	/** What the file does by default. */
	readonly action: Action;
	/** What it can do at all; the one action alone if not given. */
	readonly actions?: readonly Action[];
	readonly os: readonly Os[];
	readonly clis: readonly Cli[];
	/** Title of the provider, base URL of its ingest without a trailing slash, and the signals it takes. */
	readonly provider: { readonly title: string; readonly endpoint: string; readonly takes: readonly Signal[] };
	/** Default: the vehicle's own. */
	readonly scope?: Scope;
	/** It writes complete files of its own where none exist, and has no editor; off if not given. Only with the scope `system`. */
	readonly compact?: boolean;
	/** CLIs that can read the token from a file, through a program; default off. */
	readonly helper?: boolean;
	/** Send the machine's name and id; default on. */
	readonly hostIdentity?: boolean;
	/** A test build whose programs, shell and system folders the environment can replace. */
	readonly hooks?: boolean;
}
