import { join } from "node:path";
import { expect, test } from "vitest";
import { claudeValues } from "../harness/clis/claude-values.ts";
import { cliPart, labOf } from "../harness/clis/labs.ts";
import { namespaces, startMachine } from "../harness/clis/machine.ts";
import { startModel } from "../harness/clis/model.ts";
import { aThird } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";

const NEWEST = "2.1.330";

type Values = Readonly<Record<string, readonly unknown[]>>;

/** What it says of a value that it leaves out by itself. */
const PART = /ignored|skipped|was removed|must be one of "|an object like|unrecognized key/;

/** As few settings files as hold each value once. */
function filesOf(values: Values): Readonly<Record<string, unknown>>[] {
	const most = Math.max(...Object.values(values).map(({ length }) => length));
	return Array.from({ length: most }, (_, nth) =>
		Object.fromEntries(Object.entries(values).flatMap(([key, all]) => (nth < all.length ? [[key, all[nth]]] : []))),
	);
}

/** The settings of the user's file by which Claude Code says that all of it is left out. */
async function blamed(file: Readonly<Record<string, unknown>>): Promise<ReadonlySet<string>> {
	const [machine, model] = [await startMachine(), await startModel()];
	machine.write("~/.claude/settings.json", JSON.stringify(file));
	const { entry, start } = labOf("claude-code");
	const { env } = start({ machine, model, prompt: "" });
	const program = join(cliPart("claude-code", NEWEST).path, entry(NEWEST));
	const { stdout } = await machine.run([process.execPath, program, "doctor"], { env });
	const lines = [...stdout.matchAll(/^- \S+ › ([^:\n]+): (.*)$/gm)];
	return new Set(lines.flatMap(([, path = "", text = ""]) => (PART.test(text) ? [] : [path.split(/[.[]/)[0] ?? ""])));
}

for (const [what, values] of Object.entries({ refused: claudeValues.refused, taken: claudeValues.taken }))
	test(`Claude Code ${NEWEST} leaves a file out because of values of which we say so, and of no others: ${what}`, {
		...needs(namespaces, cliPart("claude-code", NEWEST)),
		timeout: 600_000,
	}, async () => {
		for (const file of aThird(filesOf(values))) {
			const expected = what === "refused" ? Object.keys(file) : [];
			expect({ file, blamed: [...(await blamed(file))].sort() }).toEqual({ file, blamed: expected.sort() });
		}
	});
