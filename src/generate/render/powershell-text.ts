import { triggerWords } from "../../base/trigger-words.ts";

/**
 * A text as Windows PowerShell reads it: ASCII, and without a word that makes PowerShell log it; throws a `TypeError` for any other. Git
 * checks out .ps1 with CRLF, or as they were written: what comes back has CRLF throughout.
 */
export function powerShellText(text: string): string {
	const plain = text.replaceAll("\r\n", "\n");
	const [odd] = plain.match(/[^\n\t -~]/) ?? [];
	if (odd !== undefined) throw new TypeError(`a script in PowerShell is ASCII, without ${JSON.stringify(odd)}`);
	const [word] = triggerWords(plain);
	if (word !== undefined) throw new TypeError(`PowerShell logs a script with the word ${word}`);
	return plain.replaceAll("\n", "\r\n");
}
