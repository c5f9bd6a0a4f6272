// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { Vehicle } from "./vehicle.ts";
import { vehicle as fleet } from "./fleet/index.ts";
import { vehicle as generic } from "./generic/index.ts";
import { vehicle as installer } from "./installer/index.ts";
import { vehicle as intune } from "./intune/index.ts";
import { vehicle as jamf } from "./jamf/index.ts";
import { vehicle as kandji } from "./kandji/index.ts";

export const vehicles: readonly [Vehicle, ...Vehicle[]] = [
	jamf,
	intune,
	kandji,
	fleet,
	generic,
	installer,
];
