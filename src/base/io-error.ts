import { CrossfadeError } from "./errors.ts";
import { ownEntry } from "./lookup.ts";

/** System error codes in words, with the fix. */
const causes: Record<string, readonly [got: string, fix: string]> = {
	EEXIST: ["it already exists", "choose another name, or move it"],
	EACCES: ["permission denied", "check the owner and mode of the file and its folder, or run as a user with access"],
	EPERM: ["the system refused this", "check the owner, and if the file is immutable (lsattr)"],
	EBUSY: ["another program uses it", "close the program that uses it, and try again"],
	EROFS: ["a read-only file system", "choose a writable folder"],
	ENOSPC: ["no space left on the device", "free some space and try again"],
	EDQUOT: ["disk quota exceeded", "free some space and try again"],
	ENOENT: ["no such file or folder", "check the path"],
	ENOTDIR: ["part of the path is not a folder", "check the path"],
	EISDIR: ["a folder", "name a file in it"],
	ELOOP: ["a symbolic link, which is not followed here", "name the file it points to"],
	EFBIG: ["far too large", "move it away; crossfade makes its own"],
	ERR_FS_FILE_TOO_LARGE: ["far too large", "move it away; crossfade makes its own"],
	EFTYPE: ["not a regular file", "move away what is there; crossfade makes its own"],
	EMFILE: ["too many open files", "raise the limit (ulimit -n)"],
	ENAMETOOLONG: ["a path that is too long", "choose a shorter one"],
};

/** The error for a failed system call on a file or stream. Nothing is left half-written. */
export function ioError(path: string, verb: string, error: unknown): CrossfadeError {
	const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
	const [got, fix] = ownEntry(causes, code) ?? [code, "look up the system's error code"];
	return new CrossfadeError("io", { what: `cannot ${verb} it`, got, where: { file: path }, fix }, { cause: error });
}
