import { readFileSync } from "node:fs";
import type { SourceMap } from "node:module";
import { shownName } from "../../base/mask.ts";
import { version } from "../../base/version.ts";
import { redact } from "../../token/guard.ts";
import { system } from "../files/system.ts";

const MAX_CAUSES = 5;

/**
 * What a person should send us of an error that nobody expected: which release on what system, and where in our sources. Nothing is loaded
 * for it before it happens. Messages of errors can quote anything: what could be a token is not shown.
 */
export function crashText(error: unknown): string {
	const { release } = process.getBuiltinModule("node:os");
	const on = `${system} ${release()} ${process.arch}`;
	return `crossfade ${version}, Node ${process.versions.node}, ${on}\n${errorLines(error).join("\n")}\n`;
}

function errorLines(error: unknown, causes = 0): string[] {
	if (!(error instanceof Error)) return [messageText(String(error))];
	const { name, message, stack = "", cause } = error;
	const code = (error as NodeJS.ErrnoException).code;
	const frames = stack.split("\n").filter((line) => FRAME.test(line));
	return [
		`${name}${typeof code === "string" ? ` [${code}]` : ""}: ${messageText(message)}`,
		...frames.map(inSources),
		...(cause === undefined || causes === MAX_CAUSES ? [] : ["caused by", ...errorLines(cause, causes + 1)]),
	];
}

function messageText(message: string): string {
	return redact(message)
		.split("\n")
		.map((line) => shownName(line))
		.join("\n");
}

/** `    at name (/path/file.cjs:1:333)`, and without a name. https://v8.dev/docs/stack-trace-api#appendix%3A-stack-trace-format */
const FRAME = /^\s+at (?:.*\()?(.+):(\d+):(\d+)\)?$/;

/** A line of a stack as it is in our sources, or as it is where there is no map. */
function inSources(frame: string): string {
	const [, file = "", line, column] = FRAME.exec(frame) ?? [];
	const entry = sourceMap(file)?.findEntry(Number(line) - 1, Number(column) - 1);
	if (!entry || !("originalSource" in entry)) return frame;
	return `    at ${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

const maps = new Map<string, SourceMap | undefined>();

/** The map that lies beside a file of this program. */
function sourceMap(file: string): SourceMap | undefined {
	if (!maps.has(file)) {
		try {
			const { SourceMap } = process.getBuiltinModule("node:module");
			maps.set(file, new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8"))));
		} catch {
			maps.set(file, undefined);
		}
	}
	return maps.get(file);
}
