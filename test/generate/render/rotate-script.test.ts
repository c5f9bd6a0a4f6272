import { expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { renderRotateScript } from "../../../src/generate/render/rotate-script.ts";
import { planFor } from "../../contracts/collector.ts";
import { inheritable } from "../../harness/inherited.ts";

/** Words of awk and of options, which look like an assignment and are no variable of the shell. */
const NO_VARIABLES = [
	"disable",
	"fp",
	"g",
	"id",
	"label",
	"lstart",
	"name",
	"o",
	"path",
	"real",
	"s",
	"shell",
	"text",
	"u",
];

test("every variable that the script uses, and nothing else, is taken out of the environment first", async () => {
	const distribution = await loadDistribution("contrib");
	if (!distribution) throw new Error("contrib is there");
	const script = renderRotateScript(planFor(distribution, { platform: "systemd" }));
	const [, list = ""] = /^unset -v ((?:.*\\\n)*.*)$/m.exec(script) ?? [];
	const unset = list.split(/[\s\\]+/);
	const used = inheritable(script).filter((name) => !NO_VARIABLES.includes(name));
	expect(used.length).toBeGreaterThan(50);
	expect(used.filter((name) => !unset.includes(name))).toEqual([]);
	expect(unset.filter((name) => !used.includes(name))).toEqual([]);
});
