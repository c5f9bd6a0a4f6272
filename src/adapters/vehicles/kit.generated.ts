// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { Kit } from "./kit.ts";
import { kit as fleet } from "./fleet/kit.ts";
import { kit as generic } from "./generic/kit.ts";
import { kit as intune } from "./intune/kit.ts";
import { kit as jamf } from "./jamf/kit.ts";
import { kit as kandji } from "./kandji/kit.ts";

export const kits: Readonly<Record<string, Kit>> = {
	"jamf": jamf,
	"intune": intune,
	"kandji": kandji,
	"fleet": fleet,
	"generic": generic,
};
