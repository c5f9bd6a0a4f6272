import { spawnSync } from "node:child_process";
import { program } from "./parts.ts";

export const shellcheck = program("shellcheck");

/** What shellcheck has to say about scripts, each finding as `FILE:LINE SCnnnn message`; throws when it could not read them. */
export function shellcheckFindings(...paths: readonly string[]): readonly string[] {
	const { stdout, stderr, status } = spawnSync(shellcheck.path, ["--format=json1", ...paths], { encoding: "utf8" });
	if (status !== 0 && status !== 1) throw new Error(`shellcheck ended with ${status}: ${stderr}`);
	const { comments } = JSON.parse(stdout) as {
		comments: readonly { file: string; line: number; code: number; message: string }[];
	};
	return comments.map(({ file, line, code, message }) => `${file}:${line} SC${code} ${message}`);
}
