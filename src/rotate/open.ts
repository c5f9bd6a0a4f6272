import { createHash } from "node:crypto";
import { join } from "node:path";
import { duration } from "../base/duration.ts";
import { CrossfadeError } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import type { Effects } from "../effects/effects.ts";
import type { Claim } from "../effects/files/claim.ts";
import type { JournalFolder } from "../effects/files/journal-folder.ts";
import type { Fleet } from "../spec/fleet.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { refText } from "../token/reference.ts";
import { type Engine, newEngine } from "./engine.ts";
import { allRecords, destroyOtherKeys, type Journal, journalNamed, newestJournal, startJournal } from "./journal.ts";
import { providerClock } from "./provider-call.ts";
import type { Opened, Stamp } from "./record.ts";
import { newAgeKey, recipientOf, sealer, unwrapIdentity, wrapIdentity } from "./sealing.ts";
import { isDone, type RotationState, stateOfJournal } from "./state.ts";

/** A rotation of a fleet file, with its journal's folder. */
export interface RotationPlace {
	readonly fx: Effects;
	readonly fleet: Fleet;
	/** Absolute path of the fleet file. */
	readonly file: string;
	readonly spec: RotationSpec;
	readonly folder: JournalFolder;
	readonly stamp: () => Stamp;
	/** The provider's clock minus ours, once it was asked; records carry the provider's time. */
	readonly clock: { offsetMs: number };
}

/** The folder in the state folder in which the journal of a rotation of this name is, if its block names no other. */
export async function journalPath(fx: Pick<Effects, "machine" | "environment">, name: string): Promise<string> {
	const { os, home } = await fx.machine();
	const { XDG_STATE_HOME: state, LOCALAPPDATA } = fx.environment;
	const local = os === "windows" ? LOCALAPPDATA : undefined;
	return join(state?.startsWith("/") ? state : (local ?? join(home, ".local/state")), "crossfade/rotations", name);
}

/** The folder of a rotation's journal: the one of its block, or one in the state folder. */
export async function openPlace(
	fx: Effects,
	{ fleet, file, spec }: { readonly fleet: Fleet; readonly file: string; readonly spec: RotationSpec },
): Promise<RotationPlace> {
	const machine = await fx.machine();
	const { USER, LOGNAME, USERNAME } = fx.environment;
	const folder =
		typeof spec.journal === "object"
			? await (await import("./store-journal.ts")).openStoreJournal(fx, spec.journal, spec.name)
			: await fx.files.openJournal(spec.journal ?? (await journalPath(fx, spec.name)));
	if (spec.host !== undefined && spec.host !== machine.hostname) {
		throw new CrossfadeError("refused", {
			what: "this rotation runs on another machine",
			expected: spec.host,
			got: machine.hostname,
			fix: "run it there, or change host: in its block when it is not under way",
		});
	}
	const by = USER || LOGNAME || USERNAME || `uid ${machine.uid}`;
	const clock = { offsetMs: 0 };
	const stamp = () => ({
		at: fx.clock.now() + clock.offsetMs,
		...(clock.offsetMs === 0 ? {} : { ahead: clock.offsetMs }),
		by,
		host: machine.hostname,
	});
	return { fx, fleet, file, spec, folder, stamp, clock };
}

/** Locks the rotation. Throws `CrossfadeError` (refused) if another process has it. */
export async function lockPlace({ folder }: RotationPlace): Promise<Claim> {
	const claim = await folder.claim();
	if (claim) return claim;
	throw new CrossfadeError("refused", {
		what: "another crossfade works on this rotation now",
		where: { file: folder.path },
		fix: `wait for it, then run the command again; one that was killed is taken over after ${duration(folder.leaseMs)}`,
	});
}

/** The newest operation's journal, to look at: nothing is changed, as another process may be about to begin the next one. */
export async function journalOf({ folder, stamp, file, spec }: RotationPlace): Promise<Journal | undefined> {
	return newestJournal(folder, stamp, { rotation: spec.name, fleet: file, fleetFile: spec.fleetFile });
}

/**
 * The same with the lock, which alone may destroy the keys that nothing needs any more. `moved` is why a person says that it is elsewhere now;
 * without that a copy is refused, as two machines would work on one rotation.
 */
export async function heldJournalOf(place: RotationPlace, moved?: string): Promise<Journal | undefined> {
	const { folder, stamp, file, spec } = place;
	const fleet = moved === undefined ? file : undefined;
	const journal = await newestJournal(folder, stamp, { rotation: spec.name, fleet });
	if (!journal) return undefined;
	if (moved !== undefined) await journal.append({ is: "word", about: "moved", subject: file, because: moved });
	else if (journal.copyOf !== undefined) throw copied(place, journal.copyOf);
	const state = stateOfJournal(journal.records);
	const { closed } = state;
	// Only now it is proven that the provider accepts what it sealed, and does not need what another one has.
	if (isDone(state, "prepare")) await destroyOtherKeys(place.folder, journal.operation);
	// A machine that stopped between the last record and this one. Of a superseded one the next operation seals the token first.
	const isKept = closed?.how === "stranded" || closed?.how === "superseded";
	if (closed && !isKept && (await journal.key()) !== undefined) await journal.destroyKey();
	return journal;
}

/**
 * The newest operation; where it ended, or stands, before it had a new token or an answer with one: the one before it whose sealed token can
 * still be opened, if there is any. Undefined if there is none at all.
 */
export async function sealedJournalOf(place: RotationPlace): Promise<Journal | undefined> {
	const newest = await journalOf(place);
	if (!newest || hasToken(newest.records)) return newest;
	for (const records of (await allRecords(place.folder)).toReversed()) {
		const { operation } = stateOfJournal(records).opened;
		const journal = hasToken(records) ? await journalNamed(place.folder, operation, place.stamp) : undefined;
		if ((await journal?.key()) !== undefined) return journal;
	}
	return newest;
}

function hasToken(records: Journal["records"]): boolean {
	const isAnswer = records.some((each) => each.is === "sealed" && each.what === "answer");
	return isAnswer || stateOfJournal(records).fresh !== undefined;
}

function copied({ stamp, folder, spec }: RotationPlace, writer: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "this journal is a copy, or was moved or brought back: where it was written the rotation may go on",
		expected: `the one that was written on ${shown(writer)}`,
		got: `another file, on ${shown(stamp().host)}`,
		where: { file: folder.path },
		fix: `go on with it there; if nothing does that any more: ${rotateCommand(spec, "resume --moved --because REASON")}`,
	});
}

/**
 * A new operation; its id is a UUID of version 7, so that names of files are in the order of time. After a clock was set back it is still
 * after the operation before. https://www.rfc-editor.org/rfc/rfc9562
 */
export function newOperation({ clock, random }: Pick<Effects, "clock" | "random">, before?: string): string {
	const last = Number.parseInt((before ?? "").replace("-", "").slice(0, 12), 16) || 0;
	const time = Math.max(clock.now(), last + 1)
		.toString(16)
		.padStart(12, "0")
		.slice(-12);
	const hex = createHash("sha256").update(random.token()).digest("hex");
	const variant = "89ab".charAt(Number.parseInt(hex.charAt(3), 16) % 4);
	return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(8, 20)}`;
}

/**
 * The provider's id of a token, as the newest operation knows it that brought the token up or began with it: after one that went back that is
 * neither of its new token nor the one in the fleet file. Undefined if none knows it.
 */
export async function knownTokenId(place: RotationPlace, fingerprint: string): Promise<string | undefined> {
	const ids = (await allStates(place)).map(({ opened, old, fresh }) => {
		if (fresh?.fingerprint === fingerprint) return fresh.id;
		return old?.fingerprint === fingerprint ? opened.tokenId : undefined;
	});
	return ids.findLast((id) => id !== undefined);
}

/** Whether an earlier operation brought up this new token, and went back. */
export async function wentBackFrom(place: RotationPlace, fingerprint: string): Promise<boolean> {
	return (await allStates(place)).some(
		({ fresh, direction }) => direction === "back" && fresh?.fingerprint === fingerprint,
	);
}

/** Where each operation of the rotation stands, the oldest first. */
async function allStates({ folder }: RotationPlace): Promise<readonly RotationState[]> {
	return (await allRecords(folder)).map((records) => stateOfJournal(records));
}

const MACHINE_KEY = "This machine's age key";

/** Starts an operation: its own identity, sealed for this machine and the break-glass recipients, and the first record. */
export async function beginOperation(place: RotationPlace, opened: Opened): Promise<Journal> {
	const { fx, spec, folder, stamp } = place;
	const machine = await fx.readToken(spec.key, "secret", MACHINE_KEY);
	const own = await recipientOf(machine.reveal(), refText(spec.key));
	const { identity } = await newAgeKey();
	return startJournal(folder, opened, await wrapIdentity(identity, [own, ...spec.recipients]), stamp);
}

/** Clocks that differ by less agree: a Date header has whole seconds, and takes its time. */
const AGREE_MS = 3_000;

/** Asks for the provider's time; from then on records carry it. A provider that does not tell it has ours. */
export async function learnClock(place: RotationPlace): Promise<number> {
	const offset = (await providerClock(place.fx, place.spec)) ?? place.clock.offsetMs;
	place.clock.offsetMs = Math.abs(offset) < AGREE_MS ? 0 : offset;
	return place.clock.offsetMs;
}

const CLOSE = "close --stranded --because REASON";

/** The engine for an open operation. */
export async function openEngine(place: RotationPlace, journal: Journal): Promise<Engine> {
	const { fx, fleet, spec } = place;
	const { opened } = stateOfJournal(journal.records);
	refuseChanged(opened, spec);
	const wrapped = await journal.key();
	if (!wrapped) {
		throw new CrossfadeError("refused", {
			what: "the operation's sealed identity is gone, so its tokens cannot be opened",
			where: { file: place.folder.path },
			fix: `bring the folder back from a backup, or end it: ${rotateCommand(spec, CLOSE)}`,
		});
	}
	const key = await fx.readToken(spec.key, "secret", MACHINE_KEY);
	const identity = await unwrapIdentity(wrapped, key.reveal(), refText(spec.key));
	const recipient = await recipientOf(identity, refText(spec.key));
	return newEngine(fx, {
		fleet,
		spec,
		journal,
		sealer: sealer({ identity, recipient }),
		clockOffsetMs: await learnClock(place),
	});
}

function refuseChanged(opened: Opened, spec: RotationSpec): void {
	const changed = [
		["provider", opened.provider, spec.issuer.id],
		["strategy", opened.strategy, spec.strategy.id],
	].filter(([, before, now]) => before !== now);
	const [first] = changed;
	if (!first) return;
	throw new CrossfadeError("refused", {
		what: `the ${first[0]} of a rotation that is under way was changed`,
		expected: String(first[1]),
		got: String(first[2]),
		fix: `change it back, or end the operation first: ${rotateCommand(spec, CLOSE)}`,
	});
}
