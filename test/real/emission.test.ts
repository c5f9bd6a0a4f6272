import { describe, expect, test } from "vitest";
import { differences, predicted } from "../harness/clis/emitted.ts";
import { cliParts, installed } from "../harness/clis/labs.ts";
import { namespaces, startMachine } from "../harness/clis/machine.ts";
import { startModel } from "../harness/clis/model.ts";
import { startRecorder } from "../harness/clis/recorder.ts";
import { runCli } from "../harness/clis/run.ts";
import { generators } from "../harness/clis/settings/generators.ts";
import { choices } from "../harness/clis/settings/random.ts";
import { SETTINGS } from "../harness/matrix.ts";
import { needs } from "../harness/parts.ts";

const needed = needs(namespaces, ...cliParts);

/** Wide: a CLI runs some seconds for each of them. */
const TIMEOUT_MS = 60_000 + SETTINGS * 60_000;

describe("what the model says is what the real CLI sends, header by header", needed, () => {
	test.each(installed.filter(({ id }) => id in generators))(
		"$id $version: settings at random in all layers",
		{ timeout: TIMEOUT_MS },
		async ({ id, version }) => {
			const found: unknown[] = [];
			const tally = { yes: 0, no: 0, unknown: 0 };
			const [one, other] = [await startRecorder("A"), await startRecorder("B")];
			const model = await startModel();
			const first = Number(process.env["CROSSFADE_SEED"] ?? 1);
			for (let seed = first; seed < first + SETTINGS; seed++) {
				const choose = choices(seed);
				let tokens = 0;
				const materials = {
					choose,
					host: () => (choose.maybe(0.7) ? one.host : other.host),
					token: () => `token-${seed}-${tokens++}`,
				};
				const { files, env: wanted } = generators[id]?.(materials) ?? { files: {}, env: {} };
				const machine = await startMachine();
				for (const [path, text] of Object.entries(files)) machine.write(path, text);
				const env = Object.fromEntries(
					Object.entries(wanted).map(([name, value]) => [name, value.replace("{home}", machine.home)]),
				);
				one.clear();
				other.clear();
				// What a test needs to be started is not in the way of any telemetry setting.
				const emissions = await predicted(id, version, machine, env);
				const ended = await runCli(id, { machine, model, prompt: "Hello", version, env });
				for (const { sent } of emissions) tally[sent]++;
				const different = differences(emissions, [one, other], ["logs", "metrics"]);
				if (different.length === 0) continue;
				const what = { seed, different, files, env, code: ended.code, stderr: ended.stderr.slice(0, 300) };
				// At once: a whole run takes hours, and one that is stopped tells nothing at its end.
				process.stderr.write(`${id} ${version}: ${JSON.stringify(what)}\n`);
				found.push(what);
			}
			// For the record of a whole run.
			process.stderr.write(
				`${id} ${version}: ${SETTINGS} settings, signals ${JSON.stringify(tally)}, ${found.length} different\n`,
			);
			expect(found).toEqual([]);
			expect(tally.yes).toBeGreaterThan(0);
		},
	);
});
