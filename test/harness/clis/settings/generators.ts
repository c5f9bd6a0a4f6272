import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import { gemini } from "./gemini.ts";
import { qwenCode } from "./qwen-code.ts";
import type { Generator } from "./settings.ts";

/** By the id of the CLI. */
export const generators: Readonly<Record<string, Generator>> = {
	"claude-code": claudeCode,
	codex,
	gemini,
	"qwen-code": qwenCode,
};

/** CLIs that take several times as long as the others to start and to give up: only long runs try theirs. */
export const slow: readonly string[] = ["qwen-code"];
