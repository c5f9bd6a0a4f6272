/**
 * Values of other settings with which Qwen Code ends before it sends anything, found by trying some of its settings in 0.24.4. A value that a
 * stronger file replaces counts here, too.
 *
 * Source: https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/settingsSchema.ts
 */
import type { LayerPlace } from "../layering.ts";
import { ELSEWHERE } from "../start.ts";
import { all, has, inside, number, object, off, refusedBy, text, type ValueChecks } from "../value-check.ts";

/** 24 days, the longest that a timer of JavaScript can be. */
const MOST_SECONDS = 2_147_483;
const MOST_TOKENS = 300_000_000;
/** With another key in that table it ends as well. */
export const keysOfOmni = ["delivery", "enabled", "ingestion", "memory", "processing", "storage"];

const values: ValueChecks = {
	plansDirectory: text,
	proxy: text,
	imageModel: text,
	modelFallbacks: text,
	omni: all(
		object,
		has("must have known keys only", (keys) => keys.every((key) => keysOfOmni.includes(key))),
	),
	tools: inside({ sandbox: off(ELSEWHERE) }),
	model: inside({
		maxWallTimeSeconds: number(Number.NEGATIVE_INFINITY, MOST_SECONDS),
		goalTokenBudget: number(Number.NEGATIVE_INFINITY, MOST_TOKENS),
	}),
};

export const doubts: NonNullable<LayerPlace["doubts"]> = [
	{ range: "", of: refusedBy(values), why: "has a value with which it may end before it sends anything" },
];
