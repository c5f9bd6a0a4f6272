import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";
import { labelOf } from "../rotate/engine.ts";
import { allRecords } from "../rotate/journal.ts";
import { leftBehind, letGo } from "../rotate/let-go.ts";
import { sendNotices } from "../rotate/notices.ts";
import {
	heldJournalOf,
	learnClock,
	lockPlace,
	openEngine,
	type RotationPlace,
	sealedJournalOf,
} from "../rotate/open.ts";
import { stateOfJournal } from "../rotate/state.ts";
import { statusOf, statusText } from "../rotate/status.ts";
import { recordText } from "../rotate/words.ts";
import type { FlagReader } from "../spec/flags.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { timeFlag } from "./rotate-input.ts";
import { start } from "./rotate-run.ts";

/** Ends an operation that cannot end well. Its sealed tokens stay readable for export. With `--replace` the next one begins at once. */
export async function closeStranded(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const because = flags.text("because") ?? "";
	const replaces = flags.isSet("replace");
	if (!flags.isSet("stranded"))
		flags.wrong("--stranded", {
			what: "what was not done stays undone",
			expected: "--stranded, to say that this is known",
			fix: "add it",
		});
	if (!/\S/.test(because)) flags.wrong("--because", { what: "the reason is missing", fix: 'add --because "…"' });
	for (const name of OF_NEXT) {
		const isGiven = flags.isSet(name) || flags.text(name) !== undefined;
		if (isGiven && !replaces)
			flags.wrong("--replace", { what: `${name} is about the next rotation`, fix: "add --replace" });
	}
	if (flags.problems.length > 0) throw new CrossfadeError("usage", flags.problems);
	if (replaces) return start(place, flags, { replaces: { because } });
	const lock = await lockPlace(place);
	try {
		const journal = await heldJournalOf(place);
		const state = journal && stateOfJournal(journal.records);
		if (!journal || !state || state.closed) {
			place.fx.terminal.print("no rotation is under way\n");
			return "ok";
		}
		const left = leftBehind(state, place.spec);
		await letGo(place, state);
		await journal.append({ is: "word", about: "removed", subject: "operation", because });
		await journal.append({ is: "closed", how: "stranded", left });
		await sendNotices(place, journal, { now: place.fx.clock.now(), next: { over: "stranded" }, problems: [] });
		place.fx.terminal.print(`closed. Left behind: ${left.map((each) => shownName(each)).join("; ")}\n`);
		return "partial";
	} finally {
		await lock.release();
	}
}

/** Options of `close` that are for the rotation that begins in its place. */
const OF_NEXT = ["adopt", "publicId", "since", "oldEnds", "leaked", "acceptUnproven", "acceptOutage"];

/** The provider's support gave the old token more time. */
export async function reopen(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const lock = await lockPlace(place);
	try {
		const until = timeFlag(flags, "until", "--until");
		const now = place.fx.clock.now() + (await learnClock(place));
		if (until === undefined && flags.problems.length === 0)
			flags.wrong("--until", { what: "the time is missing", fix: "add --until TIME" });
		if (until !== undefined && until <= now)
			flags.wrong("--until", { what: "this time is in the past", fix: "give the time when the old token ends now" });
		const journal = await heldJournalOf(place);
		const state = journal && stateOfJournal(journal.records);
		if (state?.deadline === undefined || state.closed)
			flags.wrong("--until", {
				what: "no rotation with a deadline is under way",
				fix: `see ${rotateCommand(place.spec, "status")}`,
			});
		if (flags.problems.length > 0 || !journal || until === undefined) throw new CrossfadeError("usage", flags.problems);
		await journal.append({ is: "word", about: "reopen", until });
		place.fx.terminal.print(statusText(statusOf(place.spec, journal, now), now));
		return "ok";
	} finally {
		await lock.release();
	}
}

export async function logOf({ fx, folder }: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const records = (await allRecords(folder)).flat();
	if (flags.isSet("json")) {
		const plain = records.map((record) =>
			record.is === "sealed" ? { ...record, box: `${record.box.length} characters` } : record,
		);
		fx.terminal.print(`${JSON.stringify(plain, undefined, 2)}\n`);
	} else fx.terminal.print(records.map((record) => `${recordText(record)}\n`).join(""));
	return "ok";
}

/** The new token, or the provider's answer as it came, in a new file. */
export async function exportToken(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const out = flags.text("out");
	if (out === undefined || out === "-")
		flags.wrong("--out", { what: "the file is missing", expected: "a new file", fix: "add --out FILE" });
	if (!flags.isSet("yes"))
		flags.wrong("--yes", {
			what: "this writes a token to a file, readable by this account",
			expected: "--yes",
			fix: "add --yes, and remove the file as soon as it served",
		});
	if (flags.problems.length > 0 || out === undefined) throw new CrossfadeError("usage", flags.problems);
	const journal = await sealedJournalOf(place);
	if (!journal) throw nothingSealed(place);
	const closed = stateOfJournal(journal.records).closed?.how;
	if (closed !== undefined && (await journal.key()) === undefined) throw overAndWell(closed);
	const engine = await openEngine(place, journal);
	const state = engine.state();
	const answer = journal.records.findLast((record) => record.is === "sealed" && record.what === "answer");
	if (state.fresh) await place.fx.files.createSecret(out, await engine.secret("new"));
	else if (answer?.is === "sealed") {
		const bytes = await engine.sealer.open(labelOf(journal.operation, answer), answer.box);
		// Half an answer may hold no token at all.
		await place.fx.files.createSecret(out, { reveal: () => Buffer.from(bytes).toString("utf8") });
	} else throw nothingSealed(place);
	place.fx.terminal.print(`${out}\n`);
	if (closed !== undefined) place.fx.terminal.note(`of operation ${journal.operation}, which is over: ${closed}`);
	return "ok";
}

function overAndWell(how: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: `the operation is over (${how}), and its key was destroyed: nothing opens its sealed tokens`,
		fix: "read the token in use where it is: from a store of the rotation",
	});
}

function nothingSealed({ spec }: RotationPlace): CrossfadeError {
	return new CrossfadeError("refused", { what: "no new token is sealed", fix: `see ${rotateCommand(spec, "log")}` });
}
