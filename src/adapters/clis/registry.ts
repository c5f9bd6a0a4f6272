import { claudeCode } from "./claude-code/index.ts";
import type { Cli } from "./cli.ts";
import { codex } from "./codex/index.ts";
import { gemini } from "./gemini/index.ts";

/** Every CLI, in the order of report lines. A test holds this list against the folders. */
export const clis: readonly Cli[] = [claudeCode, codex, gemini];
