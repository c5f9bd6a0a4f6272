import announce from "../../../templates/sh/endpoint/announce.sh";
import answer from "../../../templates/sh/endpoint/answer.sh";
import ask from "../../../templates/sh/endpoint/ask.sh";
import change from "../../../templates/sh/endpoint/change.sh";
import compact from "../../../templates/sh/endpoint/compact.sh.hbs";
import compare from "../../../templates/sh/endpoint/compare.sh";
import daemon from "../../../templates/sh/endpoint/daemon.sh.hbs";
import diverted from "../../../templates/sh/endpoint/diverted.sh";
import drop from "../../../templates/sh/endpoint/drop.sh";
import enter from "../../../templates/sh/endpoint/enter.sh";
import fetchToken from "../../../templates/sh/endpoint/fetch.sh";
import files from "../../../templates/sh/endpoint/files.sh";
import header from "../../../templates/sh/endpoint/header.sh.hbs";
import held from "../../../templates/sh/endpoint/held.sh";
import identity from "../../../templates/sh/endpoint/identity.sh";
import inUse from "../../../templates/sh/endpoint/in-use.sh";
import layers from "../../../templates/sh/endpoint/layers.sh";
import machine from "../../../templates/sh/endpoint/machine.sh.hbs";
import main from "../../../templates/sh/endpoint/main.sh.hbs";
import names from "../../../templates/sh/endpoint/names.sh.hbs";
import oldSum from "../../../templates/sh/endpoint/old-sum.sh";
import open from "../../../templates/sh/endpoint/open.sh";
import options from "../../../templates/sh/endpoint/options.sh.hbs";
import overruled from "../../../templates/sh/endpoint/overruled.sh";
import peek from "../../../templates/sh/endpoint/peek.sh";
import peopleLinux from "../../../templates/sh/endpoint/people-linux.sh";
import peopleMacos from "../../../templates/sh/endpoint/people-macos.sh";
import readLine from "../../../templates/sh/endpoint/read-line.sh";
import removeHeader from "../../../templates/sh/endpoint/remove-header.sh";
import restore from "../../../templates/sh/endpoint/restore.sh";
import rivals from "../../../templates/sh/endpoint/rivals.sh.hbs";
import row from "../../../templates/sh/endpoint/row.sh";
import runAs from "../../../templates/sh/endpoint/run-as.sh";
import say from "../../../templates/sh/endpoint/say.sh";
import seen from "../../../templates/sh/endpoint/seen.sh";
import selfTest from "../../../templates/sh/endpoint/self-test.sh";
import token from "../../../templates/sh/endpoint/token.sh";
import url from "../../../templates/sh/endpoint/url.sh";
import whyNot from "../../../templates/sh/endpoint/why-not.sh.hbs";
import words from "../../../templates/sh/endpoint/words.sh.hbs";
import work from "../../../templates/sh/endpoint/work.sh.hbs";
import write from "../../../templates/sh/endpoint/write.sh";
import alone from "../../../templates/sh/owner/alone.sh";
import backup from "../../../templates/sh/owner/backup.sh";
import besideProgram from "../../../templates/sh/owner/beside.sh";
import elsewhere from "../../../templates/sh/owner/elsewhere.sh";
import environ from "../../../templates/sh/owner/environ.sh";
import glance from "../../../templates/sh/owner/glance.sh";
import look from "../../../templates/sh/owner/look.sh";
import namesProgram from "../../../templates/sh/owner/names.sh";
import peekProgram from "../../../templates/sh/owner/peek.sh";
import read from "../../../templates/sh/owner/read.sh";
import remove from "../../../templates/sh/owner/remove.sh";
import replace from "../../../templates/sh/owner/replace.sh";
import restart from "../../../templates/sh/owner/restart.sh";
import state from "../../../templates/sh/owner/state.sh";
import tidy from "../../../templates/sh/owner/tidy.sh";
import fingerprint from "../../../templates/sh/shared/fingerprint.sh";
import hidden from "../../../templates/sh/shared/hidden.sh";
import lock from "../../../templates/sh/shared/lock.sh";
import put from "../../../templates/sh/shared/put.sh";
import checkToken from "../../../templates/sh/shared/token.sh";
import type { Os } from "../../adapters/clis/cli.ts";
import type { Action } from "../../adapters/vehicles/mode.ts";
import type { EditorMode } from "./editor.ts";
import { renderTemplate, type View } from "./template.ts";

/** What decides which parts a file has. */
export interface FileFacts {
	/** What the file can do. */
	readonly actions: readonly Action[];
	readonly os: readonly Os[];
	/** It writes whole files of the machine and edits none. */
	readonly isCompact: boolean;
	/** It talks to a person. */
	readonly says: boolean;
	/** One of its CLIs can take the token from a program. */
	readonly hasHeader: boolean;
	/** One of its CLIs has processes that outlive a session. */
	readonly hasDaemon: boolean;
	/** The vehicle's lines that get the token. */
	readonly tokenLines: readonly string[];
}

/** When a part is in a file: for one of the actions, and where all else that is named here holds. */
interface Use {
	readonly for: readonly Action[];
	/** Only in files that edit, or only in those that write whole files. */
	readonly in?: "editing" | "compact";
	readonly if?: (facts: FileFacts) => boolean;
}

interface Part extends Use {
	/** The heading above it; parts with the same one stand together. */
	readonly section: string;
	/** Plain text, or a precompiled template. */
	readonly text: unknown;
}

const all: readonly Action[] = ["install", "report", "uninstall"];
const setting: readonly Action[] = ["install", "report"];
const changing: readonly Action[] = ["install", "uninstall"];

const calls =
	(name: string) =>
	({ tokenLines }: FileFacts) =>
		tokenLines.some((line) => new RegExp(`\\b${name}\\b`).test(line));

/** A file that cannot change anything needs no undo record; a compact one tells from it whose a file is. */
const isReport = ({ actions }: FileFacts) => !actions.some((action) => changing.includes(action));
const needsNoRecord = (facts: FileFacts) => !facts.isCompact && isReport(facts);
const needsRecord = (facts: FileFacts) => !needsNoRecord(facts);

/** A compact uninstall removes files and changes none. */
const replaces = ({ actions, isCompact }: FileFacts) => !isCompact || actions.includes("install");

/** Every part of the shell program, in the order of the file. */
const parts: readonly Part[] = [
	{ section: "Output", text: put, for: all },
	{ section: "Output", text: words, for: all },
	{ section: "Output", text: say, for: changing, in: "editing" },
	{ section: "Output", text: fingerprint, for: setting },
	{ section: "Output", text: seen, for: setting },
	{ section: "Options", text: options, for: all },
	{ section: "Options", text: url, for: setting },
	{ section: "Token", text: readLine, for: ["install"], if: calls("read_line") },
	{ section: "Token", text: hidden, for: ["install"], if: calls("ask") },
	{ section: "Token", text: ask, for: ["install"], if: calls("ask") },
	{ section: "Token", text: checkToken, for: ["install"] },
	{ section: "Token", text: token, for: ["install"] },
	{ section: "Machine: its system, people and CLIs", text: machine, for: all },
	{
		section: "Machine: its system, people and CLIs",
		text: peopleMacos,
		for: all,
		if: ({ os }) => os.includes("macos"),
	},
	{
		section: "Machine: its system, people and CLIs",
		text: peopleLinux,
		for: all,
		if: ({ os }) => os.includes("linux"),
	},
	{ section: "Machine: its system, people and CLIs", text: identity, for: setting },
	{ section: "Machine: its system, people and CLIs", text: layers, for: all, in: "editing" },
	{ section: "Lock and working folder", text: held, for: all },
	{ section: "Lock and working folder", text: lock, for: all },
	{ section: "Lock and working folder", text: enter, for: all },
	{ section: "Files", text: runAs, for: all },
	{ section: "Files", text: answer, for: all },
	{ section: "Files", text: fetchToken, for: all, if: needsRecord },
	{ section: "Files", text: peek, for: ["report"], if: needsNoRecord },
	{ section: "Files", text: whyNot, for: all },
	{ section: "Files", text: overruled, for: setting },
	{ section: "Files", text: diverted, for: setting, in: "editing" },
	{ section: "Files", text: files, for: all, in: "editing" },
	{ section: "Files", text: row, for: setting },
	{ section: "Files", text: drop, for: setting, in: "editing" },
	{ section: "Files", text: rivals, for: setting, in: "editing" },
	{ section: "Files", text: names, for: ["report"], in: "compact" },
	{ section: "Files", text: oldSum, for: changing },
	{ section: "Files", text: write, for: changing, if: replaces },
	{ section: "Files", text: inUse, for: setting, in: "editing" },
	{ section: "Files", text: open, for: setting, in: "editing" },
	{ section: "Files", text: change, for: ["install"], in: "editing" },
	{ section: "Files", text: restore, for: changing, in: "editing" },
	{ section: "Files", text: compare, for: ["report"], in: "editing" },
	{ section: "Files", text: header, for: setting, in: "editing", if: ({ hasHeader }) => hasHeader },
	{ section: "Files", text: removeHeader, for: changing, in: "editing", if: ({ hasHeader }) => hasHeader },
	{ section: "Background processes", text: daemon, for: setting, if: ({ hasDaemon }) => hasDaemon },
	{ section: "The work", text: work, for: all, in: "editing" },
	{ section: "The work", text: compact, for: all, in: "compact" },
	{ section: "The work", text: selfTest, for: ["install"], in: "editing" },
	{ section: "What a person is told", text: announce, for: ["install"], if: ({ says }) => says },
	{ section: "Start", text: main, for: all },
];

/** The small programs that run as the owner of a file. */
const programs: readonly (Use & { readonly name: string; readonly text: string })[] = [
	{ name: "ALONE", text: alone, for: all },
	{ name: "LOOK", text: look, for: all },
	{ name: "READ", text: state + tidy + read, for: changing },
	{ name: "READ", text: state + read, for: ["report"], if: (facts) => isReport(facts) && needsRecord(facts) },
	{ name: "READ", text: state + peekProgram, for: ["report"], if: needsNoRecord },
	{ name: "BESIDE", text: besideProgram, for: setting, in: "editing" },
	{ name: "GLANCE", text: glance, for: setting, in: "editing" },
	{ name: "NAMES", text: namesProgram, for: ["report"], in: "compact" },
	{ name: "REPLACE", text: replace, for: changing, if: replaces },
	{ name: "BACKUP", text: backup, for: ["install"], in: "editing" },
	{ name: "REMOVE", text: remove, for: changing },
	{ name: "ELSEWHERE", text: elsewhere, for: setting, in: "editing", if: ({ hasDaemon }) => hasDaemon },
	{ name: "ENVIRON", text: environ, for: setting, if: ({ hasDaemon }) => hasDaemon },
	{ name: "RESTART", text: restart, for: ["install"], in: "editing", if: ({ hasDaemon }) => hasDaemon },
];

/** What each action asks of the editor. */
const modes: Readonly<Record<Action, readonly EditorMode[]>> = {
	install: ["get", "set", "undo"],
	report: ["get", "same"],
	uninstall: ["undo"],
};

const isUsed = (use: Use, facts: FileFacts): boolean =>
	use.for.some((action) => facts.actions.includes(action)) &&
	(use.in === undefined || (use.in === "compact") === facts.isCompact) &&
	(use.if?.(facts) ?? true);

/** The shell functions of a file, each section below its heading. */
export function shellParts(facts: FileFacts, view: View): string {
	const used = parts.filter((part) => isUsed(part, facts));
	const texts = used.map(({ section, text }, index) => {
		const heading = section === used[index - 1]?.section ? "" : `# ---- ${section} ----\n\n`;
		return heading + (typeof text === "string" ? text : renderTemplate(text, view));
	});
	return texts.join("\n");
}

export function ownerPrograms(facts: FileFacts): { name: string; text: string }[] {
	return programs.filter((program) => isUsed(program, facts)).map(({ name, text }) => ({ name, text }));
}

export function editorModes(facts: FileFacts): readonly EditorMode[] {
	return [...new Set(facts.actions.flatMap((action) => modes[action]))];
}
