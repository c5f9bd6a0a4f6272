import announce from "../../../templates/ps1/endpoint/announce.ps1";
import argumentWords from "../../../templates/ps1/endpoint/arguments.ps1";
import change from "../../../templates/ps1/endpoint/change.ps1.hbs";
import compare from "../../../templates/ps1/endpoint/compare.ps1";
import enterRun from "../../../templates/ps1/endpoint/enter-run.ps1";
import identity from "../../../templates/ps1/endpoint/identity.ps1";
import inUse from "../../../templates/ps1/endpoint/in-use.ps1";
import lasting from "../../../templates/ps1/endpoint/lasting.ps1";
import layers from "../../../templates/ps1/endpoint/layers.ps1";
import look from "../../../templates/ps1/endpoint/look.ps1";
import machine from "../../../templates/ps1/endpoint/machine.ps1";
import main from "../../../templates/ps1/endpoint/main.ps1.hbs";
import native from "../../../templates/ps1/endpoint/native.ps1.hbs";
import onPath from "../../../templates/ps1/endpoint/on-path.ps1";
import open from "../../../templates/ps1/endpoint/open.ps1";
import options from "../../../templates/ps1/endpoint/options.ps1.hbs";
import overruled from "../../../templates/ps1/endpoint/overruled.ps1";
import people from "../../../templates/ps1/endpoint/people.ps1.hbs";
import plan from "../../../templates/ps1/endpoint/plan.ps1";
import problems from "../../../templates/ps1/endpoint/problems.ps1";
import readTarget from "../../../templates/ps1/endpoint/read.ps1.hbs";
import registry from "../../../templates/ps1/endpoint/registry.ps1";
import restore from "../../../templates/ps1/endpoint/restore.ps1.hbs";
import rivals from "../../../templates/ps1/endpoint/rivals.ps1";
import say from "../../../templates/ps1/endpoint/say.ps1";
import selfTest from "../../../templates/ps1/endpoint/self-test.ps1";
import token from "../../../templates/ps1/endpoint/token.ps1";
import tokenFile from "../../../templates/ps1/endpoint/token-file.ps1";
import tokenInput from "../../../templates/ps1/endpoint/token-input.ps1";
import url from "../../../templates/ps1/endpoint/url.ps1";
import whyNot from "../../../templates/ps1/endpoint/why-not.ps1";
import words from "../../../templates/ps1/endpoint/words.ps1.hbs";
import work from "../../../templates/ps1/endpoint/work.ps1.hbs";
import access from "../../../templates/ps1/shared/access.ps1";
import busy from "../../../templates/ps1/shared/busy.ps1";
import errorCode from "../../../templates/ps1/shared/error-code.ps1";
import fingerprint from "../../../templates/ps1/shared/fingerprint.ps1";
import firstLine from "../../../templates/ps1/shared/first-line.ps1";
import lock from "../../../templates/ps1/shared/lock.ps1";
import output from "../../../templates/ps1/shared/output.ps1";
import program from "../../../templates/ps1/shared/program.ps1";
import read from "../../../templates/ps1/shared/read.ps1";
import rights from "../../../templates/ps1/shared/rights.ps1";
import self from "../../../templates/ps1/shared/self.ps1";
import tokenPrompt from "../../../templates/ps1/shared/token-prompt.ps1";
import tokenRules from "../../../templates/ps1/shared/token-rules.ps1";
import write from "../../../templates/ps1/shared/write.ps1";
import type { Action } from "../../adapters/vehicles/mode.ts";
import type { EditorMode } from "./editor.ts";
import { powerShellEditor } from "./editor-ps1.ts";
import { renderTemplate, type View } from "./template.ts";

/** What decides which parts a file has. */
interface PowerShellFacts {
	readonly actions: readonly Action[];
	/** The vehicle's lines that get the token. */
	readonly tokenLines: readonly string[];
	/** It is for a person, and may be run as text in their session. */
	readonly says: boolean;
	/** A CLI in it has a process that outlives sessions. */
	readonly hasLasting: boolean;
}

interface PowerShellPart {
	/** The heading above it; parts with the same one stand together. */
	readonly section: string;
	/** Plain text, or a precompiled template. */
	readonly text: unknown;
	readonly for: readonly Action[];
	readonly if?: (facts: PowerShellFacts) => boolean;
}

const all: readonly Action[] = ["install", "report", "uninstall"];
const setting: readonly Action[] = ["install", "report"];
const changing: readonly Action[] = ["install", "uninstall"];

const withLasting = ({ hasLasting }: PowerShellFacts) => hasLasting;
const toPerson = ({ says }: PowerShellFacts) => says;

const EDITOR = "Editor of JSON and TOML files";

/** What each action asks of the editor. */
const asks: Readonly<Record<Action, readonly EditorMode[]>> = {
	install: ["get", "set", "undo"],
	report: ["get", "same"],
	uninstall: ["undo"],
};

const calls =
	(...names: readonly string[]) =>
	({ tokenLines }: PowerShellFacts) =>
		tokenLines.some((line) => names.some((name) => line.includes(name)));

/** Every part of the script, in the order of the file. */
const parts: readonly PowerShellPart[] = [
	{ section: EDITOR, text: "", for: all },
	{ section: "Output", text: output, for: all },
	{ section: "Output", text: words, for: all },
	{ section: "Output", text: say, for: all, if: toPerson },
	{ section: "Output", text: fingerprint, for: setting },
	{ section: "Options", text: argumentWords, for: all, if: toPerson },
	{ section: "Options", text: options, for: all },
	{ section: "Options", text: url, for: setting },
	{ section: "Token", text: firstLine, for: ["install"], if: calls("Read-TokenInput", "Read-TokenFile") },
	{ section: "Token", text: tokenFile, for: ["install"], if: calls("Read-TokenFile") },
	{ section: "Token", text: tokenInput, for: ["install"], if: calls("Read-TokenInput") },
	{ section: "Token", text: tokenPrompt, for: ["install"], if: calls("Read-TokenPrompt") },
	{ section: "Token", text: tokenRules, for: ["install"] },
	{ section: "Token", text: token, for: ["install"] },
	{ section: "Machine: its system, people and CLIs", text: program, for: all },
	{ section: "Machine: its system, people and CLIs", text: native, for: all },
	{ section: "Machine: its system, people and CLIs", text: self, for: all },
	{ section: "Machine: its system, people and CLIs", text: machine, for: all },
	{ section: "Machine: its system, people and CLIs", text: registry, for: all },
	{ section: "Machine: its system, people and CLIs", text: people, for: all },
	{ section: "Machine: its system, people and CLIs", text: look, for: all },
	{ section: "Machine: its system, people and CLIs", text: onPath, for: all, if: toPerson },
	{ section: "Machine: its system, people and CLIs", text: layers, for: all },
	{ section: "Machine: its system, people and CLIs", text: identity, for: setting },
	{ section: "Lock", text: lock, for: all },
	{ section: "Lock", text: enterRun, for: all },
	{ section: "Lock", text: errorCode, for: all },
	{ section: "Files", text: rights, for: all },
	{ section: "Files", text: open, for: all },
	{ section: "Files", text: access, for: all },
	{ section: "Files", text: read, for: all },
	{ section: "Files", text: readTarget, for: all },
	{ section: "Files", text: busy, for: all },
	{ section: "Files", text: whyNot, for: all },
	{ section: "Files", text: overruled, for: setting },
	{ section: "Files", text: write, for: changing },
	{ section: "Files", text: plan, for: all },
	{ section: "Files", text: inUse, for: setting },
	{ section: "Files", text: problems, for: all },
	{ section: "Files", text: rivals, for: setting },
	{ section: "Files", text: change, for: ["install"] },
	{ section: "Files", text: restore, for: changing },
	{ section: "Files", text: compare, for: ["report"] },
	{ section: "Background processes", text: lasting, for: setting, if: withLasting },
	{ section: "The work", text: work, for: all },
	{ section: "The work", text: selfTest, for: ["install"] },
	{ section: "What a person is told", text: announce, for: ["install"], if: toPerson },
	{ section: "Start", text: main, for: all },
];

/** The functions of a file, each section below its heading. */
export function powerShellParts(facts: PowerShellFacts, view: View): string {
	const used = parts.filter(
		(part) => part.for.some((action) => facts.actions.includes(action)) && (part.if?.(facts) ?? true),
	);
	const texts = used.map(({ section, text }, index) => {
		const heading = section === used[index - 1]?.section ? "" : `# ---- ${section} ----\n\n`;
		if (section === EDITOR) {
			const editor = powerShellEditor([...new Set(facts.actions.flatMap((each) => asks[each]))]);
			// A variable of the script would be one of the session that runs this as text, and stay there with the token.
			return heading + (facts.says ? editor.replaceAll("$script:Ed", "$run.Editor") : editor);
		}
		return heading + (typeof text === "string" ? text : renderTemplate(text, view));
	});
	// Git checks out .ps1 with CRLF, or as they were written.
	return texts.join("\n").replaceAll("\r\n", "\n");
}
