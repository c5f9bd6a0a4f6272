import type { Lab } from "./lab.ts";
import type { LabMachine } from "./machine.ts";
import type { FakeModel } from "./model.ts";

/** What tests know of a CLI, to run the real program: `test/adapters/clis/<id>.lab.ts`. */
export interface LabCli {
	/** What its packages in test/parts/clis begin with. */
	readonly part: string;
	/** The releases there: the newest, and where it is of interest one on the other side of a gate. */
	readonly releases: Readonly<Record<"newest", string> & Partial<Record<"old", string>>>;
	/** The file of the package that starts it. */
	entry(version: string): string;
	/** The Node that runs it; the one of the tests if not given. */
	readonly node?: number;
	/** How one prompt is given to it, so that it asks the model of the lab. May write to the machine what it needs for that. */
	start(at: { readonly machine: LabMachine; readonly model: FakeModel; readonly prompt: string }): Started;
	/** The user's file, and what a test writes into it. */
	readonly userFile: string;
	config(to: Destination): string;
	/** The user's file of somebody who has settings of their own. */
	readonly before: string;
	/** What it sends, sorted: as `config` has it, and as our script sets it. */
	readonly signals: readonly string[];
	/** Path and query of a signal: as `config` has it, and as our script sets it with the endpoint `/ingest`. */
	path(signal: string, token: string, version: string): string;
	scriptedPath(signal: string, token: string): string;
	readonly sendsHeader: boolean;
	/** The log event that says how much was used, and its attribute with the input tokens. */
	readonly usage: readonly [event: string, attribute: string];
	/** Where the text of the prompt shows although it is switched off. */
	promptShowsIn(version: string): readonly string[];
	/** Releases that read the machine's file that our script writes; the user's file is set for the others. */
	obeysSystem(version: string): boolean;
	/** Releases that our script leaves alone. */
	isLeftAlone(version: string): boolean;
	/** Signals in which our script makes it name its host. */
	readonly scriptedHostIn: readonly string[];
	/** Releases whose telemetry names its signal in the URL. */
	isOtlp(version: string): boolean;
	/** Signals in which it names its host by itself, and its release. */
	readonly hostIn: readonly string[];
	readonly versionIn: readonly string[];
	/** With these it runs a command without asking. */
	readonly toolArgs: readonly string[];
	/** Whether it says that its telemetry is refused. */
	readonly saysRefusal: boolean;
	/** Ways to set it up, of which `doctor` has to say what the program then does; the second ones with the newest release alone. */
	readonly setups: Readonly<Record<string, Write>>;
	readonly newestSetups: Readonly<Record<string, Write>>;
}

/** Arguments and environment of a run. */
export interface Started {
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
}

/** Where telemetry goes, and with what. */
export interface Destination {
	/** The base URL, without a signal's path. */
	readonly url: string;
	readonly token: string;
}

/** Writes a setup; gives the environment of the shell where that is a part of it. Tokens go by a letter. */
export type Write = (at: {
	readonly lab: Lab;
	to(name: string, path?: string): Destination;
	token(name: string): string;
}) => { readonly env: Readonly<Record<string, string>> } | unknown;
