import { claudeCode } from "./claude-code.ts";
import type { Generator } from "./settings.ts";

/** By the id of the CLI. */
export const generators: Readonly<Record<string, Generator>> = { "claude-code": claudeCode };
