// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { SandboxProvider } from "./sandbox.ts";
import { sandbox as activitylog } from "./activitylog/sandbox.ts";
import { sandbox as glean } from "./glean/sandbox.ts";
import { sandbox as tooken } from "./tooken/sandbox.ts";
import { sandbox as torii } from "./torii/sandbox.ts";
import { sandbox as wrapd } from "./wrapd/sandbox.ts";

export const sandboxProviders: readonly [SandboxProvider, ...SandboxProvider[]] = [
	torii,
	activitylog,
	glean,
	tooken,
	wrapd,
];
