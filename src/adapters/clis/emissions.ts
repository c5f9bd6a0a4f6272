import { claudeCode } from "./claude-code/emits.ts";
import { codex } from "./codex/emits.ts";
import type { Emission } from "./emission.ts";
import { gemini } from "./gemini/emits.ts";

/** What the CLIs send. A test holds this list against the folders. */
export const emissions: readonly Emission[] = [claudeCode, codex, gemini];
