import { rotateCommand } from "../spec/rotation-command.ts";
import { fingerprint } from "../token/fingerprint.ts";
import { type Engine, labelOf } from "./engine.ts";
import { JournalFailure } from "./journal.ts";
import type { Captured } from "./record.ts";

/** Seals a secret and writes it down; on the disk when this returns. */
export async function sealInto(
	{ journal, sealer }: Pick<Engine, "journal" | "sealer">,
	what: "old" | "new" | "answer",
	bytes: Uint8Array,
	known?: Captured,
): Promise<void> {
	const sealed = { what, sequence: journal.next, fingerprint: fingerprint(bytes) };
	const box = await sealer.seal(labelOf(journal.operation, sealed), bytes);
	await journal.append({ is: "sealed", ...sealed, box, ...(known === undefined ? {} : { captured: known }) });
}

/** Pauses between attempts to keep an answer, in milliseconds: it is nowhere else, and a disk can get free again. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/** Seals the provider's answer; with patience, as it may hold a token that nobody else has. */
export async function sealAnswer(engine: Engine, bytes: Uint8Array): Promise<void> {
	for (const pause of [...PAUSES_MS, undefined]) {
		try {
			return await sealInto(engine, "answer", bytes);
		} catch (error) {
			if (!(error instanceof JournalFailure) || error.exit !== "io") throw error;
			const what = "the provider's answer, which may hold a new token, cannot be kept";
			if (pause === undefined) {
				const fix = `free some space; then it goes on by the provider's rules: ${rotateCommand(engine.spec, "resume")}`;
				throw new JournalFailure("io", [...error.problems, { what, fix }], { cause: error });
			}
			if (pause === PAUSES_MS[0]) {
				engine.fx.terminal.warn({ what, fix: "free some space now: it is tried again for a minute" });
			}
			await engine.fx.sleep(pause);
		}
	}
}
