// Written by scripts/registries.mjs from the folders beside it; `npm run build` writes it anew.
import type { Emission } from "./emission.ts";
import { emission as claudeCode } from "./claude-code/emits.ts";
import { emission as codex } from "./codex/emits.ts";
import { emission as gemini } from "./gemini/emits.ts";
import { emission as qwenCode } from "./qwen-code/emits.ts";

export const emissions: readonly [Emission, ...Emission[]] = [
	claudeCode,
	codex,
	gemini,
	qwenCode,
];
