import { clis } from "./registry.generated.ts";

/** Every CLI, in the order of report lines. */
export { clis };

/** Those that can read the token from a file, through a program. */
export const helped = clis.filter(({ header }) => header !== undefined);
