import { join } from "node:path";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import type { Folder } from "../../effects/files/folder.ts";
import type { CorruptEvidence } from "./file.ts";

export function tooMany({ path }: Folder, most: number): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "too many programs write evidence with the same name",
		expected: `fewer than ${most}`,
		where: { file: path },
		fix: "remove the *.lock files of programs that no longer run",
	});
}

export function corrupt({ path }: Folder, name: string, error: CorruptEvidence): Problem {
	return {
		what: "unreadable evidence, which does not count",
		got: error.message,
		where: { file: join(path, name) },
		fix: "restart its writer, which sets the file aside; remove the file if that program no longer runs",
	};
}

export function fromElsewhere({ path }: Folder, name: string): Problem {
	return {
		what: "this evidence was written in another folder; what it replaced here is unknown",
		where: { file: join(path, name) },
		fix: "read it in its own folder; remove it here, and continue watching",
	};
}

export function setAside({ path }: Folder, name: string): Problem {
	return {
		what: "unreadable evidence was set aside, and does not count",
		where: { file: join(path, name) },
		fix: "restore it, or remove it if it is no longer needed",
	};
}

export function notAFile({ path }: Folder, name: string): Problem {
	return {
		what: "evidence that is no file of ours: a link, a pipe or a folder is in its place, and is not read",
		where: { file: `${path}/${name}` },
		fix: "put the file back, or remove what is in its place",
	};
}

export function noFolder({ path }: Folder): Problem {
	return {
		what: "no evidence folder yet",
		where: { file: path },
		fix: "check the path, or start crossfade tap or probe with it",
	};
}

export function cannotWrite(file: string, error: unknown): Problem {
	const known = error instanceof CrossfadeError ? error.problems[0] : undefined;
	return {
		what: "cannot write evidence; it is kept in memory, and retried",
		got: known?.got ?? (error as Error).message,
		where: { file },
		fix: known?.fix ?? "check the folder",
	};
}

export function takenOver(file: string): CrossfadeError {
	return new CrossfadeError("io", {
		what: "another process has taken over this evidence",
		got: "this process was suspended for a minute or longer",
		where: { file },
		fix: "start this process again",
	});
}
