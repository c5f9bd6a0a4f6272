import type { MdmSpec } from "../../../spec/mdm.ts";
import { secretName } from "../kit.ts";
import type { FoundFile, KitFinding, Wrong } from "./finding.ts";
import { powerShellTextProblems, type powerShellTextRules } from "./powershell.ts";

type TextRule = Exclude<keyof typeof powerShellTextRules, "size">;

/** What a problem of the text is in a kit. The text is not quoted: a word in it can be a part of the token. */
const WORDS: Readonly<Record<TextRule, readonly [rule: KitFinding["rule"], what: string]>> = {
	bom: ["encoding", "begins with a byte order mark"],
	ascii: ["encoding", "has a byte that is not ASCII: Windows PowerShell 5.1 reads it by the code page of the machine"],
	control: ["encoding", "has a control character"],
	crlf: ["line-ends", "does not end with CR and LF"],
	trigger: [
		"logged",
		"has a word that makes PowerShell write the script, and a token in it, to the event log although logging is off",
	],
};

/** The kit's scripts in PowerShell: those without the token, and their copies with it. */
export function powerShellNames({ vehicle, mode }: MdmSpec): string[] {
	return vehicle.kit.scripts
		.filter(({ body }) => body === "ps1")
		.flatMap(({ path, action }) => (mode === "embedded" && action === "install" ? [path, secretName(path)] : [path]));
}

/** What is wrong with the bytes of a kit's PowerShell scripts, by line. No PowerShell is needed for it. */
export function powerShellFiles(
	spec: MdmSpec,
	files: ReadonlyMap<string, FoundFile>,
	about: (file: string) => Wrong,
): void {
	for (const path of powerShellNames(spec)) {
		const bytes = files.get(path)?.bytes;
		for (const { rule, line } of bytes ? powerShellTextProblems(bytes, { crlf: true }) : []) {
			const [kitRule, what] = WORDS[rule as TextRule];
			about(path)(kitRule, `line ${line} ${what}`, "generate the folder again with crossfade mdm, and do not edit it");
		}
	}
}
