import { claudeCode } from "./claude-code/layers.ts";
import { codex } from "./codex/layers.ts";
import { gemini } from "./gemini/layers.ts";
import type { CliLayering } from "./layering.ts";

/** The layers of every CLI, in the order of the registry. */
export const layerings: readonly CliLayering[] = [claudeCode, codex, gemini];
