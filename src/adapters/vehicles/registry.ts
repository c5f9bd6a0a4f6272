import { fleet } from "./fleet/index.ts";
import { generic } from "./generic/index.ts";
import { installer } from "./installer/index.ts";
import { intune } from "./intune/index.ts";
import { jamf } from "./jamf/index.ts";
import { kandji } from "./kandji/index.ts";
import type { Vehicle } from "./vehicle.ts";

/** Every vehicle. A test holds this list against the folders. */
export const vehicles: readonly Vehicle[] = [jamf, intune, kandji, fleet, generic, installer];
