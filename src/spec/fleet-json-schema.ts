import { toJsonSchema } from "@valibot/to-json-schema";
import { fleetSchema } from "./fleet-schema.ts";

/** The JSON Schema of `crossfade.yaml`, made from what validates it. What only code can check is left out of it. */
export function fleetJsonSchema(): object {
	return toJsonSchema(fleetSchema, { errorMode: "ignore" });
}
