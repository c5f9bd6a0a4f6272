// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { CliLayering } from "./layering.ts";
import { layering as claudeCode } from "./claude-code/layers.ts";
import { layering as codex } from "./codex/layers.ts";
import { layering as gemini } from "./gemini/layers.ts";
import { layering as qwenCode } from "./qwen-code/layers.ts";

export const layerings: readonly [CliLayering, ...CliLayering[]] = [
	claudeCode,
	codex,
	gemini,
	qwenCode,
];
