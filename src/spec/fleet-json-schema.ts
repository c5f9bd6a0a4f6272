import { toJsonSchema } from "@valibot/to-json-schema";
import { fleetSchema } from "./fleet-schema.ts";

/** The JSON Schema of `crossfade.yaml`, generated from its validator, except for checks that need code. */
export function fleetJsonSchema(): object {
	return toJsonSchema(fleetSchema, { errorMode: "ignore" });
}
