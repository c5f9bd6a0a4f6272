import { generic } from "./generic/index.ts";
import { installer } from "./installer/index.ts";
import type { Vehicle } from "./vehicle.ts";

/** Every vehicle. A test holds this list against the folders. */
export const vehicles: readonly Vehicle[] = [generic, installer];
