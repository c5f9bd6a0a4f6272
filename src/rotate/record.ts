/** Records of a rotation's journal. None holds a token: secrets are in `sealed` records, encrypted. Times are milliseconds since the epoch. */
export type JournalRecord = Stamp & JournalEntry;

/** Who wrote a record, when and where. */
export interface Stamp {
	/** By the provider's clock, as far as it was known. */
	readonly at: number;
	/** The provider's clock minus ours, in milliseconds; absent if they agree. */
	readonly ahead?: number;
	readonly by: string;
	readonly host: string;
	/** Which file the journal was then: in a copy it is another. */
	readonly place?: string;
}

export type JournalEntry =
	| Opened
	| Sealed
	/** A step is about to have an effect. */
	| { readonly is: "begun"; readonly step: string; readonly note?: string }
	/** It had it, or certainly not, or nobody knows. */
	| {
			readonly is: "ended";
			readonly step: string;
			readonly how: Ending;
			readonly note?: string;
			readonly facts?: Facts;
	  }
	/** The new token is sealed and known by its fingerprint. */
	| ({ readonly is: "captured" } & Captured)
	/** What a person said or asked for: a reason, a confirmation, a direction. */
	| {
			readonly is: "word";
			readonly about: Word;
			readonly subject?: string;
			readonly because?: string;
			readonly until?: number;
	  }
	/** A notice that is about to be sent, or that did not arrive. */
	| {
			readonly is: "notice";
			/** Receiver and event: the same pair is sent once. */
			readonly key: string;
			readonly event: string;
			readonly how: "begun" | "no";
			readonly note?: string;
	  }
	| {
			readonly is: "closed";
			readonly how: "done" | "rolled back" | "stranded" | "superseded";
			readonly left: readonly string[];
	  };

/** `done`: it had its effect; `no`: it had none, and that is known; `unknown`: nobody knows; `wait`: not yet. */
export type Ending = "done" | "no" | "unknown" | "wait";

export type Word =
	| "confirmed"
	| "written"
	| "ended"
	| "lost"
	| "removed"
	| "despite"
	| "retire"
	/** A later look said no: what was allowed is not any more. */
	| "withdrawn"
	| "rollback"
	| "forward"
	| "reopen"
	| "identity"
	/** The journal, or its fleet file, is elsewhere now, and nothing goes on where it was; the subject is the fleet file. */
	| "moved";

export type Facts = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

/** The first record. */
export interface Opened {
	readonly is: "opened";
	readonly format: 1;
	readonly operation: string;
	readonly rotation: string;
	readonly provider: string;
	readonly strategy: string;
	/** The fleet file, absolute: a journal of another one is refused, unless a person said that it moved. */
	readonly fleet: string;
	readonly tokenId?: string | undefined;
	readonly isLeaked: boolean;
	/** A person already rotated: nothing is called or asked for. */
	readonly isAdopted: boolean;
	/** An earlier operation brought up the same new token, and went back to the old one. */
	readonly isAgain?: boolean;
	/** The operation before may have made a new token, and nobody said whether it did. */
	readonly mayExist?: boolean;
	/** Names of the stores, the canary first. */
	readonly stores: readonly string[];
	readonly supersedes?: string | undefined;
	/** The fingerprint that stores may hold besides that of the token in use: what a superseded operation left. */
	readonly alsoHeld?: string | undefined;
}

/** An encrypted secret. */
export interface Sealed {
	readonly is: "sealed";
	/** `answer` is the provider's answer, byte for byte, before anything read it. */
	readonly what: "old" | "new" | "answer";
	/** The text says operation, sequence and fingerprint too, and all are compared. */
	readonly sequence: number;
	/** Of the token; of an answer, of its bytes. */
	readonly fingerprint: string;
	/** An age file in base64. */
	readonly box: string;
	/** What a person said with a new token: the `captured` record that comes next, should the machine stop before it. */
	readonly captured?: Captured | undefined;
}

export interface Captured {
	readonly fingerprint: string;
	/** Its id at the provider, if it has one. */
	readonly id?: string | undefined;
	/** The public half of a pair, which is no secret. */
	readonly publicId?: string | undefined;
	/** The earliest moment at which it can have been issued. */
	readonly since: number;
	/** When the old token ends, if a clock ends it. */
	readonly deadline?: number | undefined;
	/** Where the deadline comes from, in words. */
	readonly source?: string | undefined;
	readonly facts?: Facts | undefined;
}
