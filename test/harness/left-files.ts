import type { EndpointMachine } from "./endpoint.ts";

/** A settings file as an editor leaves it: whose it is, and where below a home. */
export type LeftFile<T> = readonly [what: string, cli: keyof EndpointMachine["files"], path: string, content: T];

const claudeFile = ".claude/settings.json";
const codexFile = ".codex/config.toml";
const geminiFile = ".gemini/settings.json";

const utf16 = (content: string) => Buffer.from(`\ufeff${content}`, "utf16le");
/** Files that a CLI, or our editor, cannot read. */
export const unreadable: readonly LeftFile<string | Uint8Array>[] = [
	["Claude Code reads no comment: the whole file would be off", "claude-code", claudeFile, '{"a": 1} // mine\n'],
	["Claude Code reads no trailing comma: the whole file would be off", "claude-code", claudeFile, '{"a": 1,}'],
	["Claude Code in UTF-16", "claude-code", claudeFile, utf16('{"a": 1}')],
	["Codex in UTF-16 would not start", "codex", codexFile, utf16("a = 1\n")],
	["Codex with a Windows path that is not escaped", "codex", codexFile, 'cwd = "C:\\Users\\me"\n'],
	["Codex with [otel] twice would not start", "codex", codexFile, '[otel]\nenvironment = "a"\n[otel]\nx = 1\n'],
	["Codex with otel.x and [otel] would not start", "codex", codexFile, 'otel.environment = "a"\n[otel]\nx = 1\n'],
	["Codex whose markers lost their # on Windows", "codex", codexFile, "a = 1\r\nBEGIN of somebody\r\n[otel]\r\n"],
	["Gemini CLI with a trailing comma would not start", "gemini", geminiFile, '{"a": 1, // mine\n}'],
	["Gemini CLI with a byte order mark would not start", "gemini", geminiFile, '\ufeff{"a": 1}'],
	["Gemini CLI in UTF-16 would not start", "gemini", geminiFile, utf16('{"a": 1}')],
];

/** Files that look odd and have to stay as they are. */
export const readable: readonly LeftFile<string>[] = [
	[
		"Claude Code with CRLF",
		"claude-code",
		claudeFile,
		'{\r\n  "model": "m",\r\n  "env": {\r\n    "A": "b"\r\n  }\r\n}\r\n',
	],
	["Codex with CRLF", "codex", codexFile, '# mine\r\nmodel = "m"\r\n\r\n[mcp_servers.a]\r\ncommand = "x"\r\n'],
	[
		"Gemini CLI with CRLF and comments",
		"gemini",
		geminiFile,
		'// mine\r\n{\r\n\t/* and */\r\n\t"a": 1 // too\r\n}\r\n',
	],
	[
		"Codex with escaped Windows paths",
		"codex",
		codexFile,
		"cwd = \"C:\\\\Users\\\\me\"\n[projects.'C:\\Users\\me']\na = 1\n",
	],
	["empty, Claude Code", "claude-code", claudeFile, ""],
	["empty, Codex", "codex", codexFile, ""],
	["empty, Gemini CLI", "gemini", geminiFile, ""],
];
