import type { StoreRecord, StoreTrouble } from "../adapters/stores/store.ts";
import { CrossfadeError } from "../base/errors.ts";
import { holdsSecret } from "../token/guard.ts";

/** The text that keeps a journal in a store: its files, and who works with them. */
export interface JournalDocument {
	readonly crossfade: "journal";
	readonly format: 1;
	readonly rotation: string;
	readonly lease?: { readonly holder: string; readonly until: number } | undefined;
	/** By name, in base64. */
	readonly files: JournalFiles;
}

export type JournalFiles = Readonly<Record<string, string>>;

/** Pauses between attempts to write, in milliseconds; the rotation does nothing meanwhile. */
const PAUSES_MS = [500, 2_000, 8_000];

/** The document as it was last read or written. Every failure is a `CrossfadeError`: "refused" if somebody else changed it, "io" otherwise. */
export class HeldDocument {
	readonly #record: StoreRecord;
	readonly #rotation: string;
	readonly #sleep: (ms: number) => Promise<void>;
	#known:
		| { readonly document: JournalDocument; readonly text: string | undefined; readonly version: string }
		| undefined;

	constructor(record: StoreRecord, rotation: string, sleep: (ms: number) => Promise<void>) {
		this.#record = record;
		this.#rotation = rotation;
		this.#sleep = sleep;
	}

	/** As it is known; read if it never was. */
	async known(): Promise<JournalDocument> {
		return this.#known?.document ?? this.read();
	}

	async read(): Promise<JournalDocument> {
		const found = await this.#record.read();
		if ("why" in found) throw this.#unreachable(found);
		const document = this.#documentOf(found.text);
		this.#known = { ...found, document };
		return document;
	}

	/** Writes it, only in the place of what is known; again where that failed and nothing changed. */
	async put(document: JournalDocument): Promise<void> {
		const text = JSON.stringify(document);
		if (holdsSecret(text)) throw new Error(`a token was about to be written to ${this.#record.place}`);
		if (!this.#known) await this.read();
		let trouble: StoreTrouble | undefined;
		for (const pause of [0, ...PAUSES_MS]) {
			if (pause > 0) await this.#sleep(pause);
			const done = await this.#record.write(text, this.#known?.version ?? "");
			if (done !== "stale" && !("why" in done)) {
				this.#known = { document, text, version: done.version };
				return;
			}
			// Whether an earlier attempt arrived shows in what is there.
			const now = await this.#record.read();
			if ("why" in now) {
				trouble = now;
				continue;
			}
			if (now.text === text) {
				this.#known = { document, text, version: now.version };
				return;
			}
			if (done === "stale" || now.text !== this.#known?.text) throw writtenMeanwhile(this.#record.place);
			trouble = done;
		}
		throw this.#unreachable(trouble);
	}

	#unreachable(trouble: StoreTrouble | undefined): CrossfadeError {
		return new CrossfadeError("io", {
			what: "the journal cannot be read or written, so nothing more is done",
			got: trouble?.why ?? "no answer",
			where: { file: this.#record.place },
			fix: `${trouble?.nextStep ?? "look into the store"}; then run the command again`,
		});
	}

	#documentOf(text: string | undefined): JournalDocument {
		const rotation = this.#rotation;
		if (text === undefined) return { crossfade: "journal", format: 1, rotation, files: {} };
		const found = parsed(text);
		const fail = (what: string, fix: string) =>
			new CrossfadeError("refused", { what, where: { file: this.#record.place }, fix });
		if (found?.crossfade !== "journal" || !isTable(found.files))
			throw fail("this is not a journal of crossfade", "find out what it is, and name another store with journal:");
		if (found.format !== 1) throw fail("the journal is of a newer version of crossfade", "run it with that version");
		if (found.rotation !== rotation)
			throw fail("the journal is of another rotation", "give each rotation a store of its own for its journal");
		return found;
	}
}

export function writtenMeanwhile(place: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "another crossfade has written this journal meanwhile, so nothing more is done here",
		where: { file: place },
		fix: "see in the log of the rotation what that one did",
	});
}

function parsed(text: string): JournalDocument | undefined {
	try {
		return JSON.parse(text) as JournalDocument;
	} catch {
		return undefined;
	}
}

function isTable(value: unknown): boolean {
	return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string");
}
