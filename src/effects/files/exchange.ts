import { lstatSync, type Stats } from "node:fs";
import { ownEntry } from "../../base/lookup.ts";
import { runTool } from "./programs.ts";
import { system } from "./system.ts";

/** Number of Linux's call renameat2, by Node's name of the processor: include/uapi/asm-generic/unistd.h and arch/x86/entry/syscalls. */
const RENAMEAT2: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };

/** -100 is AT_FDCWD, 2 is RENAME_EXCHANGE. The names go through a pattern because Perl does not use them as they came where root acts as another account. */
const PERL =
	"my ($call, $one, $other) = map { /(.*)/s } @ARGV; exit(syscall($call + 0, -100, $one, -100, $other, 2) == 0 ? 0 : 1)";

/**
 * Exchanges the names of two files in one step, so that no moment has either without a file; false where this system or file system cannot,
 * and both are as they were. Node has no call for it: GNU's mv has an option since 9.5, and Perl, which every Debian has, makes the call.
 * https://www.gnu.org/software/coreutils/manual/html_node/mv-invocation.html https://man7.org/linux/man-pages/man2/rename.2.html
 */
export function exchangeNames(one: string, other: string): boolean {
	if (system !== "linux") return false;
	const ours = lstatSync(one);
	if (attempt("mv", ["--exchange", "--no-target-directory", "--", one, other], other, ours)) return true;
	const call = ownEntry(RENAMEAT2, process.arch);
	return call !== undefined && attempt("perl", ["-e", PERL, "--", `${call}`, one, other], other, ours);
}

/** Whether the name has the file afterwards: a program that is ended for its time may have done it. */
function attempt(program: string, args: readonly string[], name: string, { dev, ino }: Stats): boolean {
	runTool(program, args);
	const is = lstatSync(name, { throwIfNoEntry: false });
	return is?.dev === dev && is.ino === ino;
}
