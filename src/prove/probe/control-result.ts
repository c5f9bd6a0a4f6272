import type { TokenPath } from "../../spec/probe-plan.ts";

/** What a place did with a made-up token on one path. */
export interface Control {
	readonly place: string;
	readonly path: TokenPath;
	/** `refused`: the place checks tokens. `taken`: it does not. `unclear`: the response shows neither. */
	readonly result: "refused" | "taken" | "unclear" | "not sent";
	readonly status?: number | undefined;
	/** The outcome as text; never contains a token. */
	readonly detail?: string;
}
