import type { TokenPath } from "../../spec/probe-plan.ts";

/** What a place did with a made-up token on one path. */
export interface Control {
	readonly place: string;
	readonly path: TokenPath;
	/** `refused`: the place looks at tokens. `taken`: it does not. `unclear`: neither was seen. */
	readonly result: "refused" | "taken" | "unclear" | "not sent";
	readonly status?: number | undefined;
	/** What came of it; never holds a token. */
	readonly detail?: string;
}
