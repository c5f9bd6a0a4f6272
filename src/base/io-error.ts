import { CrossfadeError } from "./errors.ts";

/** System error codes in words, with the next step. */
const causes: Record<string, readonly [got: string, fix: string]> = {
	EEXIST: ["it is there already", "choose another name, or move it away"],
	EACCES: ["permission denied", "check the owner and mode of the file and its folder, or run as the user who may"],
	EPERM: ["the system refused it", "check the owner, and whether the file is immutable (lsattr)"],
	EROFS: ["a read-only file system", "choose a place that can be written"],
	ENOSPC: ["no space left on the device", "free some space and run this again"],
	EDQUOT: ["the disk quota is used up", "free some space and run this again"],
	ENOENT: ["no such file or folder", "check the path"],
	ENOTDIR: ["a part of the path is not a folder", "check the path"],
	EISDIR: ["a folder", "name a file in it"],
	ELOOP: ["a symbolic link where none is followed", "name the file that it points to"],
	EMFILE: ["too many open files", "raise the limit (ulimit -n)"],
	ENAMETOOLONG: ["a path that is too long", "choose a shorter one"],
};

/** The error for a system call that failed on a file or stream. Nothing is half-written when it is thrown. */
export function ioError(path: string, verb: string, error: unknown): CrossfadeError {
	const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
	const [got, fix] = causes[code] ?? [code, "see the system's error code"];
	return new CrossfadeError("io", { what: `cannot ${verb} this`, got, where: { file: path }, fix }, { cause: error });
}
