// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { Cli } from "./cli.ts";
import { cli as claudeCode } from "./claude-code/index.ts";
import { cli as codex } from "./codex/index.ts";
import { cli as gemini } from "./gemini/index.ts";
import { cli as qwenCode } from "./qwen-code/index.ts";

export const clis: readonly [Cli, ...Cli[]] = [
	claudeCode,
	codex,
	gemini,
	qwenCode,
];
