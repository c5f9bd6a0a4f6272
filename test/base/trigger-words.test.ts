import { expect, test } from "vitest";
import { triggerWords, withoutTriggerWords } from "../../src/base/trigger-words.ts";

test("trigger words that overlap are all broken, and nothing else of a text changes", () => {
	const text = "GetPropertiesX remitted NonPublicBindingFlags plain";
	expect(triggerWords(text)).not.toEqual([]);
	const broken = withoutTriggerWords(text, "`");
	expect(triggerWords(broken)).toEqual([]);
	expect(broken.replaceAll("`", "")).toBe(text);
});
