import { activitylog } from "./activitylog.ts";
import { glean } from "./glean.ts";
import type { SandboxProvider } from "./provider.ts";
import { tooken } from "./tooken.ts";
import { torii } from "./torii.ts";
import { wrapd } from "./wrapd.ts";

/** Every provider the sandbox can be, the default first. A test holds this list against the files. */
export const sandboxProviders: readonly [SandboxProvider, ...SandboxProvider[]] = [
	torii,
	activitylog,
	glean,
	tooken,
	wrapd,
];
