/** Every CLI, in the order of report lines. */
export { clis } from "./registry.generated.ts";
