import { CrossfadeError, type Problem } from "../../base/errors.ts";
import type { Folder } from "../../effects/files/folder.ts";
import type { CorruptEvidence } from "./file.ts";

export function tooMany({ path }: Folder, most: number): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "too many programs write evidence under one name",
		expected: `less than ${most}`,
		where: { file: path },
		fix: "remove the *.lock files of programs that do not run any more",
	});
}

export function corrupt({ path }: Folder, name: string, error: CorruptEvidence): Problem {
	return {
		what: "this evidence cannot be read and does not count",
		got: error.message,
		where: { file: `${path}/${name}` },
		fix: "its writer sets it aside when it starts next; remove it if that runs no more",
	};
}

export function fromElsewhere({ path }: Folder, name: string): Problem {
	return {
		what: "this evidence was written in another folder: what it replaced here is not known",
		where: { file: `${path}/${name}` },
		fix: "read it in its own folder; remove it here, and watch on from then",
	};
}

export function setAside({ path }: Folder, name: string): Problem {
	return {
		what: "evidence that could not be read was set aside, and does not count",
		where: { file: `${path}/${name}` },
		fix: "bring it back, or remove it if what it held does not matter any more",
	};
}

export function noFolder({ path }: Folder): Problem {
	return {
		what: "there is no evidence folder yet",
		where: { file: path },
		fix: "check the path, or start crossfade tap or probe with it",
	};
}

export function cannotWrite(file: string, error: unknown): Problem {
	const known = error instanceof CrossfadeError ? error.problems[0] : undefined;
	return {
		what: "evidence cannot be written; it is kept in memory, and tried again",
		got: known?.got ?? (error as Error).message,
		where: { file },
		fix: known?.fix ?? "see what is wrong with the folder",
	};
}

export function takenOver(file: string): CrossfadeError {
	return new CrossfadeError("io", {
		what: "another process has taken over this evidence",
		got: "this one was stopped for a minute or longer",
		where: { file },
		fix: "start this one again",
	});
}
