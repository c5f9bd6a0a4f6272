// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { Provider, TokenIssuer } from "./provider.ts";
import { provider as activitylog } from "./activitylog/index.ts";
import { provider as custom } from "./custom/index.ts";
import { provider as glean } from "./glean/index.ts";
import { provider as tooken } from "./tooken/index.ts";
import { provider as torii } from "./torii/index.ts";
import { provider as wrapd } from "./wrapd/index.ts";

export const issuers: readonly [Provider | TokenIssuer, ...(Provider | TokenIssuer)[]] = [
	torii,
	activitylog,
	glean,
	tooken,
	wrapd,
	custom,
];
