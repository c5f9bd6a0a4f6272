/** What every guide for Windows says, whatever starts the script there. */

/** What nobody has seen on a real Windows. */
export const unseenOnWindows: readonly string[] = [
	"Real Windows and Windows PowerShell 5.1.",
	"Owners that SYSTEM gives to files it makes in a home, access lists after a replacement, and junctions that are made meanwhile: by documentation only.",
	"The background process of Codex: that it is in the Windows program of 0.171.0 is read from its text and from Codex's source, and how it is found is by documentation.",
	"Where scoop, winget and nvm-windows put the CLIs, and each CLI's Windows paths: by documentation and source.",
];

/** What surprises on Windows. */
export const trapsOfWindows: readonly string[] = [
	"CLIs inside WSL are not looked at: `wsl=N` in the line counts accounts that have a Linux there.",
	"The variables CLAUDE_CONFIG_DIR, CODEX_HOME, GEMINI_CLI_HOME and QWEN_HOME of an account that is signed in are seen, and its file is then refused; those of one that is signed out are not seen.",
	"A file that another program has open for itself is left as it is and reported as an error; the next run tries again.",
	"The options helper and restart are not there, and end with code 2: Claude Code's header program is one for sh, and SYSTEM cannot act as another account. A background process of Codex with the old token (`codex:stale`) ends when its account signs out or the machine restarts; its owner can also run `codex app-server daemon restart`. Stored variables that go before its file make it stale, too; those of the console that started it are not seen.",
	"A policy that restricts PowerShell (ConstrainedLanguage) keeps the script from working: it exits 13 and says so.",
	"A script that began in a 32-bit PowerShell goes on in the 64-bit one by itself, if it is a file; as pasted text it exits 13 and says so.",
	"If the script is signed, editing or filling it breaks the signature: it is for unsigned use.",
];

/** Who sees a token in a script's own text. */
export const seenInText: readonly (readonly [place: string, who: string])[] = [
	[
		"event log of PowerShell",
		"nobody, unless a policy logs every script block; then administrators, and wherever the log is collected",
	],
	["security products that get script contents by AMSI", "whoever may read what they keep"],
];

/** The command that runs a script as an administrator would, in Command Prompt: PowerShell has no `<`. */
export function run(script: string, options = ""): string {
	return `powershell -NoProfile -ExecutionPolicy RemoteSigned -File ${script}${options}`;
}
